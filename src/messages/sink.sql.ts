import { execute, lit, one, rows, sql, type Tx } from '../db/index.js';

/**
 * A place in the outbox. Events are read in the order of the transactions that told them, and only
 * below the oldest one that is still open: ids are given before commits, so who reads by ids alone
 * passes over what commits later.
 */
export interface Position {
  readonly xact: bigint;
  readonly id: bigint;
}

/** A sink that this worker tells now. */
export interface ClaimedSink extends Position {
  readonly token: string;
  /** Deliveries that have failed since the last one that did not. */
  readonly attempts: number;
}

/** What no transaction of this snapshot can have told: such a place is another server's. */
const future = sql`pg_snapshot_xmax(pg_current_snapshot())::text::bigint`;

/**
 * The oldest transaction that is open in this snapshot: what comes after it may not be complete. Those
 * of other databases of the server tell us nothing; one of which nobody knows where it is may be ours.
 */
const horizon = sql`(
  SELECT coalesce(min(x::text::bigint), ${future}) FROM pg_snapshot_xip(pg_current_snapshot()) x
   WHERE NOT EXISTS (SELECT FROM pg_stat_activity s
                      WHERE s.backend_xid = xid(x) AND s.datname <> current_database()))`;

/**
 * Takes a sink until `until`, if it is due and nobody else has it. A sink that is not known yet
 * begins with the oldest event there is. What stands in the future has come here with a dump of another
 * server: such events are the oldest ones from now on, and a sink that was there begins anew, because
 * nothing says what it has been told.
 */
export async function claimSink(
  tx: Tx,
  sink: string,
  { now, until }: { readonly now: Date; readonly until: Date },
): Promise<ClaimedSink | undefined> {
  await execute(tx, sql`INSERT INTO message_sinks (sink) VALUES (${sink}) ON CONFLICT DO NOTHING`);
  await execute(tx, sql`UPDATE messages SET xact = 0 WHERE xact >= ${future}`);
  return await one<ClaimedSink>(
    tx,
    sql`UPDATE message_sinks s
           SET token = gen_random_uuid(), due_at = ${until}::timestamptz, updated_at = ${now}::timestamptz,
               xact = CASE WHEN s.xact >= ${future} THEN 0 ELSE s.xact END,
               id = CASE WHEN s.xact >= ${future} THEN 0 ELSE s.id END
         WHERE s.sink = ${sink} AND s.due_at <= ${now}::timestamptz
        RETURNING s.token, s.xact, s.id, s.attempts`,
  );
}

/** An event as it is delivered. */
export interface ToldEvent extends Position {
  readonly eventType: string;
  readonly payload: object;
  readonly createdAt: Date;
}

/** The next events after a position, in their order. */
export const eventsAfter = (tx: Tx, { xact, id }: Position, limit: number): Promise<ToldEvent[]> =>
  rows<ToldEvent>(
    tx,
    sql`SELECT m.xact, m.id, m.event_type AS "eventType", m.payload, m.created_at AS "createdAt"
          FROM messages m
         WHERE (m.xact, m.id) > (${xact}::bigint, ${id}::bigint)
           AND m.xact < ${horizon}
         ORDER BY m.xact, m.id LIMIT ${lit(limit)}`,
  );

/** The sink was told up to there and stays ours until `until`. False if it is not ours any more. */
export async function advanceSink(
  tx: Tx,
  claim: { readonly sink: string; readonly token: string; readonly until: Date },
  { xact, id }: Position,
): Promise<boolean> {
  const advanced = await execute(
    tx,
    sql`UPDATE message_sinks SET xact = ${xact}::bigint, id = ${id}::bigint, attempts = 0, error = NULL,
               due_at = ${claim.until}::timestamptz, updated_at = now()
         WHERE sink = ${claim.sink} AND token = ${claim.token}::uuid`,
  );
  return advanced === 1;
}

/** Gives a sink back: due at once, or, where it failed, at `dueAt` with the reason. */
export async function giveSinkBack(
  tx: Tx,
  claim: { readonly sink: string; readonly token: string },
  failure?: { readonly error: string; readonly dueAt: Date },
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE message_sinks
           SET token = NULL, updated_at = now(),
               due_at = coalesce(${failure?.dueAt ?? null}::timestamptz, '-infinity'),
               attempts = CASE WHEN ${failure !== undefined} THEN attempts + 1 ELSE attempts END,
               error = coalesce(${failure?.error ?? null}::text, error)
         WHERE sink = ${claim.sink} AND token = ${claim.token}::uuid`,
  );
}
