import { type RuleDrift } from '../rules/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type RuleFacts } from './rule-facts.js';
import { clockTime, counted, listed } from './words.js';

const nameOf = ({ rses }: RuleFacts, rseId: RseId): string =>
  rses.get(rseId)?.name ?? 'an RSE that is gone';

/** Where the rule holds copies that it would not have there any more, since when and why. Pure. */
export const driftLines = (facts: RuleFacts): string[] =>
  facts.drifts.map((drift) => {
    const copies = `holds ${counted(drift.locks, 'copy', 'copies')} of the rule`;
    const what = `Drift: ${nameOf(facts, drift.rseId)} ${whyOf(facts, drift)} and ${copies}`;
    return drift.error === null
      ? what
      : `${what}; they could not be placed elsewhere: ${drift.error}`;
  });

/** `… is not in 'tier=1' since 12:01 UTC`. */
function whyOf(facts: RuleFacts, { why, since: at }: RuleDrift): string {
  const since = `since ${clockTime(at, facts.now)}`;
  switch (why?.kind) {
    case undefined:
      return `is not in '${facts.rule.rseExpression}' ${since}`;
    case 'weight':
      return `has not the weight of any part of the placement ${since}`;
    case 'part':
      return why.lacking.length === 0
        ? `is of ${parts(why.of)} ${since}, which has its copies without it,`
        : `is of ${parts(why.of)} ${since}, which has its copies without it, and ${parts(why.lacking)} lacks one,`;
    case 'attribute':
      return why.value === null
        ? `has no ${why.attribute} ${since}, by which the copies are placed,`
        : `has ${why.attribute}=${why.value} ${since}, as ${listed(why.beside.map((id) => nameOf(facts, id)))} has, though no two copies are to share one,`;
    case 'skew':
      return `has ${why.attribute}=${why.value} ${since}: the copies stand ${standing(why.counts)}, and are to differ by ${why.maxSkew} at most,`;
  }
}

const parts = (expressions: readonly string[]): string =>
  `${expressions.length === 1 ? 'the part' : 'the parts'} ${listed(expressions.map((text) => `'${text}'`))}`;

/** `EU 3, NA 1`. */
const standing = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([value, copies]) => `${value} ${copies}`)
    .join(', ');

/** The same for the facts: in which words the wire has them. */
export const driftFacts = ({ drifts, rses }: Pick<RuleFacts, 'drifts' | 'rses'>) =>
  drifts.map(({ rseId, locks, since, dueAt, error, why }) => ({
    rse: rses.get(rseId)?.name ?? null,
    since,
    copies: locks,
    why: why === null ? { kind: 'expression' } : reasonFacts(why, rses),
    next_look: dueAt,
    error,
  }));

function reasonFacts(why: NonNullable<RuleDrift['why']>, rses: RuleFacts['rses']): object {
  switch (why.kind) {
    case 'attribute':
      return { ...why, beside: why.beside.map((id) => rses.get(id)?.name ?? null) };
    case 'skew': {
      const { maxSkew, ...rest } = why;
      return { ...rest, max_skew: maxSkew };
    }
    case 'part':
    case 'weight':
      return why;
  }
}
