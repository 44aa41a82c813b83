import { ring, sql, type Tx } from '../db/index.js';
import {
  endMoves,
  FIRST_MOVE,
  lastMove,
  type MoveKey,
  type MoveScope,
  releaseTheseLocks,
  replacedLocks,
} from '../locks/index.js';
import { type ReleaseTerms } from '../replicas/index.js';
import { Channel, type RuleId } from '../vocabulary/index.js';
import { releaseOfMany } from './release-locks.js';

/** What one look at some of the locks that move came to. */
export interface LettingGo {
  readonly released: number;
  /** Where the next look goes on; undefined: these were the last. */
  readonly next: MoveKey | undefined;
}

/**
 * Looks at the next `limit` locks that move, from a key on: those whose place another lock has taken,
 * which is OK, are let go; a move is over when either of the two has gone. Copies that lose their last
 * lock so are guarded: they are not the last ones to go.
 */
export async function letGoNext(
  tx: Tx,
  after: MoveKey | undefined,
  limit: number,
  terms: ReleaseTerms,
): Promise<LettingGo> {
  const page = { after: after ?? FIRST_MOVE };
  const last = await lastMove(tx, page.after, limit);
  if (!last) return { released: 0, next: undefined };
  return { released: await letGo(tx, { ...page, last }, limit, terms), next: last };
}

/** The same for one rule, of which at most `limit` locks are let go. Gives how many. */
export const letGoOfRule = (
  tx: Tx,
  ruleId: RuleId,
  limit: number,
  terms: ReleaseTerms,
): Promise<number> => letGo(tx, { ruleId }, limit, terms);

async function letGo(
  tx: Tx,
  scope: MoveScope,
  limit: number,
  terms: ReleaseTerms,
): Promise<number> {
  const purges = sql`(SELECT m.purge FROM lock_moves m
    WHERE m.did_id = g.did_id AND m.rse_id = g.rse_id AND m.rule_id = g.rule_id)`;
  const gone = releaseTheseLocks(replacedLocks(scope, limit));
  const released = await releaseOfMany(tx, gone, purges, { ...terms, guard: 'move' });
  await endMoves(tx, scope);
  if (released > 0) await ring(tx, Channel.DELETION);
  return released;
}
