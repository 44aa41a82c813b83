import { type Edge, type Effort, feasibleFlow } from './feasible-flow.js';
import { type SiteConstraints } from './site-constraints.js';

/** Whether there is a way; `undecided` where the search was given up. */
export type Verdict = 'yes' | 'no' | 'undecided';

/**
 * Branches after which a search is given up. One attribute needs none at all; with two and more the
 * question is as hard as matching in three dimensions, and real lakes need a few dozen.
 */
export const BRANCHES_MAX = 5000;

/** How many places of each kind are taken already, and how many there are. */
export interface Stock {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Whether places that are taken can be completed to a whole placement from those that there are:
 * every part has its copies, and every attribute keeps its bounds. Exact, within BRANCHES_MAX and the
 * effort.
 */
export function isExtendable(rules: SiteConstraints, stock: Stock, effort: Effort): Verdict {
  return decide(rules, stock, { branches: BRANCHES_MAX, effort });
}

/** What may still be spent on a question. */
interface Budget {
  branches: number;
  readonly effort: Effort;
}

function decide(rules: SiteConstraints, stock: Stock, budget: Budget): Verdict {
  let last: readonly number[] = stock.low;
  // Each attribute by itself is a flow: if one has none, neither have all together.
  for (const attribute of rules.distinct.length > 0 ? rules.distinct.keys() : [-1]) {
    const flows = flowsOf(rules, stock, attribute, budget.effort);
    if (budget.effort.left < 0) return 'undecided';
    if (flows.length === 0) return 'no';
    if (flows.some((counts) => keepsValues(rules, counts))) return 'yes';
    last = flows[0] ?? last;
  }
  return branch(rules, stock, last, budget);
}

/** With one place more of some kind than are taken, or with no more. */
function branch(
  rules: SiteConstraints,
  { low, high }: Stock,
  counts: readonly number[],
  budget: Budget,
): Verdict {
  if (budget.branches-- <= 0) return 'undecided';
  const kinds = low.map((_, at) => at).filter((at) => (low[at] ?? 0) < (high[at] ?? 0));
  const at = kinds.find((kind) => (counts[kind] ?? 0) > (low[kind] ?? 0)) ?? kinds[0];
  if (at === undefined) return 'no';
  const more = low.map((count, kind) => (kind === at ? count + 1 : count));
  const first = decide(rules, { low: more, high }, budget);
  if (first === 'yes') return first;
  const fewer = high.map((count, kind) => (kind === at ? (low[at] ?? 0) : count));
  const second = decide(rules, { low, high: fewer }, budget);
  return second === 'no' ? first : second;
}

/** Places of each kind that fill the parts and keep the bounds of one attribute (-1: of none). */
function flowsOf(
  rules: SiteConstraints,
  stock: Stock,
  attribute: number,
  effort: Effort,
): readonly number[][] {
  return boundsOf(rules, attribute).flatMap((bounds) => {
    const found = flowWithin(rules, stock, { ...bounds, attribute }, effort);
    return found ? [found] : [];
  });
}

interface Bounds {
  /** Of each value that counts for maxSkew. */
  readonly low: number;
  readonly high: number;
}

/** The bounds of copies for each value: one, or every range that maxSkew allows. */
function boundsOf({ copies, maxSkew, values }: SiteConstraints, attribute: number): Bounds[] {
  if (attribute < 0) return [{ low: 0, high: copies }];
  if (maxSkew === null) return [{ low: 0, high: 1 }];
  const most = Math.floor(copies / Math.max(1, values[attribute]?.size ?? 0));
  return Array.from({ length: most + 1 }, (_, low) => ({ low, high: low + maxSkew }));
}

/** source -> part -> kind -> (the same kind, bounded) -> value -> sink. */
function flowWithin(
  rules: SiteConstraints,
  { low, high }: Stock,
  { attribute, ...bounds }: Bounds & { readonly attribute: number },
  effort: Effort,
): number[] | undefined {
  const [source, sink] = [0, 1];
  const kindAt = (kind: number): number => 2 + rules.parts.length + 2 * kind;
  const valueAt = new Map<string, number>();
  const edges: Edge[] = rules.parts.map(({ copies }, part) => ({
    from: source,
    to: 2 + part,
    low: copies,
    high: copies,
  }));
  const first = kindAt(rules.kinds.length);
  const counting = new Set(rules.values[attribute]);
  const nodeOf = (value: string): number => {
    const node = valueAt.get(value) ?? first + valueAt.size;
    valueAt.set(value, node);
    return node;
  };
  // Values that no place is left for count as well: they have no copy.
  for (const value of counting) nodeOf(value);
  const inner: number[] = [];
  rules.kinds.forEach((kind, at) => {
    const most = high[at] ?? 0;
    inner.push(edges.length);
    edges.push({ from: kindAt(at), to: kindAt(at) + 1, low: low[at] ?? 0, high: most });
    if (most === 0) return;
    for (const part of kind.parts) {
      edges.push({ from: 2 + part, to: kindAt(at), low: 0, high: most });
    }
    const value = kind.values[attribute];
    const to = attribute < 0 ? sink : nodeOf(value ?? '');
    edges.push({ from: kindAt(at) + 1, to, low: 0, high: most });
  });
  for (const [value, node] of valueAt) {
    const least = counting.has(value) ? bounds.low : 0;
    edges.push({ from: node, to: sink, low: least, high: bounds.high });
  }
  const flow = feasibleFlow(first + valueAt.size, edges, { source, sink }, effort);
  return flow && inner.map((edge) => flow[edge] ?? 0);
}

/** Whether so many places of each kind keep the bounds of every attribute. */
export function keepsValues(rules: SiteConstraints, counts: readonly number[]): boolean {
  return rules.distinct.every((_, attribute) => {
    const perValue = new Map<string, number>();
    rules.kinds.forEach((kind, at) => {
      const value = kind.values[attribute];
      if (typeof value !== 'string') return;
      perValue.set(value, (perValue.get(value) ?? 0) + (counts[at] ?? 0));
    });
    return keepsBounds(rules, { attribute, perValue, left: 0 });
  });
}

/**
 * Whether copies for each value of an attribute are within its bounds, if `left` copies more may still
 * fill what lacks. With `left` 0: whether they keep it.
 */
export function keepsBounds(
  { maxSkew, values }: SiteConstraints,
  {
    attribute,
    perValue,
    left,
  }: {
    readonly attribute: number;
    readonly perValue: ReadonlyMap<string, number>;
    readonly left: number;
  },
): boolean {
  const most = Math.max(0, ...perValue.values());
  if (maxSkew === null) return most <= 1;
  // The fewest that a value may have, with so many somewhere.
  const least = Math.max(0, most - maxSkew);
  let lacking = 0;
  for (const value of values[attribute] ?? []) {
    lacking += Math.max(0, least - (perValue.get(value) ?? 0));
  }
  return lacking <= left;
}
