import { type Tx } from '../db/index.js';
import { resolveRses } from '../rses/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type StandingOrder } from './apply-order.js';
import { endedRules } from './backfill.sql.js';
import { SluiceError } from '../errors/index.js';

/**
 * Which of these DIDs had the rules of one entry (counted from 1) of an order, and have them no more:
 * they expired, or somebody deleted them. A backfill leaves those alone. An entry whose copies stand on
 * RSEs associated with another's goes by that one.
 */
export async function endedEntry(
  tx: Tx,
  order: StandingOrder,
  entry: number,
  ids: readonly DidId[],
): Promise<ReadonlySet<DidId>> {
  const rule = order.rules[entry - 1];
  if (!rule) return new Set();
  const { chain } = rule;
  if (chain?.algorithm === 'associated_site') {
    return await endedEntry(tx, order, chain.after + 1, ids);
  }
  const single = order.filter.splitRule || chain !== null;
  const wanted = rule.phases ?? [rule];
  const expressions = single
    ? await namesOf(tx, rule.rseExpression)
    : wanted.map(({ rseExpression }) => rseExpression);
  return await endedRules(tx, order.subscription.uid, ids, expressions);
}

/** The RSEs of an expression; none where it names none now, which is told when rules are made. */
async function namesOf(tx: Tx, expression: string): Promise<string[]> {
  try {
    return (await resolveRses(tx, expression)).map(({ name }) => name);
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
}
