import { rows, lit, sql, type Tx } from '../db/index.js';
import { type DidId, ReplicaState, type RseId } from '../vocabulary/index.js';
import { type Candidate, demandCopies } from './copy-placement.js';
import { type Injection } from './inject-rule.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { formerOf } from './phase.js';
import { finishInjection } from './injection.sql.js';
import { scheduleRepair } from './rule.sql.js';
import { findSites } from './sites.js';
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
  const files = await filesOfRules(tx, rules, sites.candidates);
  let candidates = sites.candidates;
  const copies = files.flatMap((file) => {
    const unit = { id: file.didId, bytes: file.bytes, copies: rule.copies };
    const rses = demandCopies(
      unit,
      candidates.map((candidate) => ({ ...candidate, ...file.there.get(candidate.rseId) })),
      sites.constraints,
    );
    candidates = candidates.map((it) => (rses.includes(it.rseId) ? lessRoom(it, file) : it));
    return rses.map((rseId) => ({ didId: file.didId, rseId }));
  });
  const slice = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d
    WHERE d.id = ANY (${files.map(({ didId }) => didId)}::bigint[])`;
  const ruleIds = rules.map(({ id }) => id);
  const tally = await placeSlice(
    tx,
    { rule, ruleIds, sites, files: slice, copies: theseCopies(copies) },
    terms,
  );
  await finishInjection(tx, ruleIds, terms.now);
  await scheduleRepair(tx, ruleIds);
  return { locks: tally.locks, queued: tally.queued, more: false };
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

/** The rules' files in the rules' order, each with its copies at the candidates. */
async function filesOfRules(
  tx: Tx,
  rules: readonly Rule[],
  candidates: readonly Candidate[],
): Promise<UnitFile[]> {
  const ids = rules.map(({ didId }) => didId);
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
         WHERE d.id = ANY (${ids}::bigint[])`,
  );
  const files = new Map<DidId, UnitFile>();
  for (const { didId, bytes, rseId, heldBytes, inDeletion } of found) {
    const file = files.get(didId) ?? { didId, bytes, there: new Map() };
    if (rseId !== null) file.there.set(rseId, { heldBytes, inDeletion });
    files.set(didId, file);
  }
  return ids.flatMap((id) => files.get(id) ?? []);
}
