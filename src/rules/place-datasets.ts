import { lit, rows, sql, type Tx } from '../db/index.js';
import { type DidId, ReplicaState, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Candidate, demandCopies } from './copy-placement.js';
import { type Injection } from './inject-rule.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { finishInjection, storePlacements } from './injection.sql.js';
import { scheduleRepair } from './rule.sql.js';
import { findSites } from './sites.js';
import { type PlacedDataset } from './slice-owner.sql.js';
import { placeSlice } from './slice.sql.js';
import { held } from './spread.sql.js';

/**
 * Places new rules, each on a dataset of its own that stays together, that differ in nothing else: as
 * `injectRule` would one after the other, by as many statements as for one. Quota and space are what
 * the datasets before leave; of a file that is in several, each counts the whole.
 * Throws what placing may: InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota,
 * InvalidRSEExpression, RSEWriteBlocked, InvalidRuleWeight, InvalidSourceReplicaExpression.
 */
export async function placeDatasets(
  tx: Tx,
  rules: readonly Rule[],
  terms: JudgeTerms,
): Promise<Injection> {
  const [rule] = rules;
  if (!rule) return { locks: 0, queued: 0, more: false };
  const sites = await findSites(tx, rule);
  const didIds = rules.map(({ didId }) => didId);
  const units = await unitsOf(tx, didIds, sites.candidates);
  let candidates = sites.candidates;
  const chosen = rules.map(({ id, didId, copies }) => {
    const unit = units.get(didId) ?? { bytes: 0n, there: new Map<RseId, Presence>() };
    const rses = demandCopies(
      { id: didId, bytes: unit.bytes, copies },
      candidates.map((candidate) => ({ ...candidate, ...unit.there.get(candidate.rseId) })),
    );
    candidates = candidates.map((it) => (rses.includes(it.rseId) ? lessRoom(it, unit) : it));
    return { ruleId: id, didId, rses };
  });
  if (rule.grouping === RuleGrouping.ALL) await storePlacements(tx, chosen);
  const datasets = chosen.flatMap(({ didId, rses }) => rses.map((rseId) => ({ didId, rseId })));
  const ruleIds = rules.map(({ id }) => id);
  const { locks, queued } = await placeSlice(
    tx,
    { rule, ruleIds, datasets, sites, files: filesOfAll(didIds), copies: copiesOfAll(datasets) },
    terms,
  );
  await finishInjection(tx, ruleIds, terms.now);
  await scheduleRepair(tx, ruleIds);
  return { locks, queued, more: false };
}

/** What an RSE has of a dataset. */
interface Presence {
  readonly heldBytes: bigint;
  readonly inDeletion: boolean;
  /** Of copies in whatever state: they take no more space. */
  readonly knownBytes: bigint;
}

interface Unit {
  readonly bytes: bigint;
  readonly there: Map<RseId, Presence>;
}

/** A lock takes quota wherever it is, and a copy space where it is new. */
const lessRoom = (candidate: Candidate, { bytes, there }: Unit): Candidate => ({
  ...candidate,
  quotaLeft: candidate.quotaLeft === null ? null : candidate.quotaLeft - bytes,
  spaceLeft:
    candidate.spaceLeft === null
      ? null
      : candidate.spaceLeft - bytes + (there.get(candidate.rseId)?.knownBytes ?? 0n),
});

/** The datasets' sizes, and what the candidates have of them; one without files is not in the map. */
async function unitsOf(
  tx: Tx,
  didIds: readonly DidId[],
  candidates: readonly Candidate[],
): Promise<Map<DidId, Unit>> {
  const sizes = await rows<{ didId: DidId; bytes: bigint }>(
    tx,
    sql`SELECT ct.parent_id AS "didId", coalesce(sum(d.bytes), 0)::bigint AS bytes FROM contents ct
        CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = ct.child_id OFFSET 0) d
        WHERE ct.parent_id = ANY (${[...didIds]}::bigint[]) GROUP BY ct.parent_id`,
  );
  const units = new Map(
    sizes.map(({ didId, bytes }) => [didId, { bytes, there: new Map<RseId, Presence>() }]),
  );
  const found = await rows<Presence & { didId: DidId; rseId: RseId }>(
    tx,
    sql`SELECT ct.parent_id AS "didId", r.rse_id AS "rseId",
               coalesce(sum(r.bytes) FILTER (WHERE r.state IN (${held})), 0)::bigint AS "heldBytes",
               bool_or(r.state = ${lit(ReplicaState.BEING_DELETED)}) AS "inDeletion",
               sum(r.bytes)::bigint AS "knownBytes"
          FROM contents ct CROSS JOIN LATERAL (
            SELECT x.rse_id, x.state, x.bytes FROM replicas x
             WHERE x.did_id = ct.child_id
               AND (x.rse_id + 0) = ANY (${candidates.map(({ rseId }) => rseId)}::int[]) OFFSET 0) r
         WHERE ct.parent_id = ANY (${[...didIds]}::bigint[]) GROUP BY ct.parent_id, r.rse_id`,
  );
  for (const { didId, rseId, ...presence } of found) units.get(didId)?.there.set(rseId, presence);
  return units;
}

// OFFSET 0: a probe a dataset. As a join, all contents there are would be read in the order of the files.

/** Every file of these datasets, once. */
const filesOfAll = (didIds: readonly DidId[]) => sql`
  SELECT f.did_id, coalesce(d.bytes, 0) AS bytes
    FROM (SELECT DISTINCT ct.child_id AS did_id
            FROM unnest(${[...didIds]}::bigint[]) AS i(did_id) CROSS JOIN LATERAL (
              SELECT x.child_id FROM contents x WHERE x.parent_id = i.did_id OFFSET 0) ct) f
   CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = f.did_id OFFSET 0) d`;

/** Every copy that one of these datasets wants, once; of files that still exist. */
const copiesOfAll = (datasets: readonly PlacedDataset[]) => sql`
  SELECT c.did_id, c.rse_id, coalesce(d.bytes, 0) AS bytes
    FROM (SELECT DISTINCT ct.child_id AS did_id, i.rse_id
            FROM unnest(${datasets.map(({ didId }) => didId)}::bigint[],
                        ${datasets.map(({ rseId }) => rseId)}::int[]) AS i(did_id, rse_id)
            CROSS JOIN LATERAL (
              SELECT x.child_id FROM contents x WHERE x.parent_id = i.did_id OFFSET 0) ct) c
   CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = c.did_id OFFSET 0) d`;
