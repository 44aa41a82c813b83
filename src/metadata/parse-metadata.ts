import { type Description, type DescriptionColumn, DescriptionColumns } from '../dids/index.js';
import { AccessDenied, InvalidMetadata, InvalidValueForKey } from '../errors/index.js';
import { parseMomentOrDay } from '../vocabulary/index.js';
import { Limits, Patterns, plainHex } from '../vocabulary/index.js';
import { isBuiltIn, isReserved } from './keys.js';

/** Metadata as clients give it: any JSON by key. */
export type Meta = Readonly<Record<string, unknown>>;

/** Metadata by where it lives: columns of the DID, and the account's own keys. */
export interface ParsedMeta {
  readonly description: Description;
  readonly own: Meta;
}

/**
 * Sorts metadata into built-in columns (typed) and own keys (any JSON). `lifetime` is seconds from
 * `now`; null clears it, a negative one has expired already. Throws AccessDenied (a key that no
 * account may set), InvalidMetadata (a key with a dot, or no key), InvalidValueForKey.
 */
export function parseMetadata(meta: Meta, now: Date): ParsedMeta {
  const description: Record<string, Description[DescriptionColumn]> = {};
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(meta)) {
    demandKey(key);
    if (key === 'lifetime') description['expired_at'] = expiryOf(value, now);
    else if (isBuiltIn(key)) description[key] = builtInValue(key, value);
    else own[key] = value;
  }
  return { description, own };
}

function demandKey(key: string): void {
  if (isReserved(key)) {
    throw new AccessDenied(`The metadata key '${key}' cannot be set`, { key });
  }
  if (key === '' || key.length > Limits.metaKeyLength || key.includes('.')) {
    throw new InvalidMetadata(
      `'${key.slice(0, 80)}' is no metadata key: 1 to ${Limits.metaKeyLength} characters, no dot`,
      { key },
    );
  }
}

const wrong = (key: string, wanted: string): InvalidValueForKey =>
  new InvalidValueForKey(`The value of '${key}' must be ${wanted}`, { key });

/** Seconds of the longest lifetime: a date that PostgreSQL and JavaScript both have. */
const LIFETIME_MAX = 1e11;

/** The moment a lifetime ends. Throws InvalidValueForKey. */
export function expiryOf(lifetime: unknown, now: Date): Date | null {
  if (lifetime === null) return null;
  const seconds = typeof lifetime === 'string' ? Number(lifetime.trim() || 'x') : lifetime;
  if (typeof seconds !== 'number' || !(Math.abs(seconds) <= LIFETIME_MAX)) {
    throw wrong('lifetime', 'a number of seconds, or null');
  }
  return new Date(now.getTime() + Math.round(seconds * 1000));
}

function builtInValue(key: DescriptionColumn, value: unknown): Description[DescriptionColumn] {
  if (value === null) return null;
  switch (DescriptionColumns[key]) {
    case 'uuid':
      return guidOf(value);
    case 'bigint':
      return integerOf(key, value, 9_223_372_036_854_775_807n);
    case 'int':
      return integerOf(key, value, 2_147_483_647n);
    case 'boolean':
      return booleanOf(key, value);
    case 'timestamptz':
      return dateOf(key, value);
    case 'text':
      return textOf(key, value);
  }
}

function guidOf(value: unknown): string {
  if (typeof value === 'string' && Patterns.guid.test(value)) return plainHex(value);
  throw wrong('guid', 'a UUID');
}

function integerOf(key: string, value: unknown, max: bigint): bigint {
  const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
  const number =
    typeof text === 'bigint'
      ? text
      : typeof text === 'string' && /^[+-]?\d{1,19}$/.test(text)
        ? BigInt(text.replace('+', ''))
        : undefined;
  if (number === undefined || number > max || number < -max) throw wrong(key, 'an integer');
  return number;
}

function booleanOf(key: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) {
    return value.toLowerCase() === 'true';
  }
  throw wrong(key, 'true or false');
}

function dateOf(key: string, value: unknown): Date {
  const date = typeof value === 'string' ? parseMomentOrDay(value) : undefined;
  if (!date) throw wrong(key, `a date like 'Fri, 24 Jul 2026 16:01:23 UTC' or 2026-07-24T16:01:23`);
  return date;
}

const TEXT_MAX = 4000;

function textOf(key: string, value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string') throw wrong(key, 'text');
  if (text.length > TEXT_MAX || text.includes('\0')) {
    throw wrong(key, `at most ${TEXT_MAX} characters of text`);
  }
  return text;
}
