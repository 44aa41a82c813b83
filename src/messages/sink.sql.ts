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

/** The end of what can be read, and the beginning of what cannot have been told yet. */
const horizon = sql`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`;
const future = sql`pg_snapshot_xmax(pg_current_snapshot())::text::bigint`;

/**
 * Takes a sink until `until`, if it is due and nobody else has it. A sink that is not known yet
 * begins with the oldest event there is. One whose place is in the future has come here with a dump of
 * another server: it begins anew too, because nothing else says what it has been told.
 */
export async function claimSink(
  tx: Tx,
  sink: string,
  { now, until }: { readonly now: Date; readonly until: Date },
): Promise<ClaimedSink | undefined> {
  await execute(tx, sql`INSERT INTO message_sinks (sink) VALUES (${sink}) ON CONFLICT DO NOTHING`);
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

/** The next events after a position, in their order. What a dump brought from the future is past. */
export const eventsAfter = (tx: Tx, { xact, id }: Position, limit: number): Promise<ToldEvent[]> =>
  rows<ToldEvent>(
    tx,
    sql`SELECT m.xact, m.id, m.event_type AS "eventType", m.payload, m.created_at AS "createdAt"
          FROM messages m
         WHERE (m.xact, m.id) > (${xact}::bigint, ${id}::bigint)
           AND (m.xact < ${horizon} OR m.xact >= ${future})
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
