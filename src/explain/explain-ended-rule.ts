import { type Tx } from '../db/index.js';
import { type DeletedRule, findDeletedRule } from '../rules/index.js';
import { RuleState, RuleStateCodec, wireId } from '../vocabulary/index.js';
import { blank, type Explanation } from './explanation.js';
import { forRule } from './remedies-of-rules.js';
import { type Desk } from './rule-facts.js';
import { clockTime, counted } from './words.js';

/**
 * A rule that stands in the history only: when it ended, as what, and how it comes back. Throws
 * RuleNotFound, also once the history has let it go.
 */
export async function explainEndedRule(tx: Tx, id: string, { now }: Desk): Promise<Explanation> {
  const past = await findDeletedRule(tx, id);
  const uid = wireId(past.uid);
  const ended = clockTime(past.deletedAt, now);
  const wish = `${counted(past.copies, 'copy', 'copies')} on ${past.rseExpression}`;
  return {
    ...blank('rule', `rule ${uid} of ${past.account} on ${past.scope}:${past.name}`),
    state: 'ENDED',
    summary: `It ended at ${ended}, as ${RuleStateCodec.name(past.state)}: ${wish}; it holds nothing any more`,
    lines: past.comment ? [`Its comment: ${past.comment}`] : [],
    remedies: isRestorable(past) ? [forRule.restore(uid)] : [],
    facts: {
      did: `${past.scope}:${past.name}`,
      account: past.account,
      rse_expression: past.rseExpression,
      copies: past.copies,
      ended_at: past.deletedAt,
    },
  };
}

/** What never held anything has to be asked for anew. */
const isRestorable = ({ state, splitContainer }: DeletedRule): boolean =>
  state !== RuleState.WAITING_APPROVAL && !splitContainer;
