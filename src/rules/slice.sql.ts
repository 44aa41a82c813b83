import { addAccountUsage } from '../accounts/index.js';
import { lit, only, sql, type Sql, type Tx } from '../db/index.js';
import { holdExpiringFiles } from '../dids/index.js';
import { addLocks, recordStuckLocks, type RetryTerms } from '../locks/index.js';
import { upsertCopies } from '../replicas/index.js';
import { queueCopies, tellQueued } from '../requests/index.js';
import { addRseUsage } from '../rses/index.js';
import { type DidId, LockState, ReplicaState, type RuleId } from '../vocabulary/index.js';
import { advanceRule, recountRules } from './counter.sql.js';
import { finishedRules } from './injection.sql.js';
import { type Owner, ownerOf, type Ownership } from './slice-owner.sql.js';
import { type CopySites, startable, wantedRequests, whyStuck } from './startable.sql.js';
import { newsOf, tellRules } from './told.sql.js';

export interface Slice extends Ownership {
  readonly sites: CopySites;
  /** Gives (did_id, bytes), a file once. */
  readonly files: Sql;
  /** From the CTE `slice` (did_id, bytes): gives (did_id, rse_id, bytes), a copy once, without those locked already. */
  readonly copies: Sql;
  /** The injection's cursor moves to the slice's last file of this dataset. */
  readonly dataset?: DidId;
  /** The rules are in INJECT, and this is all there is to be placed of them. */
  readonly whole?: true;
}

export interface SliceTally {
  readonly files: number;
  /** The greatest file id of the slice. */
  readonly last: bigint | null;
  readonly locks: number;
  readonly queued: number;
}

/**
 * One slice of a rule in one statement: replicas, locks, causes of those stuck, requests, charges,
 * counters and cursor, each by its owner's piece. Every CTE is joined to tables
 * only. A copy is startable where its RSE can be written and another copy is there or on its way.
 * A file that is erased at this moment is waited for, and is then not of the slice.
 */
export async function placeSlice(tx: Tx, slice: Slice, terms: RetryTerms): Promise<SliceTally> {
  await holdExpiringFiles(tx, slice.files);
  const { sites } = slice;
  const owner = ownerOf(slice);
  const { news, ...tally } = await only<SliceTally & { news: RuleId[] | null }>(
    tx,
    sql`WITH slice AS MATERIALIZED (${slice.files}),
      placed AS MATERIALIZED (
        SELECT p.did_id, p.rse_id, p.bytes, ${startable(sites)} AS startable FROM (${slice.copies}) p),
      ${owner.copies(upsertCopies(sql`SELECT did_id, rse_id, bytes, startable FROM placed`, terms.now, owner.locks))},
      ${lockedCopies(slice, owner, terms)},
      advanced AS (${advance(slice, terms.now)})
      SELECT (SELECT count(*)::int FROM slice) AS files, (SELECT max(did_id) FROM slice) AS last,
             (SELECT count(*)::int FROM added) AS locks, (SELECT count(*)::int FROM queued) AS queued,
             ${newsOf(sql`advanced`)} AS news`,
  );
  await tellRules(tx, news);
  return tally;
}

/**
 * CTEs after `copies`, the rows of `upsertCopies` with their owner: `added`, their locks; `queued`, the
 * transfers that they want; and what else a lock on a copy brings with it.
 */
export function lockedCopies(
  { rule, sites }: Pick<Slice, 'rule' | 'sites'>,
  owner: Pick<Owner, 'id' | 'column' | 'made'>,
  terms: RetryTerms,
): Sql {
  const stuck = sql`state = ${lit(ReplicaState.UNAVAILABLE)}`;
  return sql`
      added AS (${addLocks(sql`SELECT did_id, rse_id, bytes, state${owner.column} FROM copies`, owner.id)}),
      stuck AS (${recordStuckLocks(
        sql`SELECT did_id, rse_id, ${owner.id} AS rule_id,
                   ${whyStuck(sites, sql`copies`)} AS cause,
                   NULL::int AS source_rse_id, NULL::text AS error, NULL::text AS expected, NULL::text AS found
              FROM copies WHERE ${stuck}`,
        terms,
      )}),
      queued AS (${queueCopies(wantedRequests(rule, sites, sql`copies`, owner.id))}),
      told AS (${tellQueued(sql`SELECT * FROM queued`, terms.now)}),
      charged AS (${addAccountUsage(
        sql`SELECT ${rule.accountId}::int AS account_id, rse_id, count(*) AS files, sum(bytes) AS bytes
              FROM added GROUP BY rse_id`,
      )}),
      stored AS (${addRseUsage(
        sql`SELECT rse_id, count(*) AS files, sum(bytes) AS bytes FROM ${owner.made} WHERE fresh GROUP BY rse_id`,
      )})`;
}

const isLock = (state: LockState): Sql => sql`(state = ${lit(state)})::int`;

/** What each lock of the CTE `added` counts as. */
export const lockCounts: Sql = sql`${isLock(LockState.OK)} AS ok,
  ${isLock(LockState.REPLICATING)} AS replicating, ${isLock(LockState.STUCK)} AS stuck`;

/** CTE body: counters, and the cursor of an injection, after the CTE `added`. */
function advance({ rule, ruleIds, dataset, whole }: Slice, now: Date): Sql {
  const why = sql`CASE WHEN state = ${lit(LockState.STUCK)} THEN 'MissingSourceReplica' END AS error`;
  const ofRules = sql`SELECT rule_id, ${lockCounts}, ${why} FROM added`;
  if (ruleIds) return whole ? finishedRules(ruleIds, ofRules, now) : recountRules(ofRules, now);
  const cursor = dataset !== undefined && {
    cursor: { dataset, child: sql`SELECT max(did_id) FROM slice` },
  };
  return advanceRule(rule.id, sql`SELECT ${lockCounts}, ${why} FROM added`, { now, ...cursor });
}
