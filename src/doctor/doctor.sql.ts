import { execute, one, rows, sql, type Tx } from '../db/index.js';

/** A look at the whole catalogue by one check. Times are ISO texts. */
export interface Round {
  readonly begunAt: string;
  readonly endedAt: string | null;
  /** Rows looked at. */
  readonly seen: number;
  readonly found: number;
  readonly mended: number;
  /** `subject: fact` of the first that were found. */
  readonly examples: readonly string[];
  /** Why it could not be mended, or looked at. */
  readonly error: string | null;
}

/** What the daemon knows of a check. */
export interface CheckRecord {
  readonly name: string;
  /** The last key that was looked at in this round; -1: it has not begun. */
  readonly position: bigint;
  readonly lookedAt: Date | null;
  readonly round: Round | null;
  readonly lastRound: Round | null;
}

const columns = sql`check_name AS name, position, nullif(looked_at, '-infinity') AS "lookedAt", round,
  last_round AS "lastRound"`;

/** What is known of every check that was looked at. */
export const checkRecords = (tx: Tx): Promise<CheckRecord[]> =>
  rows<CheckRecord>(tx, sql`SELECT ${columns} FROM doctor_checks ORDER BY check_name`);

/**
 * Takes the check that nobody has looked at for the longest, until the lease ends: then its worker is
 * gone. Undefined where all are taken.
 */
export async function claimCheck(
  tx: Tx,
  names: readonly string[],
  lease: { readonly now: Date; readonly until: Date },
): Promise<CheckRecord | undefined> {
  await execute(
    tx,
    sql`INSERT INTO doctor_checks (check_name) SELECT n FROM unnest(${[...names]}::text[]) n
         WHERE NOT EXISTS (SELECT FROM doctor_checks c WHERE c.check_name = n) ORDER BY n
        ON CONFLICT DO NOTHING`,
  );
  return await one<CheckRecord>(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT check_name FROM doctor_checks
           WHERE check_name = ANY (${[...names]}::text[])
             AND (leased_until IS NULL OR leased_until <= ${lease.now}::timestamptz)
           ORDER BY looked_at, check_name LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE doctor_checks c SET leased_until = ${lease.until}::timestamptz, looked_at = ${lease.now}::timestamptz
          FROM picked WHERE c.check_name = picked.check_name RETURNING ${claimed}`,
  );
}

const claimed = sql`c.check_name AS name, c.position, c.looked_at AS "lookedAt", c.round, c.last_round AS "lastRound"`;

/** What came of a slice. A round that has ended is the last one, and the next begins at the front. */
export async function settleCheck(
  tx: Tx,
  name: string,
  step: { readonly until: Date; readonly position: bigint; readonly round: Round },
): Promise<void> {
  const round = JSON.stringify(step.round);
  const ended = step.round.endedAt !== null;
  await execute(
    tx,
    sql`UPDATE doctor_checks
           SET leased_until = NULL, position = ${ended ? -1n : step.position}::bigint,
               round = CASE WHEN NOT ${ended}::boolean THEN ${round}::jsonb END,
               last_round = CASE WHEN ${ended}::boolean THEN ${round}::jsonb ELSE last_round END
         WHERE check_name = ${name} AND leased_until = ${step.until}::timestamptz`,
  );
}

/** A look by hand at the whole of it: the last round is this one. */
export async function recordRound(tx: Tx, name: string, round: Round, now: Date): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO doctor_checks AS c (check_name, looked_at, last_round)
        VALUES (${name}, ${now}::timestamptz, ${JSON.stringify(round)}::jsonb)
        ON CONFLICT (check_name) DO UPDATE SET last_round = excluded.last_round`,
  );
}
