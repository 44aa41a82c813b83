import { setTimeout as pause } from 'node:timers/promises';
import pg, { type PoolClient } from 'pg';
import { type DataSource, type QueryRunner } from 'typeorm';
import { type Channel } from '../vocabulary/index.js';
import { connectionOptions, dataSource, type DataSourceSpec } from './data-source.js';
import { ConnectionLost, isDatabaseUnavailable, isRetryable } from './faults.js';
import { Tx } from './tx.js';

const ATTEMPTS = 6;

/** The catalogue's database: the only way to a Tx. */
export class Database {
  constructor(
    private readonly source: DataSource,
    private readonly url: string,
  ) {}

  /**
   * Runs `work` in one READ COMMITTED transaction. Serialization failures and deadlocks are retried
   * here and nowhere else, so `work` must have no effect outside the database.
   */
  async tx<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !isRetryable(error)) throw error;
        await pause(Math.random() * 20 * 2 ** attempt);
      }
    }
  }

  private async once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      try {
        const result = await work(new Tx(client, runner.manager));
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // A lost connection cannot roll back; the server did it already.
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
    } catch (error) {
      throw told(error, runner);
    } finally {
      await runner.release().catch(() => undefined);
    }
  }

  /** Runs reads on one connection with no transaction around them: each statement stands alone. */
  async read<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      return await work(new Tx(client, runner.manager));
    } catch (error) {
      throw told(error, runner);
    } finally {
      await runner.release().catch(() => undefined);
    }
  }

  /** Runs reads over one snapshot of everything; the database refuses whatever would write. */
  async snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return await this.tx(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return await work(tx);
    });
  }

  /**
   * Rings `onRing` whenever one of the channels is notified. The connection is this listener's own;
   * `onLost` is told once when it breaks, and the caller listens again.
   */
  async listen(
    channels: readonly Channel[],
    onRing: (channel: Channel) => void,
    onLost: (error: Error) => void,
  ): Promise<() => Promise<void>> {
    const { username, ...options } = connectionOptions(this.url);
    const client = new pg.Client({ ...options, user: username, application_name: 'sluice-listen' });
    let open = true;
    client.on('error', (error) => {
      if (open) onLost(error);
      open = false;
    });
    client.on('end', () => {
      if (open) onLost(new Error('the listening connection ended'));
      open = false;
    });
    client.on('notification', ({ channel }) => onRing(channel as Channel));
    await client.connect();
    for (const channel of channels) await client.query(`LISTEN ${channel}`);
    return async () => {
      open = false;
      await client.end().catch(() => undefined);
    };
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }
}

/**
 * A runner that is released while we work with it has lost its connection; what the library then says
 * (already released, no transaction started) is no fault of the work.
 */
const told = (error: unknown, runner: QueryRunner): unknown =>
  runner.isReleased && !isDatabaseUnavailable(error) ? new ConnectionLost(error) : error;

/** Opens the database. The schema must be there: see migrateDatabase. */
export async function openDatabase(spec: DataSourceSpec): Promise<Database> {
  const source = dataSource(spec);
  await source.initialize();
  return new Database(source, spec.url);
}
