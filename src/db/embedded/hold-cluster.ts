import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedDatabaseError, EmbeddedDatabaseInUse } from './errors.js';
import { PORT, type Layout } from './layout.js';
import { readOrMakePassword } from './passwords.js';

/**
 * The supervisor's own session. It holds an advisory lock for as long as the supervisor lives, so
 * the lock cannot outlive a killed one as a lock file would, and it works across containers that
 * share the directory. Its end tells at once that the server is gone.
 */
const SUPERVISOR_LOCK = 5_741_203;

const OLD_HOLDER_MS = 2_000;

/**
 * Opens that session and takes the lock.
 *
 * @throws {EmbeddedDatabaseInUse} when another supervisor holds it.
 */
export async function holdCluster(layout: Layout, password: string): Promise<pg.Client> {
  const session = new pg.Client({
    host: layout.socketDir,
    port: PORT,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    application_name: `sluice supervisor, process ${process.pid}`,
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener a lost connection would end the process; the supervisor listens to 'end'.
  session.on('error', () => undefined);
  try {
    await session.connect();
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `The embedded PostgreSQL does not let its supervisor in: ${(error as Error).message}`,
    );
  }
  try {
    await takeLock(session, layout);
  } catch (error) {
    await session.end();
    throw error;
  }
  return session;
}

async function takeLock(session: pg.Client, layout: Layout): Promise<void> {
  const deadline = performance.now() + OLD_HOLDER_MS;
  for (;;) {
    const { rows } = await session.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1) AS taken',
      [SUPERVISOR_LOCK],
    );
    if (rows[0]?.taken) return;
    // The server may take a moment to notice that a killed supervisor is gone.
    if (performance.now() > deadline) break;
    await pause(100);
  }
  const holder = await session.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.objid = $1`,
    [SUPERVISOR_LOCK],
  );
  throw new EmbeddedDatabaseInUse(
    `The database of ${layout.home} is in use by another Sluice (${holder.rows[0]?.name ?? 'just ended'}). Stop that one, or set SLUICE_STATE to another directory.`,
  );
}

/**
 * Makes the role and the database that Sluice works with, unless they are there, and gives their
 * URL. The role is no superuser: it owns its database, may make others (test clones) and may read
 * the server's statistics.
 */
export async function provideDatabase(session: pg.Client, layout: Layout): Promise<string> {
  const password = await readOrMakePassword(layout.password);
  const { rows } = await session.query<{ role: boolean; database: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sluice') AS role,
            EXISTS (SELECT FROM pg_database WHERE datname = 'sluice') AS database`,
  );
  const there = rows[0] ?? { role: false, database: false };
  if (!there.role) await session.query('CREATE ROLE sluice LOGIN CREATEDB');
  if (!there.role || password.made) {
    await session.query(`ALTER ROLE sluice PASSWORD '${password.value}'`);
  }
  if (!there.role) await session.query('GRANT pg_monitor TO sluice');
  if (!there.database) await session.query('CREATE DATABASE sluice OWNER sluice');
  return databaseUrl(layout, password.value);
}

/** The URL of Sluice's database for node-postgres: a unix socket stands in `host`. */
export function databaseUrl(layout: Layout, password: string): string {
  return `postgres://sluice:${password}@/sluice?host=${encodeURIComponent(layout.socketDir)}`;
}
