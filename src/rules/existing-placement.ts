import { rows, sql, type Sql, type Tx } from '../db/index.js';
import { isMoving, isLockOf } from '../locks/index.js';
import { type DidId, RuleGrouping, type RseId } from '../vocabulary/index.js';
import { type Rule } from './rule.js';

/** Enough files to tell where a unit is; single files may have been moved by a repair. */
const SAMPLE = 1000;

/**
 * Where a rule has the copies of a unit: decided and stored, or else told by a sample of its locks.
 * At most `copies` RSEs, those with most locks first; empty where nothing is placed. Where its locks are
 * moving away from does not count.
 */
export async function existingPlacement(
  tx: Tx,
  rule: Rule,
  dataset: DidId,
): Promise<readonly RseId[]> {
  const stored =
    rule.grouping === RuleGrouping.ALL
      ? rule.placement?.rses
      : rule.placement?.datasets?.[String(dataset)];
  if (stored) return stored;
  if (rule.locksOk + rule.locksReplicating + rule.locksStuck === 0n) return [];
  const sample =
    rule.grouping === RuleGrouping.ALL ? ofRule(rule) : ofDataset(rule, sql`${dataset}::bigint`);
  const found = await rows<{ rseId: RseId }>(
    tx,
    sql`SELECT s.rse_id AS "rseId" FROM (${sample}) s GROUP BY s.rse_id
         ORDER BY count(*) DESC, s.rse_id LIMIT ${rule.copies}::int`,
  );
  return found.map(({ rseId }) => rseId);
}

/** The same for several datasets of a rule, by one statement; those without locks are not in the map. */
export async function existingPlacements(
  tx: Tx,
  rule: Rule,
  datasets: readonly DidId[],
): Promise<Map<DidId, RseId[]>> {
  const placements = new Map<DidId, RseId[]>();
  if (rule.locksOk + rule.locksReplicating + rule.locksStuck === 0n) return placements;
  const found = await rows<{ didId: DidId; rseId: RseId }>(
    tx,
    sql`SELECT i.did_id AS "didId", s.rse_id AS "rseId" FROM unnest(${[...datasets]}::bigint[]) AS i(did_id)
         CROSS JOIN LATERAL (${ofDataset(rule, sql`i.did_id`)}) s
         GROUP BY i.did_id, s.rse_id ORDER BY i.did_id, count(*) DESC, s.rse_id`,
  );
  for (const { didId, rseId } of found) {
    const known = placements.get(didId);
    if (!known) placements.set(didId, [rseId]);
    else if (known.length < rule.copies) known.push(rseId);
  }
  return placements;
}

const ofRule = (rule: Rule): Sql =>
  sql`SELECT l.rse_id FROM locks l
       WHERE l.rule_id = ${rule.id} AND NOT ${isMoving(sql`l`)} LIMIT ${SAMPLE}::int`;

/** OFFSET 0 and ORDER BY: by the dataset's key and a probe a file, never all locks or all contents. */
const ofDataset = (rule: Rule, dataset: Sql): Sql => sql`
  SELECT h.rse_id FROM contents ct
   CROSS JOIN LATERAL (
     SELECT l.rse_id FROM locks l
      WHERE l.did_id = ct.child_id AND ${isLockOf(sql`l`, sql`${rule.id}::bigint`)}
        AND NOT ${isMoving(sql`l`)} OFFSET 0) h
   WHERE ct.parent_id = ${dataset} ORDER BY ct.child_id LIMIT ${SAMPLE}::int`;
