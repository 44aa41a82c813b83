/** Copies that one part of a rule asks for. */
export interface PlacementPart {
  readonly copies: number;
  readonly rseExpression: string;
  /** The RSE attribute that weighs this part's RSEs; null is the rule's own. */
  readonly weight: string | null;
}

/** How the copies of a rule stand to each other. */
export interface PlacementConstraints {
  /** In the order of the request; equal ones are one. */
  readonly parts: readonly PlacementPart[];
  /** RSE attributes of which no two copies share a value, sorted. */
  readonly distinct: readonly string[];
  /** Instead: copies for each value of such an attribute differ by at most so many. */
  readonly maxSkew: number | null;
}

/** The same constraints in the one form that is stored: parts that say the same are one part. */
export function normaliseConstraints(given: PlacementConstraints): PlacementConstraints {
  const parts: PlacementPart[] = [];
  for (const part of given.parts) {
    const at = parts.findIndex((it) => sameTargets(it, part));
    const known = parts[at];
    if (known) parts[at] = { ...known, copies: known.copies + part.copies };
    else
      parts.push({ copies: part.copies, rseExpression: part.rseExpression, weight: part.weight });
  }
  return { parts, distinct: [...new Set(given.distinct)].sort(), maxSkew: given.maxSkew };
}

const sameTargets = (a: PlacementPart, b: PlacementPart): boolean =>
  a.rseExpression === b.rseExpression && a.weight === b.weight;

/** How many copies the parts make together. */
export const copiesOf = ({ parts }: Pick<PlacementConstraints, 'parts'>): number =>
  parts.reduce((sum, { copies }) => sum + copies, 0);

/** The RSE expression of all parts, which every client can resolve: `(type=DISK)|(type=TAPE)`. */
export function unionOf({ parts }: Pick<PlacementConstraints, 'parts'>): string {
  const expressions = [...new Set(parts.map(({ rseExpression }) => rseExpression))];
  const [only, ...more] = expressions;
  return only !== undefined && more.length === 0
    ? only
    : expressions.map((expression) => `(${expression})`).join('|');
}

/** Whether two rules ask for the same: neither has constraints, or both have the same. */
export const sameConstraints = (
  a: PlacementConstraints | null,
  b: PlacementConstraints | null,
): boolean => identityOf(a) === identityOf(b);

function identityOf(constraints: PlacementConstraints | null): string {
  if (constraints === null) return '';
  const { parts, distinct, maxSkew } = constraints;
  return JSON.stringify([
    parts.map(({ copies, rseExpression, weight }) => [copies, rseExpression, weight]),
    distinct,
    maxSkew,
  ]);
}

/** As the short form has it: `type=DISK:2;type=TAPE:1;distinct=continent;maxSkew=1`. */
export const printConstraints = ({ parts, distinct, maxSkew }: PlacementConstraints): string =>
  [
    ...parts.map(({ rseExpression, copies }) => `${rseExpression}:${copies}`),
    ...(distinct.length > 0 ? [`distinct=${distinct.join(',')}`] : []),
    ...(maxSkew === null ? [] : [`maxSkew=${maxSkew}`]),
  ].join(';');
