import { RuleState, RuleStateCodec } from '../vocabulary/index.js';
import { driftLines } from './drift-lines.js';
import { movementLines } from './movement-lines.js';
import { phaseLines } from './phase-lines.js';
import { endingLines } from './rule-ending.js';
import { type RuleFacts } from './rule-facts.js';
import { LOCKS_MAX } from './rule-groups.sql.js';
import { clockTime, counted, dueAt, lasting } from './words.js';

/** What else is worth knowing, most important first. Pure. */
export function linesOf(facts: RuleFacts): string[] {
  return [
    ...partial(facts),
    ...placing(facts),
    ...suspending(facts),
    ...approving(facts),
    ...driftLines(facts),
    ...movementLines(facts.movements, facts),
    ...nameless(facts),
    ...phaseLines(facts),
    ...succession(facts),
    ...endingLines(facts),
    ...origin(facts),
  ];
}

function partial({ rule }: RuleFacts): string[] {
  const open = rule.locksReplicating + rule.locksStuck;
  if (open <= BigInt(LOCKS_MAX)) return [];
  return [
    `The groups count the first ${LOCKS_MAX.toLocaleString('en-US')} of ${counted(open, 'lock')} that are not OK`,
  ];
}

function placing({ rule, now, cursor }: RuleFacts): string[] {
  if (rule.state === RuleState.INJECT) {
    const lines = cursor ? [`It has come to ${cursor.scope}:${cursor.name}`] : [];
    if (rule.expiresAt && rule.expiresAt.getTime() - now.getTime() < 300_000) {
      lines.push('It ends within five minutes, and is not placed any more');
    }
    if (rule.splitContainer) lines.push('It is to become a rule for each dataset of the container');
    return lines;
  }
  if (rule.state !== RuleState.STUCK || rule.injectAt === null) return [];
  return [`Its copies could not be placed; the next try is ${dueAt(rule.injectAt, now)}`];
}

function suspending(facts: RuleFacts): string[] {
  const { rule, now, suspended, config } = facts;
  if (rule.state !== RuleState.SUSPENDED) return [];
  const { stuckAt } = rule;
  if (suspended && (!stuckAt || suspended.at.getTime() >= stuckAt.getTime() - 60_000)) {
    return [`${suspended.account ?? 'Somebody'} suspended it at ${clockTime(suspended.at, now)}`];
  }
  const { onStuck, attempts, afterSeconds } = rule.repairPolicy ?? {};
  const bounded = onStuck === 'suspend' && (attempts ?? afterSeconds ?? null) !== null;
  const limit = bounded
    ? `repaired ${counted(rule.repairAttempts, 'time')}, as its repair policy says`
    : `longer than ${lasting(config.rules.suspendAfterSeconds)} (rules.suspendAfterSeconds)`;
  return [
    `It was suspended by the judge: stuck since ${stuckAt ? clockTime(stuckAt, now) : 'long ago'}, ${limit}; ${rule.error ?? 'no reason is known'}`,
  ];
}

const approving = ({ rule }: RuleFacts): string[] =>
  rule.state === RuleState.WAITING_APPROVAL
    ? [
        'An approved rule is placed whatever the limits of the account say; nothing is reserved until then',
      ]
    : [];

const nameless = ({ namelessness, rule }: RuleFacts): string[] =>
  namelessness === null
    ? []
    : [`Nothing can be placed: ${namelessness}${rule.weight ? `, weight '${rule.weight}'` : ''}`];

function succession({ child, parents, rule }: RuleFacts): string[] {
  const lines = parents.map((id) => `Rule ${id} waits for this one to be OK, and then ends`);
  if (!child) return lines;
  const state = RuleStateCodec.name(child.state);
  return [
    `Rule ${rule.childRuleUid?.replaceAll('-', '')} takes its place when that is OK; it is ${state} (${child.locksOk} of ${child.locksOk + child.locksReplicating + child.locksStuck} copies)`,
    ...lines,
  ];
}

const origin = ({ subscription }: RuleFacts): string[] =>
  subscription
    ? [`It was made for the subscription ${subscription.name} of ${subscription.account}`]
    : [];
