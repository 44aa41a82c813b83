import { InvalidValueForKey } from '../errors/index.js';
import { DidType, KeyType } from '../vocabulary/index.js';

/** What values a declared key takes. */
export interface Convention {
  readonly key: string;
  readonly keyType: KeyType;
  readonly valueType: ValueType | null;
  readonly valueRegexp: string | null;
  /** The declared values; empty: any that the type and the expression admit. */
  readonly values: readonly string[];
}

/** The types a declared key may ask for. */
export const ValueTypes = ['str', 'int', 'float', 'bool', 'datetime'] as const;
export type ValueType = (typeof ValueTypes)[number];

/** Reads a value type: its name, or Python's way of printing the class. */
export function parseValueType(text: string): ValueType | undefined {
  const printed = /^<(?:class|type) '(?:datetime\.)?(\w+)'>$/.exec(text)?.[1] ?? text;
  const name = printed === 'unicode' ? 'str' : printed;
  return ValueTypes.find((type) => type === name);
}

/** Whether a key is declared for DIDs of this type. */
export function applies(keyType: KeyType, didType: DidType): boolean {
  switch (keyType) {
    case KeyType.ALL:
    case KeyType.DERIVED:
      return true;
    case KeyType.FILE:
      return didType === DidType.FILE;
    case KeyType.DATASET:
      return didType === DidType.DATASET;
    case KeyType.CONTAINER:
      return didType === DidType.CONTAINER;
    case KeyType.COLLECTION:
      return didType !== DidType.FILE;
  }
}

const isDate = (value: unknown): boolean =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));

const ofType: Readonly<Record<ValueType, (value: unknown) => boolean>> = {
  str: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value) || typeof value === 'bigint',
  float: (value) => typeof value === 'number' || typeof value === 'bigint',
  bool: (value) => typeof value === 'boolean',
  datetime: isDate,
};

/** Text of a value, as declared values and expressions are compared with. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** Whether a declared key takes this value. A null clears and always passes. */
export function admits(convention: Convention, value: unknown): boolean {
  if (value === null) return true;
  const { valueType, valueRegexp, values } = convention;
  if (valueType !== null && !ofType[valueType](value)) return false;
  if (valueRegexp !== null && !matchesFromStart(valueRegexp, textOf(value))) return false;
  return values.length === 0 || values.includes(textOf(value));
}

/** As Python's re.match: anchored at the start, not at the end. */
const matchesFromStart = (expression: string, text: string): boolean =>
  new RegExp(`^(?:${expression})`, 'u').test(text);

/** Whether JavaScript can read the expression. */
export function isExpression(expression: string): boolean {
  try {
    matchesFromStart(expression, '');
    return true;
  } catch {
    return false;
  }
}

/** Throws InvalidValueForKey where a declared key does not take the value. */
export function demandAdmitted(convention: Convention, value: unknown): void {
  if (admits(convention, value)) return;
  throw new InvalidValueForKey(
    `'${textOf(value)}' is not a value that the metadata key '${convention.key}' takes`,
    { key: convention.key },
  );
}
