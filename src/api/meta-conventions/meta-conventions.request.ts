import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type KeySpec } from '../../metadata/index.js';
import { Limits } from '../../vocabulary/index.js';
import { parseParameters } from '../wire/index.js';

const text = Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]));
const NewKey = Type.Object({ key_type: Type.String(), value_type: text, value_regexp: text });
const NewValue = Type.Object({ value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]) });

/** A key to declare. */
export function parseNewKey(key: string, body: unknown): KeySpec {
  const { key_type, value_type, value_regexp } = parseParameters(NewKey, body, 'a metadata key');
  if (key === '' || key.length > Limits.metaKeyLength || /[.\0]/.test(key)) {
    throw new InvalidObject(
      `Problem validating key: 1 to ${Limits.metaKeyLength} characters, no dot`,
      { field: 'key' },
    );
  }
  return { key, keyType: key_type, valueType: value_type, valueRegexp: value_regexp };
}

/** A value to declare, as text. */
export function parseNewValue(body: unknown): string {
  const value = String(parseParameters(NewValue, body, 'a metadata value').value);
  if (value.length <= 4000 && !value.includes('\0')) return value;
  throw new InvalidObject('Problem validating value: at most 4000 characters', { field: 'value' });
}
