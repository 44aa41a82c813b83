import { type DidName, DidType } from '../vocabulary/index.js';
import { type Rule } from '../rules/index.js';
import { type RemedyName, wordsOf } from './cause-words.js';
import { type Remedy } from './explanation.js';
import { type GroupFacts } from './group-sentences.js';
import { declareBad } from './remedies-of-copies.js';
import { detach } from './remedies-of-dids.js';
import { forRse } from './remedies-of-rses.js';
import { forRule } from './remedies-of-rules.js';

/** What a group's remedies turn on, besides the group. */
export interface RemedyFacts {
  readonly rule: Rule;
  /** The rule's wire id. */
  readonly id: string;
  /** An expression of the rule's other RSEs, where there are enough of them with room. */
  readonly elsewhere: string | null;
  /** An RSE with a good copy that is closed for reading. */
  readonly closed: string | null;
  /** The limits that count what the source is read for. */
  readonly readLimits: readonly Remedy[];
}

/** What a person could do about a group; what is left of a phase that is over is not changed. Pure. */
export function remediesOf(group: GroupFacts, facts: RemedyFacts): Remedy[] {
  const remedies = mending(group, facts);
  return facts.rule.phaseOf === null
    ? remedies
    : remedies.filter(({ path }) => !path.startsWith(`/rules/${facts.id}`));
}

function mending(group: GroupFacts, facts: RemedyFacts): Remedy[] {
  const { id, rule } = facts;
  const { standing, cause } = group.row;
  if (standing === 'queued') {
    const hurry = rule.priority < 5 ? [forRule.hurry(id, 5)] : [];
    return [...group.holds.flatMap(({ remedy }) => remedy ?? []), ...hurry];
  }
  if (standing !== 'stuck' && standing !== 'lost' && standing !== 'waiting') return [];
  return wordsOf(cause ?? '').remedies.flatMap((name) => ONE[name](group, facts));
}

const ONE: Readonly<Record<RemedyName, (group: GroupFacts, facts: RemedyFacts) => Remedy[]>> = {
  'try again': ({ row, suspended }, { id }) =>
    row.standing === 'waiting' || suspended ? [] : [forRule.tryAgain(id)],
  'go elsewhere': ({ destination }, { id, elsewhere }) =>
    elsewhere === null
      ? []
      : [forRule.moveTo(id, elsewhere, `move the rule away from ${destination}`)],
  'open for writing': ({ destination }) => [forRse.open(destination, 'availability_write')],
  'open sources': (_group, { closed }) =>
    closed === null ? [] : [forRse.open(closed, 'availability_read')],
  'any source': (_group, { rule, id }) =>
    rule.sourceReplicaExpression === null ? [] : [forRule.anySource(id)],
  'declare bad': (group) => {
    const { source, row } = group;
    if (source === null || (group.sample?.declared ?? 0) > 0) return [];
    const reason = `${row.cause}: found by a transfer`;
    return [
      declareBad(
        names(group).map((did) => ({ ...did, rse: source })),
        reason,
        row.files,
      ),
    ];
  },
  'give up the files': (group, { rule }) =>
    rule.didType === DidType.DATASET
      ? [detach({ scope: rule.scope, name: rule.name }, names(group), group.row.files)]
      : [],
  'allow reading': (_group, { readLimits }) => [...readLimits],
};

/** Files that one request names: as many as still can be read. */
const NAMED = 20;
const names = ({ sample }: GroupFacts): readonly DidName[] => (sample?.names ?? []).slice(0, NAMED);
