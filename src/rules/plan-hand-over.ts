import { type Sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';
import { planFiles } from './move-files.js';
import { type HandOver, moveGround } from './move-ground.js';
import { planUnits } from './move-units.js';
import { type Rule } from './rule.js';
import { alone } from './rule-units.js';
import { findSites } from './sites.js';

/** Locks that could move: rows (did_id, rule_id, target), and the bytes that come to each RSE. */
export interface PlannedMove {
  readonly files: Sql;
  readonly charge: ReadonlyMap<RseId, bigint>;
}

/** What a plan may use: so many bytes leave at most, and come to each RSE. */
export interface MoveRoom {
  readonly bytesMax: bigint;
  readonly room: ReadonlyMap<RseId, bigint>;
}

/**
 * Where a rule's locks at one RSE could go, by the same decisions as `handOverLocks`. Writes nothing.
 * Throws as that does.
 */
export async function planHandOver(
  tx: Tx,
  rule: Rule,
  wish: HandOver,
  { bytesMax, room }: MoveRoom,
  now: Date,
): Promise<readonly PlannedMove[]> {
  const sites = await findSites(tx, rule);
  const ground = moveGround(tx, { rule, sites, now }, wish);
  ground.targets = ground.targets.map((candidate) => {
    const left = room.get(candidate.rseId);
    const least = left !== undefined && (candidate.spaceLeft ?? left) >= left;
    return least ? { ...candidate, spaceLeft: left } : candidate;
  });
  if (!alone(rule)) return await planUnits(ground, bytesMax);
  const planned = await planFiles(ground);
  return planned ? [planned] : [];
}
