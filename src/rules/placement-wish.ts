import { InvalidReplicationRule, InvalidRSEExpression } from '../errors/index.js';
import { parseExpression, printExpression } from '../rses/index.js';
import { isShortForm, parseShortForm } from './parse-placement.js';
import {
  copiesOf,
  type PlacementConstraints,
  printConstraints,
  sameConstraints,
  unionOf,
} from './placement-constraints.js';

/** What a client said of where copies go; a missing key was not said. */
export interface GivenPlacement {
  /** An RSE expression, or the short form of a placement. */
  readonly rseExpression?: string | null | undefined;
  readonly copies?: number | null | undefined;
  /** From the body and from `meta`: they must not say different things. */
  readonly placements?: readonly (PlacementConstraints | null | undefined)[];
}

/** The same as a rule has it. */
export interface WishedPlacement {
  readonly rseExpression: string;
  readonly copies: number;
  readonly constraints: PlacementConstraints | null;
}

/** What clients send as copies when nobody has said any. */
const DEFAULT_COPIES = 1;

/**
 * Brings together the ways in which a placement can be asked for. `undefined` where there is neither
 * an expression nor a placement. Throws InvalidReplicationRule where they contradict each other,
 * InvalidRSEExpression, InvalidObject.
 */
export function wishedPlacement(given: GivenPlacement): WishedPlacement | undefined {
  const text = given.rseExpression ?? '';
  const [constraints = null, ...more] = (given.placements ?? []).flatMap((it) => it ?? []);
  for (const other of more) demandSame(other, constraints);
  if (isShortForm(text)) {
    const short = parseShortForm(text, given.copies ?? DEFAULT_COPIES);
    if (constraints) demandSame(short, constraints);
    return { ...constrained(short, given.copies, DEFAULT_COPIES), constraints: short };
  }
  if (constraints) {
    demandUnion(text, constraints);
    return { ...constrained(constraints, given.copies), constraints };
  }
  if (text === '') return undefined;
  return { rseExpression: text, copies: given.copies ?? DEFAULT_COPIES, constraints: null };
}

function demandSame(other: PlacementConstraints, constraints: PlacementConstraints | null): void {
  if (sameConstraints(other, constraints)) return;
  const both = [constraints, other].flatMap((it) => (it ? [`'${printConstraints(it)}'`] : []));
  throw new InvalidReplicationRule(
    `The placement is given twice, and differently: ${both.join(' and ')}; give it once`,
    {},
  );
}

/** The sum of the parts is how many copies the rule has. */
function constrained(
  constraints: PlacementConstraints,
  copies: number | null | undefined,
  unsaid?: number,
): Omit<WishedPlacement, 'constraints'> {
  const sum = copiesOf(constraints);
  if (copies === null || copies === undefined || copies === sum || copies === unsaid) {
    return { rseExpression: unionOf(constraints), copies: sum };
  }
  throw new InvalidReplicationRule(
    `The parts of the placement '${printConstraints(constraints)}' make ${sum} copies, not ${copies}: write copies ${sum}, or leave it out`,
    { copies, sum },
  );
}

/** Beside a placement the expression says nothing, or the same. */
function demandUnion(text: string, constraints: PlacementConstraints): void {
  const union = unionOf(constraints);
  if (text === '' || text === '*' || text === union || shapeOf(text) === shapeOf(union)) return;
  throw new InvalidReplicationRule(
    `The rse_expression '${text}' is not that of the placement, '${union}': leave it out, or write '*'`,
    { expression: text, union },
  );
}

function shapeOf(text: string): string {
  try {
    return printExpression(parseExpression(text));
  } catch (error) {
    if (error instanceof InvalidRSEExpression) return text;
    throw error;
  }
}
