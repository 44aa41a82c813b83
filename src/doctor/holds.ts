import { sql, type Tx } from '../db/index.js';
import { lockDids } from '../dids/index.js';
import { holdLocks, type LockKey } from '../locks/index.js';
import { lockCopies } from '../replicas/index.js';
import { holdRules } from '../rules/index.js';
import { type CopyKey, type DidId, type RuleId } from '../vocabulary/index.js';
import { byFile, type Denial } from './check.js';

/** Walks over copies and locks, and what a row of theirs is about: a copy `r`, a lock `l`. */
export const replicas = byFile(sql`replicas`);
export const locks = byFile(sql`locks`);
export const theCopy = { key: sql`r.did_id`, did: sql`r.did_id`, rse: sql`r.rse_id` };
export const theLock = {
  key: sql`l.did_id`,
  did: sql`l.did_id`,
  rse: sql`l.rse_id`,
  rule: sql`l.rule_id`,
};

/** Each once. */
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** The copies that these rows are about, each once, in key order. */
export function copiesOf(found: readonly Denial[]): CopyKey[] {
  const copies = new Map<string, CopyKey>();
  for (const { didId, rseId } of found) {
    if (didId !== null && rseId !== null) copies.set(`${didId}@${rseId}`, { didId, rseId });
  }
  return [...copies.values()].sort((a, b) =>
    a.didId === b.didId ? a.rseId - b.rseId : a.didId < b.didId ? -1 : 1,
  );
}

/** The locks that these rows are about. */
export const locksOf = (found: readonly Denial[]): LockKey[] =>
  found.flatMap(({ didId, rseId, ruleId }) =>
    didId === null || rseId === null || ruleId === null ? [] : [{ didId, rseId, ruleId }],
  );

/** The rules that these rows are about. */
export const rulesOf = (found: readonly Denial[]): RuleId[] =>
  distinct(found.flatMap(({ ruleId }) => ruleId ?? []));

/** The DIDs that these rows are about. */
export const didsOf = (found: readonly Denial[]): DidId[] =>
  distinct(found.flatMap(({ didId }) => didId ?? []));

/** Their keys. */
export const keysOf = (found: readonly Denial[]): bigint[] => distinct(found.map(({ key }) => key));

export const holdTheCopies = (tx: Tx, found: readonly Denial[]): Promise<unknown> =>
  lockCopies(tx, copiesOf(found));

export const holdTheRules = (tx: Tx, found: readonly Denial[]): Promise<unknown> =>
  holdRules(tx, rulesOf(found));

export const holdTheDids = (tx: Tx, found: readonly Denial[]): Promise<unknown> =>
  lockDids(tx, didsOf(found));

/** Copies before locks, as every writer does. */
export async function holdTheLocks(tx: Tx, found: readonly Denial[]): Promise<unknown> {
  await lockCopies(tx, copiesOf(found));
  return await holdLocks(tx, locksOf(found));
}
