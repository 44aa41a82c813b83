import { rows, sql, type Sql, type Tx } from '../db/index.js';
import { InsufficientTargetRSEs, type SluiceError } from '../errors/index.js';
import { addMoves, isMoving, type MoveReason } from '../locks/index.js';
import { type DidId, type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { type Rule } from './rule.js';
import { type SiteConstraints } from './site-constraints.js';
import { type Sites } from './sites.js';

/** Locks that another RSE is to take over. */
export interface HandOver extends Omit<MoveReason, 'now'> {
  /** Where they are. */
  readonly origin: RseId;
  /** Rows (did_id, rule_id): files with a lock of the rule there, a file once. At most a slice. */
  readonly files: Sql;
  /** Only to these RSEs. */
  readonly targets?: readonly RseId[];
  /** Other RSEs that locks on these files are to leave too: whatever is chosen need not fit those. */
  readonly leaving?: readonly RseId[];
}

/** Files (rows (did_id)) whose locks stay where they are, and why. */
export interface Refused {
  readonly files: Sql;
  readonly error: SluiceError;
}

/** What was decided of a slice: files whose locks move, and those whose locks stay. */
export interface Decided {
  readonly didIds: readonly DidId[];
  readonly refused: readonly Refused[];
}

/** What the moves of a slice are decided on. */
export interface MoveGround {
  readonly tx: Tx;
  readonly rule: Rule;
  readonly wish: HandOver;
  readonly now: Date;
  readonly constraints: SiteConstraints | null;
  /** Where the locks may go, less what was decided so far. */
  targets: readonly Candidate[];
}

/** Where a rule's locks may go from an RSE. Throws InsufficientTargetRSEs where that is nowhere. */
export function moveGround(
  tx: Tx,
  { rule, sites, now }: { readonly rule: Rule; readonly sites: Sites; readonly now: Date },
  wish: HandOver,
): MoveGround {
  const left = [wish.origin, ...(wish.leaving ?? [])];
  const targets = sites.candidates.filter(
    ({ rseId, weight }) =>
      weight !== null &&
      rseId !== wish.origin &&
      !sites.unwritable.includes(rseId) &&
      (wish.targets?.includes(rseId) ?? true),
  );
  if (targets.every(({ rseId }) => left.includes(rseId))) {
    throw new InsufficientTargetRSEs(
      `The expression '${rule.rseExpression}' names no other RSE that can be written now`,
      { rule: rule.uid, expression: rule.rseExpression },
    );
  }
  return { tx, rule, wish, now, constraints: sites.constraints, targets };
}

/** Writes moves down, `from` giving (did_id, rule_id, target). Gives the files whose locks did not move yet. */
export async function writeMoves(
  { tx, wish, now }: MoveGround,
  from: Sql,
): Promise<readonly DidId[]> {
  const moves = sql`SELECT t.did_id, ${wish.origin}::int AS rse_id, t.rule_id, t.target AS target_rse_id
                      FROM (${from}) t`;
  const { cause, purge } = wish;
  const added = await rows<{ did_id: DidId }>(tx, addMoves(moves, { cause, purge, now }));
  return added.map(({ did_id: didId }) => didId);
}

/** Condition on lock `l` of the rule: what is chosen has to fit it, as it stays where it is. */
export const isStaying = ({ origin, leaving = [] }: Pick<HandOver, 'origin' | 'leaving'>): Sql =>
  sql`(l.rse_id <> ALL (${[origin, ...leaving]}::int[]) AND NOT ${isMoving(sql`l`)})`;

/** Every RSE that may be written has a copy already, or none may be. */
export const noneLeft = (
  rule: Pick<Rule, 'rseExpression' | 'copies'> & { readonly uid?: string },
): SluiceError =>
  new InsufficientTargetRSEs(
    `The expression '${rule.rseExpression}' names no RSE that can be written now and has none of the ${rule.copies} copies yet`,
    { rule: rule.uid, expression: rule.rseExpression },
  );
