import { type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import {
  chooseCopies,
  findSites,
  type PlacementConstraints,
  printConstraints,
  type Rule,
  type Sites,
} from '../rules/index.js';
import { DidType, RuleGrouping, type RseId } from '../vocabulary/index.js';

/** The RSE that a rule is to leave. */
export interface Leaving {
  readonly id: RseId;
  readonly name: string;
}

/** Where the copies of a rule may go now; null where its expressions name nothing that can be written. */
export async function openSitesOf(tx: Tx, rule: Rule): Promise<Sites | null> {
  try {
    return await findSites(tx, rule, { hold: false });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return null;
  }
}

/**
 * Where a rule could go as a whole, away from an RSE that fails it: an expression as `move` takes it;
 * null where there are not RSEs enough with room for `bytes`, the size of what it is on. Pure.
 */
export function wayOut(
  rule: Rule,
  sites: Sites | null,
  leaving: Leaving,
  bytes: bigint,
): string | null {
  if (sites === null) return null;
  const least = staysTogether(rule) ? bytes : 0n;
  const hasRoom = (left: bigint | null) => left === null || left > least;
  const open = sites.candidates.filter(
    ({ rseId, weight, quotaLeft, spaceLeft }) =>
      rseId !== leaving.id &&
      weight !== null &&
      !sites.unwritable.includes(rseId) &&
      hasRoom(quotaLeft) &&
      hasRoom(spaceLeft),
  );
  const { constraints } = rule;
  if (constraints === null) {
    return open.length < rule.copies ? null : without(rule.rseExpression, leaving);
  }
  // The short form has no weights.
  if (sites.constraints === null || constraints.parts.some(({ weight }) => weight !== null)) {
    return null;
  }
  const choice = chooseCopies(
    open.map(({ rseId }) => rseId),
    sites.constraints,
  );
  return typeof choice === 'string' ? null : printConstraints(placedWithout(constraints, leaving));
}

/** One copy of all of it is at one RSE. */
const staysTogether = ({ didType, grouping }: Rule): boolean =>
  didType === DidType.FILE ||
  (didType === DidType.DATASET ? grouping !== RuleGrouping.NONE : grouping === RuleGrouping.ALL);

const without = (expression: string, { name }: Leaving): string => `(${expression})\\${name}`;

const placedWithout = (
  constraints: PlacementConstraints,
  leaving: Leaving,
): PlacementConstraints => ({
  ...constraints,
  parts: constraints.parts.map((part) => ({
    ...part,
    rseExpression: without(part.rseExpression, leaving),
  })),
});
