import { execute, lit, lits, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isSameRule, type RuleIdentity } from '../rules/index.js';
import { BackfillState, type DidId } from '../vocabulary/index.js';
import { isStanding } from './subscription.sql.js';

const { RUNNING, PAUSED, DONE, CANCELLED } = BackfillState;

/** A subscription's walk over the DIDs that were there before it, as stored. */
export interface Backfill {
  readonly subscriptionId: number;
  readonly state: BackfillState;
  /** DIDs that get something, a minute. */
  readonly perMinute: number;
  /** Whether DIDs whose rules of this subscription have ended get them again. */
  readonly again: boolean;
  /** The last DID dealt with; the last there was when it began. */
  readonly cursorId: DidId;
  readonly untilId: DidId;
  /** DIDs looked at, DIDs that match, what came of them. */
  readonly seen: bigint;
  readonly matched: bigint;
  readonly rules: bigint;
  readonly tasks: bigint;
  /** Rules that could not be made, and wait in the backlog. */
  readonly failed: bigint;
  readonly error: string | null;
  readonly dueAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

const columns = sql`b.subscription_id AS "subscriptionId", b.state, b.per_minute AS "perMinute", b.again,
  b.cursor_id AS "cursorId", b.until_id AS "untilId", b.seen, b.matched, b.rules, b.tasks, b.failed,
  b.error, b.due_at AS "dueAt", b.created_at AS "createdAt", b.updated_at AS "updatedAt",
  b.ended_at AS "endedAt"`;

/** How a backfill is to be. */
export interface BackfillSpec {
  readonly perMinute: number;
  readonly again: boolean;
  readonly now: Date;
}

/**
 * Begins a subscription's backfill at the first DID; it ends at the last one that there is now.
 * `instead` of one that is not over, else that one stays and undefined is given.
 */
export const insertBackfill = (
  tx: Tx,
  subscriptionId: number,
  { perMinute, again, now }: BackfillSpec,
  instead: boolean,
): Promise<Backfill | undefined> =>
  one<Backfill>(
    tx,
    sql`INSERT INTO subscription_backfills AS b (subscription_id, state, per_minute, again, until_id,
          due_at, created_at, updated_at)
        SELECT ${subscriptionId}::int, ${lit(RUNNING)}::"char", ${perMinute}::int, ${again}::boolean,
               coalesce((SELECT max(id) FROM dids), 0), ${now}::timestamptz, ${now}::timestamptz,
               ${now}::timestamptz
        ON CONFLICT (subscription_id) DO UPDATE
          SET state = excluded.state, per_minute = excluded.per_minute, again = excluded.again,
              cursor_id = 0, until_id = excluded.until_id, seen = 0, matched = 0, rules = 0, tasks = 0,
              failed = 0, due_at = excluded.due_at, created_at = excluded.created_at,
              updated_at = excluded.updated_at, ended_at = NULL, error = NULL
          WHERE ${instead} OR b.state IN (${lits([DONE, CANCELLED])})
        RETURNING ${columns}`,
  );

/** The last backfill of a subscription; `hold` keeps others from it until the transaction ends. */
export const selectBackfill = (
  tx: Tx,
  subscriptionId: number,
  hold?: 'hold',
): Promise<Backfill | undefined> =>
  one<Backfill>(
    tx,
    sql`SELECT ${columns} FROM subscription_backfills b WHERE b.subscription_id = ${subscriptionId}
        ${hold ? sql`FOR NO KEY UPDATE` : sql``}`,
  );

/**
 * The backfill that has been due longest, held with its subscription until the transaction ends; what
 * somebody else holds is passed over.
 */
export const claimBackfill = (tx: Tx, now: Date): Promise<Backfill | undefined> =>
  one<Backfill>(
    tx,
    sql`SELECT ${columns} FROM subscription_backfills b JOIN subscriptions s ON s.id = b.subscription_id
        WHERE b.state = ${lit(RUNNING)} AND b.due_at <= ${now}::timestamptz
        ORDER BY b.due_at LIMIT 1 FOR NO KEY UPDATE OF b, s SKIP LOCKED`,
  );

/** What a slice came to. */
export interface BackfillStep {
  readonly to: DidId;
  readonly isLast: boolean;
  readonly seen: number;
  readonly matched: number;
  readonly rules: number;
  readonly tasks: number;
  readonly failed: number;
  /** DIDs that got something: what the rate is about. */
  readonly served: number;
  readonly now: Date;
}

/** A daemon that comes late makes up for so much. */
const CREDIT = sql`interval '1 minute'`;

/** Writes what a slice of a claimed backfill came to, and when the next one is due. */
export async function advanceBackfill(
  tx: Tx,
  { subscriptionId, perMinute }: Backfill,
  step: BackfillStep,
): Promise<void> {
  const { now } = step;
  const pause = (60 * step.served) / perMinute;
  await execute(
    tx,
    sql`UPDATE subscription_backfills b
           SET cursor_id = ${step.to}::bigint, seen = b.seen + ${step.seen}, matched = b.matched + ${step.matched},
               rules = b.rules + ${step.rules}, tasks = b.tasks + ${step.tasks},
               failed = b.failed + ${step.failed}, updated_at = ${now}::timestamptz,
               due_at = greatest(b.due_at, ${now}::timestamptz - ${CREDIT})
                        + make_interval(secs => ${pause}::float8),
               state = ${lit(step.isLast ? DONE : RUNNING)},
               ended_at = ${step.isLast ? now : null}::timestamptz
         WHERE b.subscription_id = ${subscriptionId} AND b.state = ${lit(RUNNING)}`,
  );
}

/** Sets the state of a backfill in one of the states `from`; gives whether it was. */
export async function moveBackfill(
  tx: Tx,
  subscriptionId: number,
  from: readonly BackfillState[],
  { state, perMinute, error, now }: BackfillMove,
): Promise<boolean> {
  const ended = state === CANCELLED ? now : null;
  const rate: Sql = perMinute === undefined ? sql`b.per_minute` : sql`${perMinute}::int`;
  const moved = await execute(
    tx,
    sql`UPDATE subscription_backfills b
           SET state = ${lit(state)}, per_minute = ${rate}, error = ${error ?? null},
               ended_at = ${ended}::timestamptz, updated_at = ${now}::timestamptz,
               due_at = CASE WHEN b.state = ${lit(PAUSED)} THEN ${now}::timestamptz ELSE b.due_at END
         WHERE b.subscription_id = ${subscriptionId} AND b.state IN (${lits(from)})`,
  );
  return moved > 0;
}

export interface BackfillMove {
  readonly state: BackfillState;
  readonly perMinute?: number | undefined;
  /** Why. */
  readonly error?: string;
  readonly now: Date;
}

/** Backfills of subscriptions that make no rules any more pause, with the reason; gives how many. */
export const pauseIdleBackfills = (tx: Tx, now: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE subscription_backfills b
           SET state = ${lit(PAUSED)}, updated_at = ${now}::timestamptz,
               error = 'the subscription is not in use any more'
          FROM (SELECT b.subscription_id FROM subscription_backfills b
                  JOIN subscriptions s ON s.id = b.subscription_id
                 WHERE b.state = ${lit(RUNNING)} AND NOT (${isStanding(now)})
                 ORDER BY 1 FOR NO KEY UPDATE OF b SKIP LOCKED) idle
         WHERE b.subscription_id = idle.subscription_id`,
  );

/** DIDs on which rules of these expressions were made for a subscription, and have ended. */
export async function endedRules(
  tx: Tx,
  subscriptionUid: string,
  ids: readonly DidId[],
  expressions: readonly string[],
): Promise<ReadonlySet<DidId>> {
  if (ids.length === 0) return new Set();
  const ofOrder = (rules: Sql): Sql => sql`${rules}.subscription_uid = ${subscriptionUid}::uuid
    AND ${rules}.rse_expression = ANY(${[...expressions]}::text[])`;
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT DISTINCT d.id FROM dids d
          JOIN rules_history h ON h.scope = d.scope AND h.name = d.name AND h.did_id = d.id
         WHERE d.id = ANY(${[...ids]}::bigint[]) AND ${ofOrder(sql`h`)}
           AND NOT EXISTS (SELECT FROM rules r WHERE r.did_id = d.id AND ${ofOrder(sql`r`)})`,
  );
  return new Set(found.map(({ id }) => id));
}

/** Which of these DIDs have the very rule that would be made for them. */
export async function haveRule(
  tx: Tx,
  ids: readonly DidId[],
  rule: RuleIdentity & { readonly accountId: number },
): Promise<ReadonlySet<DidId>> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT DISTINCT did_id AS id FROM rules r
         WHERE did_id = ANY(${[...ids]}::bigint[]) AND account_id = ${rule.accountId}
           AND ${isSameRule(rule)}`,
  );
  return new Set(found.map(({ id }) => id));
}
