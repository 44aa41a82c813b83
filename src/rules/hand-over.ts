import { lit, ring, sql, type Sql, type Tx } from '../db/index.js';
import { isMoving, isOfRule } from '../locks/index.js';
import { Channel, type DidId, DidType, type RseId } from '../vocabulary/index.js';
import { moveFiles } from './move-files.js';
import { type HandOver, moveGround, type Refused } from './move-ground.js';
import { moveUnits } from './move-units.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { alone } from './rule-units.js';
import { findSites, type Sites } from './sites.js';
import { placeSlice } from './slice.sql.js';

export { type HandOver, type Refused } from './move-ground.js';

/** What a hand-over came to. */
export interface HandedOver {
  /** Locks that are on their way. */
  readonly moved: number;
  readonly refused: readonly Refused[];
}

/**
 * Gives locks at one RSE successors at others, by their rule's own expression and limits: the new
 * locks, copies and requests are made now; a lock is let go when its successor is OK (`letGoNext`). What
 * stays together moves together. The rules' rows are held; they are one rule, or rules each on a file
 * of its own that differ in nothing else.
 *
 * Throws, before anything is written, what keeps all of them where they are: RSEWriteBlocked,
 * InsufficientTargetRSEs, InvalidRSEExpression, InvalidSourceReplicaExpression, InvalidRuleWeight.
 */
export async function handOverLocks(
  tx: Tx,
  rules: readonly Rule[],
  wish: HandOver,
  terms: JudgeTerms,
): Promise<HandedOver> {
  const [rule] = rules;
  if (!rule) return { moved: 0, refused: [] };
  const sites = await findSites(tx, rule);
  const ground = moveGround(tx, { rule, sites, now: terms.now }, wish);
  const { didIds, refused } = await (alone(rule) ? moveFiles(ground) : moveUnits(ground));
  const slice = { origin: wish.origin, didIds };
  return { moved: await placeSuccessors(tx, rules, sites, slice, terms), refused };
}

/** The new locks of a slice whose moves are written down. Gives how many locks move. */
async function placeSuccessors(
  tx: Tx,
  rules: readonly Rule[],
  sites: Sites,
  { didIds, origin }: { readonly didIds: readonly DidId[]; readonly origin: RseId },
  terms: JudgeTerms,
): Promise<number> {
  const [rule] = rules;
  if (!rule || didIds.length === 0) return 0;
  const ruleIds = rules.map(({ id }) => id);
  const ofRules = sql`(m.rule_id + 0) = ANY (${ruleIds}::bigint[])`;
  const moving = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d
    WHERE d.id = ANY (${[...didIds]}::bigint[])`;
  // OFFSET 0: a probe a file.
  const copies = sql`
    SELECT s.did_id, m.target_rse_id AS rse_id, s.bytes FROM slice s
     CROSS JOIN LATERAL (SELECT m.target_rse_id, m.rule_id FROM lock_moves m
       WHERE m.did_id = s.did_id AND m.rse_id = ${origin}::int AND ${ofRules} OFFSET 0) m
     WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = s.did_id AND l.rse_id = m.target_rse_id
                          AND ${isOfRule(sql`l`, sql`m.rule_id`)} OFFSET 0)`;
  const tally = await placeSlice(
    tx,
    { rule, ...(rule.didType === DidType.FILE && { ruleIds }), sites, files: moving, copies },
    terms,
  );
  if (tally.queued > 0) await ring(tx, Channel.REQUESTS);
  return tally.files;
}

/** Rows (did_id, rule_id, bytes): locks at an RSE of one rule that do not move yet, at most so many. */
export const locksAt = (rule: Rule, origin: RseId, limit: number): Sql => sql`
  SELECT l.did_id, l.rule_id, l.bytes FROM locks l
   WHERE l.rule_id = ${rule.id}::bigint AND l.rse_id = ${origin}::int AND NOT ${isMoving(sql`l`)}
   ORDER BY l.did_id LIMIT ${lit(limit)}`;
