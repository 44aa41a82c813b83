import { InvalidObject, InvalidReplicationRule, InvalidRSEExpression } from '../errors/index.js';
import { parseExpression } from '../rses/index.js';
import { Limits } from '../vocabulary/index.js';
import {
  copiesOf,
  normaliseConstraints,
  type PlacementConstraints,
  type PlacementPart,
  unionOf,
} from './placement-constraints.js';

type Given = Readonly<Record<string, unknown>>;

const ATTRIBUTE = /^[A-Za-z0-9._-]+$/;
const EXAMPLE =
  '{"parts": [{"copies": 2, "rse_expression": "type=DISK"}], "distinct": ["continent"]}';

const wrong = (field: string, wanted: string): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: it must be ${wanted}`, { field });

/**
 * Reads `{parts: [{copies, rse_expression, weight?}], distinct?, maxSkew?}` as clients write it.
 * Throws InvalidObject that names the key, InvalidRSEExpression.
 */
export function parsePlacement(given: unknown, field = 'placement'): PlacementConstraints {
  const object = objectOf(given, field, ['parts', 'distinct', 'maxSkew']);
  const parts = listOf(object['parts'] ?? null, `${field}.parts`, Limits.placementParts);
  if (parts.length === 0) throw wrong(`${field}.parts`, 'a list of at least one part');
  return demandSound(field, {
    parts: parts.map((part, at) => parsePart(part, `${field}.parts[${at}]`)),
    distinct: listOf(object['distinct'] ?? [], `${field}.distinct`, Limits.placementAttributes).map(
      (name, at) => parseAttribute(name, `${field}.distinct[${at}]`),
    ),
    maxSkew: parseSkew(object['maxSkew'] ?? null, `${field}.maxSkew`),
  });
}

function parsePart(given: unknown, field: string): PlacementPart {
  const { copies, ...part } = objectOf(given, field, ['copies', 'rse_expression', 'weight']);
  const rseExpression = part['rse_expression'];
  if (typeof rseExpression !== 'string' || rseExpression === '') {
    throw wrong(`${field}.rse_expression`, 'an RSE expression');
  }
  parseExpression(rseExpression);
  return {
    copies: parseCopies(copies, `${field}.copies`),
    rseExpression,
    weight: parseWeight(part['weight'] ?? null, `${field}.weight`),
  };
}

function parseCopies(given: unknown, field: string): number {
  const max = Limits.placementCopies;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= max) {
    return given;
  }
  throw wrong(field, `an integer from 1 to ${max}`);
}

function parseSkew(given: unknown, field: string): number | null {
  const max = Limits.placementCopies;
  if (given === null) return null;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= max) {
    return given;
  }
  throw wrong(field, `an integer from 0 to ${max}`);
}

const parseWeight = (given: unknown, field: string): string | null =>
  given === null || given === '' ? null : parseAttribute(given, field);

function parseAttribute(given: unknown, field: string): string {
  const fits = typeof given === 'string' && given.length <= Limits.attributeKeyLength;
  if (fits && ATTRIBUTE.test(given)) return given;
  throw wrong(field, 'the name of an RSE attribute, such as continent');
}

function objectOf(given: unknown, field: string, keys: readonly string[]): Given {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrong(field, `an object such as ${EXAMPLE}`);
  }
  const stray = Object.keys(given).find((key) => !keys.includes(key));
  if (stray === undefined) return given as Given;
  throw new InvalidObject(`Problem validating ${field}: '${stray}' is none of ${keys.join(', ')}`, {
    field: `${field}.${stray}`,
  });
}

function listOf(given: unknown, field: string, max: number): readonly unknown[] {
  if (Array.isArray(given) && given.length <= max) return given;
  throw wrong(field, `a list of at most ${max}`);
}

/** Whether an RSE expression is the short form of a placement: neither sign is in Rucio's alphabet. */
export const isShortForm = (text: string): boolean => /[:;]/.test(text);

/**
 * Reads the short form, `type=DISK:2;type=TAPE:1;distinct=continent,site;maxSkew=1`. A single part may
 * leave its copies to the rule: `type=DISK;distinct=continent`. Throws InvalidRSEExpression that shows
 * the piece, and what parsePlacement throws.
 */
export function parseShortForm(text: string, ruleCopies: number): PlacementConstraints {
  const parts: Given[] = [];
  const rest: { distinct?: string[]; maxSkew?: number } = {};
  const pieces = text.split(';').map((piece) => piece.trim());
  for (const piece of pieces) {
    const [, key = '', value = ''] = /^(distinct|maxSkew)=([^:]*)$/.exec(piece) ?? [];
    const [, expression = '', copies] = /^([^:]+?)(?::(\d{1,7}))?$/.exec(piece) ?? [];
    if (key === 'distinct' && !rest.distinct) rest.distinct = value.split(',');
    else if (key === 'maxSkew' && rest.maxSkew === undefined && /^\d{1,7}$/.test(value)) {
      rest.maxSkew = Number(value);
    } else if (key === '' && expression !== '') {
      parts.push({
        rse_expression: expression,
        copies: copies === undefined ? undefined : Number(copies),
      });
    } else throw unreadable(text, piece);
  }
  const [only] = parts;
  const counted = only && parts.length === 1 ? [{ copies: ruleCopies, ...definedOf(only) }] : parts;
  const uncounted = counted.find(({ copies }) => copies === undefined);
  if (uncounted) throw unreadable(text, String(uncounted['rse_expression']));
  return parsePlacement({ parts: counted, ...rest }, 'rse_expression');
}

const definedOf = (part: Given): Given =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));

const unreadable = (text: string, piece: string): InvalidRSEExpression =>
  new InvalidRSEExpression(
    `RSE expression '${text}' cannot be read at '${piece}': a placement is written as type=DISK:2;type=TAPE:1;distinct=continent;maxSkew=1`,
    { expression: text, piece },
  );

function demandSound(field: string, given: PlacementConstraints): PlacementConstraints {
  const constraints = normaliseConstraints(given);
  if (constraints.maxSkew !== null && constraints.distinct.length === 0) {
    throw new InvalidReplicationRule(
      `${field}.maxSkew bounds how uneven copies are over the values of an attribute: name it in distinct, such as "distinct": ["continent"]`,
      { field },
    );
  }
  const union = unionOf(constraints);
  if (union.length > Limits.expressionLength) {
    throw new InvalidReplicationRule(
      `The expressions of ${field} are ${union.length} characters together, at most ${Limits.expressionLength}`,
      { field },
    );
  }
  parseExpression(union);
  const copies = copiesOf(constraints);
  if (copies <= Limits.placementCopies) return constraints;
  throw new InvalidReplicationRule(
    `The parts of ${field} make ${copies} copies, at most ${Limits.placementCopies}`,
    { field },
  );
}
