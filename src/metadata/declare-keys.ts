import { type Tx } from '../db/index.js';
import {
  Duplicate,
  KeyNotFound,
  UnsupportedKeyType,
  UnsupportedValueType,
} from '../errors/index.js';
import { KeyTypeCodec } from '../vocabulary/index.js';
import { admitted, parseValueType, refused } from './convention.js';
import { conventionsOf, insertKey, insertValue } from './convention.sql.js';
import { demandMatches } from './keep-conventions.js';
import { demandPattern } from './pattern.sql.js';
import { parsePattern } from './python-pattern.js';

/** A key to declare, as clients name its parts. */
export interface KeySpec {
  readonly key: string;
  /** A name or letter of KeyType. */
  readonly keyType: string;
  readonly valueType?: string | null;
  readonly valueRegexp?: string | null;
}

/**
 * Declares a metadata key. Throws Duplicate, UnsupportedKeyType, UnsupportedValueType, InvalidObject
 * (an expression that the database cannot read
 * or that takes too long).
 */
export async function addKey(tx: Tx, spec: KeySpec): Promise<void> {
  const { key } = spec;
  const keyType = KeyTypeCodec.parse(spec.keyType);
  if (!keyType) {
    throw new UnsupportedKeyType(
      `'${spec.keyType}' is no key type: ${KeyTypeCodec.names.join(', ')}`,
    );
  }
  const valueType = spec.valueType ? parseValueType(spec.valueType) : null;
  if (valueType === undefined) {
    throw new UnsupportedValueType(`The value type '${spec.valueType}' is not supported`);
  }
  const valueRegexp = spec.valueRegexp || null;
  if (valueRegexp !== null) {
    const pattern = parsePattern(valueRegexp, 'value_regexp');
    if (pattern.kind === 'regex') await demandPattern(tx, pattern.regex, 'value_regexp');
  }
  if (await insertKey(tx, { key, keyType, valueType, valueRegexp })) return;
  throw new Duplicate(`The metadata key '${key}' exists already`, { key });
}

/** Declares a value of a key. Throws KeyNotFound, InvalidValueForKey, Duplicate. */
export async function addValue(tx: Tx, key: string, value: string): Promise<void> {
  const [convention] = await conventionsOf(tx, [key]);
  if (!convention) throw new KeyNotFound(`The metadata key '${key}' does not exist`, { key });
  const anyOther = { ...convention, values: [] };
  if (admitted(anyOther, value) === undefined) throw refused(anyOther, value);
  if (convention.valueRegexp !== null) await demandMatches(tx, [{ convention: anyOther, value }]);
  if (await insertValue(tx, key, value)) return;
  throw new Duplicate(`The value '${value}' of '${key}' exists already`, { key });
}
