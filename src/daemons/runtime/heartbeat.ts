import { hostname } from 'node:os';
import { type Database, execute, rows, sql, type Tx } from '../../db/index.js';

/** A daemon at work, as it last said so. */
export interface Heartbeat {
  readonly executable: string;
  readonly hostname: string;
  readonly pid: number;
  /** Of our own processes: the worker's name, as it stands in claimed_by. */
  readonly threadName: string;
  readonly payload: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Writes one row per daemon of this process: a window for operators, not a way to divide work. */
export async function beat(db: Database, worker: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const now = new Date();
  const self = { hostname: hostname(), pid: process.pid, threadName: worker, payload: null };
  await db.tx((tx) =>
    recordHeartbeats(
      tx,
      names.map((executable) => ({ executable, ...self })),
      now,
    ),
  );
}

/** These daemons are at work. */
export async function recordHeartbeats(
  tx: Tx,
  beats: readonly Omit<Heartbeat, 'createdAt' | 'updatedAt'>[],
  now: Date,
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO heartbeats (executable, hostname, pid, thread_name, payload, created_at, updated_at)
        SELECT b.*, ${now}::timestamptz, ${now}::timestamptz
          FROM unnest(${beats.map(({ executable }) => executable)}::text[],
                      ${beats.map((heartbeat) => heartbeat.hostname)}::text[],
                      ${beats.map(({ pid }) => pid)}::int[],
                      ${beats.map(({ threadName }) => threadName)}::text[],
                      ${beats.map(({ payload }) => payload)}::text[])
               AS b(executable, hostname, pid, thread_name, payload)
         ORDER BY 1, 2, 3, 4
        ON CONFLICT (executable, hostname, pid, thread_name) DO UPDATE
           SET payload = excluded.payload, updated_at = excluded.updated_at`,
  );
}

/** Takes this process's rows away at a clean end. */
export async function fallSilent(db: Database, worker: string): Promise<void> {
  await db.read((tx) =>
    execute(
      tx,
      sql`DELETE FROM heartbeats
           WHERE hostname = ${hostname()} AND pid = ${process.pid} AND thread_name = ${worker}`,
    ),
  );
}

/** Forgets daemons (of one executable, if named) that have said nothing since then; gives how many. */
export const forgetSilent = (tx: Tx, since: Date, executable?: string): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM heartbeats WHERE updated_at < ${since}
           AND (${executable ?? null}::text IS NULL OR executable = ${executable ?? null})`,
  );

/** Every daemon that is at work, by name. */
export const listHeartbeats = (tx: Tx): Promise<Heartbeat[]> =>
  rows<Heartbeat>(
    tx,
    sql`SELECT executable, hostname, pid, thread_name AS "threadName", payload,
               created_at AS "createdAt", updated_at AS "updatedAt"
          FROM heartbeats ORDER BY executable, hostname, pid, thread_name`,
  );
