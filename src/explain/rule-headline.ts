import { RuleState, RuleStateCodec } from '../vocabulary/index.js';
import { type RuleFacts } from './rule-facts.js';
import { LOCKS_MAX } from './rule-groups.sql.js';
import { clockTime, counted, listed, sized } from './words.js';

const nameOf = ({ rses }: RuleFacts, rseId: number): string =>
  rses.get(rseId)?.name ?? 'an RSE that is gone';

/** How the rule stands, in one sentence. Pure. */
export function headline(facts: RuleFacts): string {
  const { rule, now, groups } = facts;
  const name = RuleStateCodec.name(rule.state);
  const locks = rule.locksOk + rule.locksReplicating + rule.locksStuck;
  const progress = `${rule.locksOk.toLocaleString('en-US')} of ${counted(locks, 'copy', 'copies')} there`;
  switch (rule.state) {
    case RuleState.OK:
      return `${name}: ${heldAt(facts)}`;
    case RuleState.REPLICATING:
      return `${name}: ${progress}; ${toDo(facts)}`;
    case RuleState.STUCK: {
      const since = rule.stuckAt ? ` since ${clockTime(rule.stuckAt, now)}` : '';
      const why =
        groups[0] === undefined || rule.injectAt ? (rule.error ?? 'not known why') : toDo(facts);
      return `${name}${since}: ${why}; ${progress}`;
    }
    case RuleState.SUSPENDED:
      return `${name}: nobody works on it; ${progress}`;
    case RuleState.WAITING_APPROVAL:
      return `${name} since ${clockTime(rule.createdAt, now)}: ${listed([...facts.admins])} may approve it`;
    case RuleState.INJECT:
      return rule.injectAt && rule.injectAt > now
        ? `${name}: it is placed not before ${clockTime(rule.injectAt, now)}`
        : `${name}: it waits for the injector, ${facts.before === 0n ? 'none' : counted(facts.before, 'rule')} before it`;
  }
}

function heldAt(facts: RuleFacts): string {
  const { holdings, rule } = facts;
  if (holdings.length === 0) return 'there is nothing below its DID to hold';
  const places = holdings.map(
    ({ rseId, files, bytes }) =>
      `${nameOf(facts, rseId)} (${counted(files, 'file')}, ${sized(bytes)})`,
  );
  const part =
    rule.locksOk > BigInt(LOCKS_MAX) ? ` (of the first ${counted(LOCKS_MAX, 'lock')})` : '';
  return `${counted(rule.locksOk, 'copy', 'copies')} held at ${listed(places)}${part}`;
}

function toDo({ rule }: RuleFacts): string {
  const parts: string[] = [];
  if (rule.locksStuck > 0n) parts.push(`${rule.locksStuck.toLocaleString('en-US')} stuck`);
  if (rule.locksReplicating > 0n)
    parts.push(`${rule.locksReplicating.toLocaleString('en-US')} on their way`);
  return parts.join(', ') || 'nothing left to copy';
}
