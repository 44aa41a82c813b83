import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { openDatabase, type Database } from '../../src/db/index.js';

/** A database of one spec's own, with the schema of the migrations and no rows. */
export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
  /** Closes `db` and removes the database. */
  readonly close: () => Promise<void>;
}

/** Clones the migrated template of this run's PostgreSQL; takes some tens of milliseconds. */
export async function testDatabase(): Promise<TestDatabase> {
  const cluster = await runningCluster();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(cluster.url, `CREATE DATABASE ${name} TEMPLATE ${cluster.template}`);
  const url = cluster.url.replace('@/sluice?', `@/${name}?`);
  const db = await openDatabase({ url, poolSize: 5, applicationName: 'sluice-test' });
  return {
    url,
    db,
    close: async () => {
      await db.close();
      // An autovacuum worker in it is not ours to end; the cluster goes with the run anyway.
      await administer(cluster.url, `DROP DATABASE ${name} WITH (FORCE)`).catch(
        (error: unknown) => {
          if ((error as { code?: string }).code !== PERMISSION_DENIED) throw error;
        },
      );
    },
  };
}

const PERMISSION_DENIED = '42501';

interface Cluster {
  url: string;
  template: string;
}

const START_MS = 60_000;

/** The cluster that global-setup.mjs began to start. */
async function runningCluster(): Promise<Cluster> {
  const file = join(process.env['TEST_CLUSTER_DIRECTORY'] ?? '', 'cluster.json');
  const deadline = performance.now() + START_MS;
  for (;;) {
    const news = await readFile(file, 'utf8').catch(() => undefined);
    if (news !== undefined) {
      const cluster = JSON.parse(news) as Cluster & { error?: string };
      if (cluster.error !== undefined) throw new Error(cluster.error);
      return cluster;
    }
    if (performance.now() > deadline) throw new Error(`${file} did not appear`);
    await pause(20);
  }
}

/** One statement that cannot stand in a transaction, on a connection of its own. */
async function administer(url: string, statement: string): Promise<void> {
  const session = new pg.Client(url);
  await session.connect();
  try {
    await session.query(statement);
  } finally {
    await session.end();
  }
}
