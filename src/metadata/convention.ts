import { InvalidValueForKey } from '../errors/index.js';
import { DidType, KeyType, parseMomentOrDay } from '../vocabulary/index.js';

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

/** A value as its type is kept, or undefined where it is none: command lines write everything as text. */
const readAs: Readonly<Record<ValueType, (value: unknown) => unknown>> = {
  str: (value) => (typeof value === 'string' ? value : undefined),
  int(value) {
    if (typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value)) return Number(value);
    return Number.isInteger(value) || typeof value === 'bigint' ? value : undefined;
  },
  float(value) {
    if (typeof value === 'string' && DECIMAL.test(value)) return finite(Number(value));
    return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
  },
  bool(value) {
    if (typeof value === 'boolean') return value;
    const text = typeof value === 'string' ? value.toLowerCase() : '';
    return text === 'true' || text === 'false' ? text === 'true' : undefined;
  },
  datetime(value) {
    const isMoment = typeof value === 'string' && parseMomentOrDay(value) !== undefined;
    return isMoment || value instanceof Date ? value : undefined;
  },
};

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
const finite = (number: number): number | undefined =>
  Number.isFinite(number) ? number : undefined;

/** Text of a value, as declared values and expressions are compared with. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item,
  ).replace(/^"(.*)"$/, '$1');
}

/**
 * The value as a declared key keeps it, or undefined where its type or the declared values do not
 * take it; the expression is asked elsewhere. A null clears and always passes.
 */
export function admitted(convention: Convention, value: unknown): unknown {
  if (value === null) return null;
  const { valueType, values } = convention;
  const read = (given: unknown) => (valueType === null ? given : readAs[valueType](given));
  const kept = read(value);
  if (kept === undefined || values.length === 0) return kept;
  return values.some((declared) => textOf(read(declared)) === textOf(kept)) ? kept : undefined;
}

/** What a declared key takes, in words. */
const wanted = ({ valueType, valueRegexp, values }: Convention): string =>
  [
    valueType === null ? '' : `of the type ${valueType}`,
    valueRegexp === null ? '' : `matching '${valueRegexp}'`,
    values.length === 0 ? '' : `one of ${values.slice(0, 10).join(', ')}`,
  ]
    .filter((words) => words !== '')
    .join(', ');

/** The fact that a declared key does not take a value. */
export const refused = (convention: Convention, value: unknown): InvalidValueForKey =>
  new InvalidValueForKey(
    `'${textOf(value).slice(0, 80)}' is not a value that the metadata key '${convention.key}' takes: ${wanted(convention)}`,
    { key: convention.key },
  );
