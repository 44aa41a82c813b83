import { RuleState } from '../vocabulary/index.js';
import { type RuleFacts } from './rule-facts.js';
import { clockTime, counted, lasting } from './words.js';

/** When the rule ends, and what goes then. Pure. */
export function endingLines(facts: RuleFacts): string[] {
  const { rule, now, child } = facts;
  const at = rule.expiresAt;
  if (at === null) {
    if (rule.state !== RuleState.OK) return [];
    const eol = rule.eolAt ? `; its end of life is ${clockTime(rule.eolAt, now)}` : '';
    return [`It has no end${eol}`, ...lastCopies(facts, 'if it were deleted')];
  }
  if (rule.locked) return [`It is locked: it does not end at ${clockTime(at, now)} as it would`];
  if (at > now) return [`It ends at ${clockTime(at, now)}`, ...lastCopies(facts, 'then')];
  return child && child.state !== RuleState.OK
    ? [`It should have ended at ${clockTime(at, now)}, and waits for its child`]
    : [
        `It ended at ${clockTime(at, now)}: the judge takes its locks`,
        ...lastCopies(facts, 'then'),
      ];
}

function lastCopies({ dependence, rule, config }: RuleFacts, when: string): string[] {
  if (!dependence || dependence.looked === 0) return [];
  const { looked, alone, last } = dependence;
  const locks = rule.locksOk + rule.locksReplicating + rule.locksStuck;
  const of =
    locks > BigInt(looked) * BigInt(rule.copies)
      ? `of the first ${counted(looked, 'file')}`
      : `of ${counted(looked, 'file')}`;
  if (alone === 0) return [`Other rules hold all its files too (${of})`];
  const delay = config.replicas.tombstoneDelaySeconds;
  const soon =
    rule.purgeReplicas || delay <= 0
      ? 'at once where the RSE is greedy, else when it needs the space'
      : `${lasting(delay)} after their last use`;
  return [
    `${alone.toLocaleString('en-US')} ${of} ${alone === 1 ? 'is' : 'are'} held by no other rule: ${when} their copies may be deleted${rule.purgeReplicas ? ' at once' : `, ${soon}`}`,
    ...(last > 0
      ? [
          `Of ${counted(last, 'file')} all good copies are held by this rule alone: they are the last ones`,
        ]
      : []),
  ];
}
