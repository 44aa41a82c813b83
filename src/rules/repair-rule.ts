import { lit, only, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import {
  followCopies,
  forgetStuckLocks,
  recordStuckLocks,
  releaseTheseLocks,
} from '../locks/index.js';
import { restartCopies } from '../replicas/index.js';
import { queueCopies } from '../requests/index.js';
import {
  Cause,
  Channel,
  LockState,
  ReplicaState,
  RuleGrouping,
  type RseId,
  RuleState,
} from '../vocabulary/index.js';
import { placeCopies } from './copy-placement.js';
import { recountRules } from './counter.sql.js';
import { release } from './remove-rules.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { errorText, scheduleRepair, selectRules, storePlacement, writeRule } from './rule.sql.js';
import { findSites, type Sites } from './sites.js';
import { placeSlice, sameCopies, startable, unitOf, wantedRequests } from './slice.sql.js';

export interface RepairTerms extends JudgeTerms {
  /** A lock that failed so often moves to another RSE, if the expression has one. */
  readonly moveAfterAttempts: number;
  /** A rule stuck for so long is SUSPENDED. */
  readonly suspendAfterSeconds: number;
}

export interface Repair {
  readonly retried: number;
  readonly moved: number;
}

/**
 * Repairs the STUCK rule that is due the longest and that nobody works on: locks whose time has come
 * are tried again where they are, or move to another RSE when they have failed too often or theirs
 * is not one of the expression's any more. A rule whose placement failed goes to the injector again.
 * At most `sliceLocks` locks. Undefined if no rule is due.
 */
export async function repairNext(tx: Tx, terms: RepairTerms): Promise<Repair | undefined> {
  const [rule] = await selectRules(tx, {
    where: sql`r.state = ${lit(RuleState.STUCK)} AND r.repair_at <= ${terms.now}::timestamptz`,
    limit: 1,
    hold: 'skip',
  });
  if (!rule) return undefined;
  const none = { retried: 0, moved: 0 };
  if (stuckSeconds(rule, terms.now) >= terms.suspendAfterSeconds) {
    await writeRule(tx, rule.id, [sql`state = ${lit(RuleState.SUSPENDED)}`], terms.now);
    return none;
  }
  try {
    const repair = await repairLocks(tx, rule, await findSites(tx, rule), terms);
    await scheduleNext(tx, rule, terms);
    return repair;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const next = new Date(terms.now.getTime() + terms.lockRetrySeconds * 1000);
    const assignments = [
      sql`error = ${errorText(error.message)}`,
      sql`repair_at = ${next}::timestamptz`,
    ];
    await writeRule(tx, rule.id, assignments, terms.now);
    return none;
  }
}

const stuckSeconds = (rule: Rule, now: Date): number =>
  rule.stuckAt === null ? 0 : (now.getTime() - rule.stuckAt.getTime()) / 1000;

async function repairLocks(tx: Tx, rule: Rule, sites: Sites, terms: RepairTerms): Promise<Repair> {
  let moved = 0;
  for (const origin of await tiredRses(tx, rule, sites, terms)) {
    moved += await moveLocks(tx, rule, sites, origin, terms);
  }
  return { retried: await retryLocks(tx, rule, sites, terms), moved };
}

/** Condition on stuck lock `s` and lock `l` of it: its time has come. */
const isDue = (rule: Rule, now: Date): Sql => sql`
  l.did_id = s.did_id AND l.rse_id = s.rse_id AND l.rule_id = s.rule_id
  AND s.rule_id = ${rule.id} AND s.next_try_at <= ${now}::timestamptz
  AND l.state = ${lit(LockState.STUCK)}`;

/** RSEs where locks that are due have failed too often, or which cannot be a target any more. */
async function tiredRses(tx: Tx, rule: Rule, sites: Sites, terms: RepairTerms): Promise<RseId[]> {
  const targets = sites.candidates
    .filter(({ rseId }) => !sites.unwritable.includes(rseId))
    .map(({ rseId }) => rseId);
  const found = await rows<{ rseId: RseId }>(
    tx,
    sql`SELECT s.rse_id AS "rseId" FROM stuck_locks s, locks l
         WHERE ${isDue(rule, terms.now)} AND ${isTired(targets, terms)}
         GROUP BY s.rse_id ORDER BY s.rse_id`,
  );
  return found.map(({ rseId }) => rseId);
}

/** A lock without any source is no better off elsewhere. */
const isTired = (targets: readonly RseId[], terms: RepairTerms): Sql => sql`
  (s.rse_id <> ALL (${[...targets]}::int[])
   OR s.attempts >= ${terms.moveAfterAttempts}::int AND s.cause <> ${lit(Cause.NO_SOURCE)})`;

/** Moves the tired locks of one RSE to another one together. Gives how many. */
async function moveLocks(
  tx: Tx,
  rule: Rule,
  sites: Sites,
  origin: RseId,
  terms: RepairTerms,
): Promise<number> {
  const targets = sites.candidates.filter(({ rseId }) => !sites.unwritable.includes(rseId));
  const tired = await rows<{ didId: bigint }>(
    tx,
    sql`SELECT s.did_id AS "didId" FROM stuck_locks s, locks l
         WHERE ${isDue(rule, terms.now)} AND s.rse_id = ${origin}::int
           AND ${isTired(
             targets.map(({ rseId }) => rseId),
             terms,
           )}
         ORDER BY s.did_id LIMIT ${lit(terms.sliceLocks)}`,
  );
  const files = sql`SELECT unnest(${tired.map(({ didId }) => didId)}::bigint[]) AS did_id`;
  const taken = await rows<{ rseId: RseId }>(
    tx,
    sql`SELECT DISTINCT l.rse_id AS "rseId" FROM locks l
         WHERE l.rule_id = ${rule.id} AND l.did_id IN (${files})`,
  );
  const free = targets.filter(({ rseId }) => !taken.some((lock) => lock.rseId === rseId));
  const unit = await unitOf(tx, files, free);
  const [target] = placeCopies(
    { id: rule.id, copies: 1, bytes: unit.bytes },
    unit.candidates,
  ).chosen;
  if (target === undefined) return 0;
  const gone = releaseTheseLocks(
    sql`SELECT f.did_id, ${origin}::int AS rse_id, ${rule.id}::bigint AS rule_id FROM (${files}) f`,
  );
  const held = { id: rule.id, accountId: rule.accountId, purge: rule.purgeReplicas };
  await release(tx, held, gone, { ...terms, guard: 'repair' });
  const sized = sql`SELECT f.did_id, coalesce(d.bytes, 0) AS bytes FROM (${files}) f JOIN dids d ON d.id = f.did_id`;
  const copies = sameCopies(rule.id, [target], null);
  const tally = await placeSlice(tx, { rule, sites, files: sized, copies }, terms);
  if (tally.queued > 0) await ring(tx, Channel.REQUESTS);
  await rememberMove(tx, rule, origin, target);
  return tally.locks;
}

/** New files of a rule that keeps all of them together follow the ones that moved. */
async function rememberMove(tx: Tx, rule: Rule, origin: RseId, target: RseId): Promise<void> {
  const rses = rule.placement?.rses;
  if (rule.grouping !== RuleGrouping.ALL || !rses?.includes(origin)) return;
  const left = await only<{ stays: boolean }>(
    tx,
    sql`SELECT EXISTS (SELECT FROM locks WHERE rule_id = ${rule.id} AND rse_id = ${origin}::int) AS stays`,
  );
  if (left.stays) return;
  await storePlacement(tx, rule.id, {
    rses: rses.map((rseId) => (rseId === origin ? target : rseId)),
  });
}

/**
 * Tries stuck locks again where they are, in one statement: copies that can be made now are COPYING
 * with a request; copies that others have brought back meanwhile count as they are; what still
 * cannot be made counts an attempt and waits.
 */
async function retryLocks(tx: Tx, rule: Rule, sites: Sites, terms: RepairTerms): Promise<number> {
  const { retried, queued } = await only<{ retried: number; queued: number }>(
    tx,
    sql`WITH due AS MATERIALIZED (
        SELECT s.did_id, s.rse_id FROM stuck_locks s, locks l
         WHERE ${isDue(rule, terms.now)} ORDER BY s.did_id, s.rse_id LIMIT ${lit(terms.sliceLocks)}),
      copies AS (${restartCopies(sql`SELECT p.did_id, p.rse_id, ${startable(sites)} AS startable FROM due p`)}),
      followed AS (${followCopies(sql`SELECT did_id, rse_id, state FROM copies`, rule.id)}),
      queued AS (${queueCopies(wantedRequests(rule, sites, sql`copies`))}),
      waiting AS (${recordStuckLocks(
        sql`SELECT did_id, rse_id, ${rule.id}::bigint AS rule_id,
                   CASE WHEN rse_id = ANY (${[...sites.unwritable]}::int[]) THEN ${lit(Cause.NOT_WRITABLE)}
                        ELSE ${lit(Cause.NO_SOURCE)} END AS cause,
                   NULL::int AS source_rse_id, NULL::text AS error, NULL::text AS expected, NULL::text AS found
              FROM copies WHERE state = ${lit(ReplicaState.UNAVAILABLE)}`,
        terms,
      )}),
      cleared AS (${forgetStuckLocks(sql`SELECT did_id, rse_id, rule_id FROM followed WHERE ok = 1`)}),
      recounted AS (${recountRules(
        sql`SELECT rule_id, ok, replicating, stuck, error FROM followed`,
        terms.now,
      )})
      SELECT (SELECT count(*)::int FROM followed) AS retried, (SELECT count(*)::int FROM queued) AS queued`,
  );
  if (queued > 0) await ring(tx, Channel.REQUESTS);
  return retried;
}

/** When to look at the rule again; or, where its placement failed and its time has come, the injector. */
async function scheduleNext(tx: Tx, rule: Rule, terms: RepairTerms): Promise<void> {
  if (rule.injectAt !== null && rule.injectAt <= terms.now) {
    await writeRule(tx, rule.id, [sql`state = ${lit(RuleState.INJECT)}`], terms.now);
    return await ring(tx, Channel.INJECTION);
  }
  await scheduleRepair(tx, rule.id);
}
