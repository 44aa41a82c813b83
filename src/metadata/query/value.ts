import { parseMoment } from '../../vocabulary/index.js';
import { type Plain, type Value } from './filter.js';

/** Decimal numbers as people write them; `007` is a name. */
const NUMBER = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

function numberOf(text: string): number | bigint | undefined {
  if (!NUMBER.test(text)) return undefined;
  const number = Number(text);
  if (!Number.isFinite(number)) return undefined;
  const exact = !Number.isInteger(number) || Number.isSafeInteger(number);
  return exact || !/^-?\d+$/.test(text) ? number : BigInt(text);
}

/**
 * What a text means: a date of the wire, a boolean, a number, else the text itself. Rucio guesses
 * alike, except that it takes a number with a minus for text.
 */
export function meaningOf(text: string): Plain['meaning'] {
  return parseMoment(text) ?? BOOLEANS.get(text) ?? numberOf(text) ?? text;
}

/** A text as a pattern of LIKE: `*` and `%` are any run of characters, `_` is itself. */
const likePattern = (text: string): string => text.replace(/[\\_]/g, '\\$&').replaceAll('*', '%');

/** The value of a criterion from what a client sent; undefined for lists, dicts and the like. */
export function valueOf(given: unknown): Value | undefined {
  if (given === null) return { kind: 'missing' };
  if (typeof given === 'string') {
    if (/[*%]/.test(given)) return { kind: 'like', pattern: likePattern(given) };
    return { kind: 'plain', text: given, meaning: meaningOf(given) };
  }
  if (typeof given === 'boolean') {
    return { kind: 'plain', text: given ? 'True' : 'False', meaning: given };
  }
  const isNumber =
    typeof given === 'bigint' || (typeof given === 'number' && Number.isFinite(given));
  return isNumber ? { kind: 'plain', text: String(given), meaning: given } : undefined;
}
