import { type Tx } from '../db/index.js';
import { type Description } from '../dids/index.js';
import { type DidType } from '../vocabulary/index.js';
import { admitted, applies, type Convention, refused, textOf } from './convention.js';
import { conventionsOf } from './convention.sql.js';
import { type Meta, type ParsedMeta } from './parse-metadata.js';
import { firstMisfit } from './pattern.sql.js';
import { parsePattern } from './python-pattern.js';

/** What is said about DIDs of one type, or of several. */
export interface Said {
  readonly types: readonly DidType[];
  readonly parts: ParsedMeta;
}

/** A value whose key has an expression. */
interface Matched {
  readonly convention: Convention;
  readonly value: unknown;
}

/** The conventions of all keys that occur, in one read. */
export async function conventionsFor(
  tx: Tx,
  metas: readonly Meta[],
): Promise<ReadonlyMap<string, Convention>> {
  const keys = new Set(metas.flatMap((meta) => Object.keys(meta)));
  const found = await conventionsOf(tx, [...keys]);
  return new Map(found.map((convention) => [convention.key, convention]));
}

/**
 * What is said, as the conventions keep it: `'2500'` of a key that is an int becomes a number. At most
 * one statement, whatever is said of however many. Throws InvalidValueForKey, naming what would be
 * right, where a value breaks a convention that applies to one of the types.
 */
export async function keepConventions(
  tx: Tx,
  conventions: ReadonlyMap<string, Convention>,
  said: readonly Said[],
): Promise<ParsedMeta[]> {
  if (conventions.size === 0) return said.map(({ parts }) => parts);
  const matched: Matched[] = [];
  const kept = said.map(({ types, parts }) => {
    const keep = (key: string, value: unknown): unknown => {
      const convention = conventions.get(key);
      if (!convention || !types.some((type) => applies(convention.keyType, type))) return value;
      const taken = admitted(convention, value);
      if (taken === undefined) throw refused(convention, value);
      if (convention.valueRegexp !== null && taken !== null) {
        matched.push({ convention, value: taken });
      }
      return taken;
    };
    for (const [key, value] of Object.entries(parts.description)) keep(key, value);
    const own = Object.entries(parts.own).map(([key, value]) => [key, keep(key, value)] as const);
    return { description: parts.description satisfies Description, own: Object.fromEntries(own) };
  });
  await demandMatches(tx, matched);
  return kept;
}

/** The longest text that an expression is tried on. */
const TEXT_MAX = 4000;

/** Throws InvalidValueForKey for the first value that its key's expression does not fit. */
export async function demandMatches(tx: Tx, matched: readonly Matched[]): Promise<void> {
  const asked = matched.flatMap((item) => {
    const text = textOf(item.value);
    if (text.length > TEXT_MAX) throw refused(item.convention, item.value);
    const pattern = parsePattern(item.convention.valueRegexp ?? '', 'value_regexp');
    if (pattern.kind === 'regex') return [{ ...item, regex: pattern.regex, text }];
    if (text.startsWith(pattern.text)) return [];
    throw refused(item.convention, item.value);
  });
  const misfit = await firstMisfit(tx, asked);
  if (misfit) throw refused(misfit.convention, misfit.value);
}
