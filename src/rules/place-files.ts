import { randomUUID } from 'node:crypto';
import { rows, lit, sql, type Tx } from '../db/index.js';
import { type DidId, ReplicaState, type RseId } from '../vocabulary/index.js';
import { type Candidate, demandCopies } from './copy-placement.js';
import { type Injection } from './inject-rule.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { formerOf } from './phase.js';
import { type AddedRule, duplicateOf, duplicatesOf, type NewRule } from './new-rule.sql.js';
import { addPlacedRules, type ChosenCopy } from './placed-rules.sql.js';
import { scheduleRepair } from './rule.sql.js';
import { findSites, type Sites } from './sites.js';
import { placeSlice } from './slice.sql.js';
import { held, theseCopies } from './spread.sql.js';

/**
 * Places new rules, each on a file of its own, that differ in nothing else: as `injectRule` would one
 * after the other, by as many statements as for one. Quota and space are what the files before leave.
 * Throws what placing may: InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota,
 * InvalidRSEExpression, RSEWriteBlocked, InvalidRuleWeight, InvalidSourceReplicaExpression.
 */
export async function placeFiles(
  tx: Tx,
  rules: readonly Rule[],
  terms: JudgeTerms,
): Promise<Injection> {
  const [rule] = rules;
  if (!rule) return { locks: 0, queued: 0, more: false };
  const sites = await findSites(tx, { ...rule, formerOf: formerOf(rules) });
  const didIds = rules.map(({ didId }) => didId);
  const copies = await chooseForFiles(tx, { didIds, copies: rule.copies }, sites);
  const slice = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d
    WHERE d.id = ANY (${[...new Set(copies.map(({ didId }) => didId))]}::bigint[])`;
  const ruleIds = rules.map(({ id }) => id);
  const tally = await placeSlice(
    tx,
    { rule, ruleIds, sites, files: slice, copies: theseCopies(copies), whole: true },
    terms,
  );
  await scheduleRepair(tx, ruleIds);
  return { locks: tally.locks, queued: tally.queued, more: false };
}

/** What rules that are to be, and differ in nothing but the file, came to. */
export interface NewFileRules {
  readonly made: ReadonlyMap<DidId, AddedRule>;
  readonly queued: number;
}

/**
 * Makes new rules on files, placed as `placeFiles` places those that are there. Throws DuplicateRule,
 * and what placing may.
 */
export async function addRulesOnFiles(
  tx: Tx,
  rule: NewRule,
  terms: JudgeTerms,
): Promise<NewFileRules> {
  const former = rule.phase && rule.restoredUid ? [rule.restoredUid] : [];
  const sites = await findSites(tx, { ...rule, formerOf: former });
  // Under the quota's lock: what the account has had made before is seen, and takes no more room.
  const there = await duplicatesOf(tx, rule);
  const didIds = [...new Set(rule.didIds)].filter((didId) => !there.has(didId));
  if (didIds.length < rule.didIds.length && !rule.ignoreDuplicate) throw duplicateOf(rule);
  const files = didIds.map((didId) => ({ didId, uid: rule.restoredUid ?? randomUUID() }));
  if (files.length === 0) return { made: new Map(), queued: 0 };
  const copies = await chooseForFiles(tx, { didIds, copies: rule.copies }, sites);
  const { made, ...tally } = await addPlacedRules(tx, { rule, files, copies, sites }, terms);
  if (made.length < files.length && !rule.ignoreDuplicate) throw duplicateOf(rule);
  if (tally.stuck) {
    await scheduleRepair(
      tx,
      made.map(({ id }) => id),
    );
  }
  const ids = new Map(made.map(({ didId, id }) => [didId, id]));
  const added = files.flatMap(({ didId, uid }) => {
    const id = ids.get(didId);
    return id === undefined ? [] : [[didId, { id, uid }] as const];
  });
  return { made: new Map(added), queued: tally.queued };
}

/** The copies of each file, one after the other within what those before it leave. */
async function chooseForFiles(
  tx: Tx,
  wish: { readonly didIds: readonly DidId[]; readonly copies: number },
  sites: Sites,
): Promise<ChosenCopy[]> {
  let { candidates } = sites;
  const files = await unitFiles(tx, wish.didIds, candidates);
  return files.flatMap((file) => {
    const { didId, bytes, there } = file;
    const rses = demandCopies(
      { id: didId, bytes, copies: wish.copies },
      candidates.map((candidate) => ({ ...candidate, ...there.get(candidate.rseId) })),
      sites.constraints,
    );
    candidates = candidates.map((it) => (rses.includes(it.rseId) ? lessRoom(it, file) : it));
    return rses.map((rseId) => ({ didId, rseId, bytes }));
  });
}

/** A file that is placed as one unit. */
interface UnitFile {
  readonly didId: DidId;
  readonly bytes: bigint;
  /** What each candidate has of it, where it has a copy in whatever state. */
  readonly there: Map<RseId, Pick<Candidate, 'heldBytes' | 'inDeletion'>>;
}

/** A copy takes quota wherever it is, and space where it is new. */
const lessRoom = (candidate: Candidate, { bytes, there }: UnitFile): Candidate => ({
  ...candidate,
  quotaLeft: candidate.quotaLeft === null ? null : candidate.quotaLeft - bytes,
  spaceLeft:
    candidate.spaceLeft === null || there.has(candidate.rseId)
      ? candidate.spaceLeft
      : candidate.spaceLeft - bytes,
});

/** The files in their order, each with its copies at the candidates. */
async function unitFiles(
  tx: Tx,
  ids: readonly DidId[],
  candidates: readonly Candidate[],
): Promise<UnitFile[]> {
  const found = await rows<{
    didId: DidId;
    bytes: bigint;
    rseId: RseId | null;
    heldBytes: bigint;
    inDeletion: boolean;
  }>(
    tx,
    sql`SELECT d.id AS "didId", coalesce(d.bytes, 0)::bigint AS bytes, r.rse_id AS "rseId",
               CASE WHEN r.state IN (${held}) THEN r.bytes ELSE 0 END::bigint AS "heldBytes",
               coalesce(r.state = ${lit(ReplicaState.BEING_DELETED)}, false) AS "inDeletion"
          FROM dids d LEFT JOIN LATERAL (
            SELECT x.rse_id, x.state, x.bytes FROM replicas x
             WHERE x.did_id = d.id
               AND (x.rse_id + 0) = ANY (${candidates.map(({ rseId }) => rseId)}::int[]) OFFSET 0) r ON true
         WHERE d.id = ANY (${[...ids]}::bigint[])`,
  );
  const files = new Map<DidId, UnitFile>();
  for (const { didId, bytes, rseId, heldBytes, inDeletion } of found) {
    const file = files.get(didId) ?? { didId, bytes, there: new Map() };
    if (rseId !== null) file.there.set(rseId, { heldBytes, inDeletion });
    files.set(didId, file);
  }
  return ids.flatMap((id) => files.get(id) ?? []);
}
