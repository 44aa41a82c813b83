import { lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { stateOfCopy, type RetryTerms } from '../locks/index.js';
import { stateToBe, upsertCopies } from '../replicas/index.js';
import { type DidId, LockState, type RseId, type RuleId } from '../vocabulary/index.js';
import { recountRules } from './counter.sql.js';
import { newRules, type NewRule } from './new-rule.sql.js';
import { lockCounts, lockedCopies } from './slice.sql.js';
import { type CopySites, startable } from './startable.sql.js';
import { isTold, newsOf, tellRules } from './told.sql.js';

/** A file's new rule, under the id that it is to have. */
export interface RuleOnFile {
  readonly didId: DidId;
  readonly uid: string;
}

/** A copy that was chosen. */
export interface ChosenCopy {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly bytes: bigint;
}

/** Rules that differ in nothing but the file. */
export interface PlacedRules {
  readonly rule: NewRule;
  readonly files: readonly RuleOnFile[];
  /** One at least of each file. */
  readonly copies: readonly ChosenCopy[];
  readonly sites: CopySites;
}

/** What came of them. */
export interface PlacedRulesTally {
  /** In the order of their DIDs; those that somebody has made meanwhile are missing. */
  readonly made: readonly { readonly didId: DidId; readonly id: RuleId }[];
  readonly queued: number;
  readonly stuck: boolean;
}

const columnsOf = (copies: readonly ChosenCopy[]): Sql => sql`
  unnest(${copies.map(({ didId }) => didId)}::bigint[], ${copies.map(({ rseId }) => rseId)}::int[],
         ${copies.map(({ bytes }) => bytes)}::bigint[]) AS p(did_id, rse_id, bytes)`;

const locksIn = (state: LockState): Sql => sql`count(*) FILTER (WHERE lock = ${lit(state)})`;

/**
 * Makes rules with all their locks, replicas, requests and charges by one statement, each row written
 * once: what the locks will be is told before by the copies as they are. Where a copy has changed in
 * between, as its row tells when it is our turn, the rule is counted again. The foreign key keeps the files.
 */
export async function addPlacedRules(
  tx: Tx,
  { rule, files, copies, sites }: PlacedRules,
  terms: RetryTerms,
): Promise<PlacedRulesTally> {
  const owner = { id: sql`rule_id`, column: sql`, rule_id`, made: sql`copies` };
  const found = await only<{
    ids: RuleId[] | null;
    didIds: DidId[] | null;
    queued: number;
    stuck: boolean;
    news: RuleId[] | null;
    changed: RuleId[] | null;
  }>(
    tx,
    sql`WITH placed AS MATERIALIZED (
        SELECT p.*, ${stateToBe} AS state FROM (
          SELECT p.did_id, p.rse_id, p.bytes, ${startable(sites)} AS startable
            FROM ${columnsOf(copies)} OFFSET 0) p),
      locked AS MATERIALIZED (
        SELECT s.did_id, ${locksIn(LockState.OK)} AS ok, ${locksIn(LockState.REPLICATING)} AS replicating,
               ${locksIn(LockState.STUCK)} AS stuck
          FROM (SELECT f.did_id, ${stateOfCopy(sql`f.state`)} AS lock FROM placed f) s GROUP BY s.did_id),
      ruled AS (${newRules(rulesOn(files), [rule], { placed: true })}
        RETURNING id, did_id, locks_ok, locks_replicating, locks_stuck, ${isTold(sql`rules`)} AS news),
      upserted AS (${upsertCopies(
        sql`SELECT did_id, rse_id, bytes, startable FROM placed WHERE did_id IN (SELECT did_id FROM ruled)`,
        terms.now,
      )}),
      copies AS MATERIALIZED (
        SELECT u.*, x.id AS rule_id FROM upserted u JOIN ruled x ON x.did_id = u.did_id),
      ${lockedCopies({ rule: { ...rule, id: 0n }, sites }, owner, terms)},
      counted AS MATERIALIZED (
        SELECT rule_id, sum(ok) AS ok, sum(replicating) AS replicating, sum(stuck) AS stuck
          FROM (SELECT rule_id, ${lockCounts} FROM added) c GROUP BY rule_id)
      SELECT (SELECT array_agg(id ORDER BY did_id) FROM ruled) AS ids,
             (SELECT array_agg(did_id ORDER BY did_id) FROM ruled) AS "didIds",
             (SELECT count(*)::int FROM queued) AS queued,
             EXISTS (SELECT FROM counted WHERE stuck > 0) AS stuck, ${newsOf(sql`ruled`)} AS news,
             (SELECT array_agg(r.id) FROM ruled r JOIN counted c ON c.rule_id = r.id
               WHERE (c.ok, c.replicating, c.stuck) <> (r.locks_ok, r.locks_replicating, r.locks_stuck))
               AS changed`,
  );
  if (found.changed) await countAgain(tx, found.changed, terms.now);
  await tellRules(tx, found.news);
  const { ids, didIds, queued, stuck } = found;
  const made = (ids ?? []).map((id, at) => ({ id, didId: didIds?.[at] as DidId }));
  return { made, queued, stuck };
}

/** Rows for `newRules` from the CTE `locked`. */
const rulesOn = (files: readonly RuleOnFile[]): Sql => sql`
  SELECT f.did_id, f.uid, 0 AS at, l.ok, l.replicating, l.stuck
    FROM unnest(${files.map(({ didId }) => didId)}::bigint[],
                ${files.map(({ uid }) => uid)}::uuid[]) AS f(did_id, uid)
    JOIN locked l ON l.did_id = f.did_id`;

/** New rules whose copies have changed while they were made: their locks tell. */
async function countAgain(tx: Tx, ruleIds: readonly RuleId[], now: Date): Promise<void> {
  const recounted = await rows<{ id: RuleId; news: boolean }>(
    tx,
    recountRules(
      sql`SELECT l.rule_id, ${lockCounts}, NULL::text AS error FROM locks l
           WHERE l.rule_id = ANY (${[...ruleIds]}::bigint[])
          UNION ALL
          SELECT r.id, -r.locks_ok, -r.locks_replicating, -r.locks_stuck, NULL::text FROM rules r
           WHERE r.id = ANY (${[...ruleIds]}::bigint[])`,
      now,
    ),
  );
  await tellRules(
    tx,
    recounted.filter(({ news }) => news).map(({ id }) => id),
  );
}
