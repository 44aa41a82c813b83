import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../src/db/embedded/index.js';
import { migrateDatabase } from '../../src/db/index.js';

/*
 * The process beside jest that keeps the specs' PostgreSQL: starts a cluster in the directory it is
 * given, migrates the template, writes cluster.json there. When its standard input ends, because
 * jest is done, was interrupted or was killed, it stops the cluster and removes the directory.
 */
const [directory = ''] = process.argv.slice(2);

const TEMPLATE = 'sluice_template';

async function start() {
  const cluster = await startEmbedded({
    stateDir: directory,
    tuning: { sharedBuffersBytes: 128 * 1024 ** 2, connectionsMax: 300 },
  });
  try {
    await makeTemplate(cluster.url);
    await tell({ url: cluster.url, template: TEMPLATE });
  } catch (error) {
    await tell({ error: `The template database could not be made: ${text(error)}` });
  }
  return cluster;
}

async function makeTemplate(url: string): Promise<void> {
  const session = new pg.Client(url);
  await session.connect();
  try {
    await session.query(`CREATE DATABASE ${TEMPLATE}`);
    await migrateDatabase(url.replace('@/sluice?', `@/${TEMPLATE}?`));
    // Nobody may connect: a database that is in use cannot be cloned.
    await session.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`);
  } finally {
    await session.end();
  }
}

/** Complete or not there: the specs wait for the file's name. */
async function tell(news: object): Promise<void> {
  await writeFile(join(directory, 'cluster.tmp'), JSON.stringify(news), { mode: 0o600 });
  await rename(join(directory, 'cluster.tmp'), join(directory, 'cluster.json'));
}

const text = (error: unknown) =>
  (error instanceof Error ? error.stack : undefined) ?? String(error);

// Ctrl-C goes to the whole terminal; our end is the end of jest.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
const jestEnded = new Promise((resolve) => process.stdin.once('close', resolve).resume());

const cluster = await start().catch(async (error: unknown) => {
  await tell({ error: `PostgreSQL did not start: ${text(error)}` });
});
await jestEnded;
await cluster?.stop();
await rm(directory, { recursive: true, force: true });
