import { only, sql, type Sql, type Tx } from '../db/index.js';
import {
  clearStuckLocks,
  confirmLocks,
  recordStuckLocks,
  reopenLocks,
  resumeLocks,
  type RetryTerms,
  stickLocks,
} from '../locks/index.js';
import { type Cause, type CopyKey, type RuleId } from '../vocabulary/index.js';
import { recountRules } from './counter.sql.js';
import { newsOf, tellRules } from './told.sql.js';

/** How many locks changed, and the rules that have come to something their owners want to know. */
interface Settled {
  readonly count: number;
  readonly news: RuleId[] | null;
}

/** What a statement settled: its news are told. Gives the number of locks. */
async function settled(tx: Tx, statement: Sql): Promise<number> {
  const { count, news } = await only<Settled>(tx, statement);
  await tellRules(tx, news);
  return count;
}

/** A copy that will not arrive by the request that was made for it. */
export interface FailedCopy extends CopyKey {
  readonly cause: Cause;
  readonly sourceRseId?: number | null;
  readonly error?: string | null;
  readonly expected?: string | null;
  readonly found?: string | null;
}

/**
 * The copies are there: every lock on them is OK, and rules that wait for nothing more are too.
 * A statement of its own, after the one that made the replicas AVAILABLE: only a fresh snapshot sees
 * a lock that was added while that one waited for the replica. Gives the number of locks confirmed.
 */
export async function confirmCopies(
  tx: Tx,
  copies: readonly CopyKey[],
  now: Date,
): Promise<number> {
  return await settleStuck(tx, copies, confirmLocks, now);
}

/** Copies went bad or were lost: their OK locks are REPLICATING again. Gives the number of locks. */
export async function reopenCopies(tx: Tx, copies: readonly CopyKey[], now: Date): Promise<number> {
  if (copies.length === 0) return 0;
  return await settled(
    tx,
    sql`WITH reopened AS (${reopenLocks(copyRows(copies))}),
      recounted AS (${recountRules(sql`SELECT * FROM reopened`, now)})
      SELECT count(*)::int AS count, ${newsOf(sql`recounted`)} AS news FROM reopened`,
  );
}

/**
 * Bad copies are made anew: their locks wait for that, those too that were stuck because the file was
 * lost. Gives the number of locks.
 */
export async function resumeCopies(tx: Tx, copies: readonly CopyKey[], now: Date): Promise<number> {
  return await settleStuck(tx, copies, resumeLocks, now);
}

/** Changes locks on copies by a piece of their room; what they were stuck for is over. */
async function settleStuck(
  tx: Tx,
  copies: readonly CopyKey[],
  change: (keys: Sql) => Sql,
  now: Date,
): Promise<number> {
  if (copies.length === 0) return 0;
  return await settled(
    tx,
    sql`WITH copies AS MATERIALIZED (${copyRows(copies)}),
      changed AS (${change(sql`SELECT did_id, rse_id FROM copies`)}),
      cleared AS (${clearStuckLocks(sql`SELECT did_id, rse_id FROM copies`)}),
      recounted AS (${recountRules(sql`SELECT * FROM changed`, now)})
      SELECT count(*)::int AS count, ${newsOf(sql`recounted`)} AS news FROM changed`,
  );
}

/**
 * The transfers to these copies failed for good: their locks are STUCK with the cause, and tried
 * again by the repairer. A statement of its own after the replicas were marked, as `confirmCopies`.
 * Gives the number of locks that stick.
 */
export async function stickCopies(
  tx: Tx,
  failures: readonly FailedCopy[],
  terms: RetryTerms,
): Promise<number> {
  if (failures.length === 0) return 0;
  return await stickFrom(tx, stickLocks(failureRows(failures)), terms);
}

/** Records what a piece such as `stickLocks` stuck, and recounts the rules. Gives the number of locks. */
export async function stickFrom(tx: Tx, stuck: Sql, terms: RetryTerms): Promise<number> {
  return await settled(
    tx,
    sql`WITH stuck AS (${stuck}),
      recorded AS (${recordStuckLocks(
        sql`SELECT did_id, rse_id, rule_id, cause, source_rse_id, error, expected, found FROM stuck`,
        terms,
      )}),
      recounted AS (${recountRules(sql`SELECT rule_id, ok, replicating, stuck, error FROM stuck`, terms.now)})
      SELECT count(*)::int AS count, ${newsOf(sql`recounted`)} AS news FROM stuck`,
  );
}

const copyRows = (copies: readonly CopyKey[]): Sql => sql`
  SELECT DISTINCT did_id, rse_id
    FROM unnest(${copies.map((copy) => copy.didId)}::bigint[],
                ${copies.map((copy) => copy.rseId)}::int[]) c(did_id, rse_id)`;

function failureRows(failures: readonly FailedCopy[]): Sql {
  const column = <T>(value: (failure: FailedCopy) => T) => failures.map(value);
  return sql`
    SELECT DISTINCT ON (did_id, rse_id) did_id, rse_id, cause, source_rse_id, error, expected, found
      FROM unnest(
        ${column((f) => f.didId)}::bigint[], ${column((f) => f.rseId)}::int[],
        ${column((f) => f.cause)}::text[], ${column((f) => f.sourceRseId ?? null)}::int[],
        ${column((f) => f.error ?? null)}::text[], ${column((f) => f.expected ?? null)}::text[],
        ${column((f) => f.found ?? null)}::text[]
      ) f(did_id, rse_id, cause, source_rse_id, error, expected, found)`;
}
