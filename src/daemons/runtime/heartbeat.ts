import { hostname } from 'node:os';
import { execute, sql, type Database } from '../../db/index.js';

/** Writes one row per daemon of this process: a window for operators, not a way to divide work. */
export async function beat(db: Database, worker: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await db.read((tx) =>
    execute(
      tx,
      sql`INSERT INTO heartbeats (executable, hostname, pid, thread_name)
          SELECT name, ${hostname()}, ${process.pid}, ${worker} FROM unnest(${names}::text[]) AS name
          ON CONFLICT (executable, hostname, pid, thread_name) DO UPDATE SET updated_at = now()`,
    ),
  );
}

/** Takes this process's rows away at a clean end. */
export async function fallSilent(db: Database, worker: string): Promise<void> {
  await db.read((tx) =>
    execute(
      tx,
      sql`DELETE FROM heartbeats WHERE hostname = ${hostname()} AND pid = ${process.pid} AND thread_name = ${worker}`,
    ),
  );
}
