export { Database, openDatabase } from './database.js';
export { connectionOptions, dataSource, type DataSourceSpec } from './data-source.js';
export { isDatabaseUnavailable, isRetryable, violatedConstraint } from './faults.js';
export { migrateDatabase } from './migrate.js';
export { type Retention, retentions } from './retention.js';
export { ring } from './notify.js';
export { owners, type Room, type Table } from './owners.js';
export { empty, execute, ident, join, lit, lits, one, only, rows, sql, type Sql } from './sql.js';
export { Tx } from './tx.js';
