import { parse } from 'pg-connection-string';
import { DataSource, type MixedList } from 'typeorm';

/** The connection settings behind a postgres:// URL, unix sockets (`?host=/dir`) included. */
export function connectionOptions(url: string) {
  const parsed = parse(url);
  return {
    type: 'postgres' as const,
    host: parsed.host ?? 'localhost',
    port: parsed.port ? Number(parsed.port) : 5432,
    username: parsed.user,
    password: parsed.password,
    database: parsed.database ?? 'sluice',
    ssl: (parsed.ssl as boolean | object | undefined) ?? false,
  };
}

export interface DataSourceSpec {
  readonly url: string;
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** Milliseconds; 0 or absent is no limit, but for connecting: 10 s. */
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleTransactionTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly entities?: MixedList<string | (new () => object)>;
  readonly migrations?: MixedList<string | (new () => object)>;
}

/** A TypeORM data source on PostgreSQL. The schema comes from migrations, never from entities. */
export function dataSource(spec: DataSourceSpec): DataSource {
  const options = {
    ...connectionOptions(spec.url),
    applicationName: spec.applicationName ?? 'sluice',
    poolSize: spec.poolSize ?? 10,
    synchronize: false,
    logging: false,
    entities: spec.entities ?? [],
    migrations: spec.migrations ?? [],
    migrationsTableName: 'schema_migrations',
    installExtensions: false,
    // An idle connection that breaks is replaced by the pool; the next statement tells.
    poolErrorHandler: () => undefined,
    extra: {
      statement_timeout: spec.statementTimeoutMs ?? 0,
      lock_timeout: spec.lockTimeoutMs ?? 0,
      idle_in_transaction_session_timeout: spec.idleTransactionTimeoutMs ?? 0,
      connectionTimeoutMillis: spec.connectTimeoutMs ?? 10_000,
      keepAlive: true,
    },
  };
  return new DataSource(options);
}
