/**
 * The database: transactions, the sql tag, owners of tables, migrations at work; `embedded/` is
 * the PostgreSQL that comes along.
 */

export { AppendOnly, identity4, identity8, int8, letter } from './columns.js';
export { Database, openDatabase } from './database.js';
export { connectionOptions, dataSource, type DataSourceSpec } from './data-source.js';
export { isDatabaseUnavailable, isRetryable, violatedConstraint } from './faults.js';
export { isAmong } from './keys.js';
export { migrateDatabase } from './migrate.js';
export { dropExpired, makePartitions } from './partitions.js';
export { type Retention, retentions } from './retention.js';
export { ring } from './notify.js';
export { owners, type Room, type Table } from './owners.js';
export {
  empty,
  execute,
  ident,
  join,
  jsonLit,
  lit,
  lits,
  one,
  only,
  rows,
  prepared,
  sql,
  type Sql,
} from './sql.js';
export { Tx } from './tx.js';
