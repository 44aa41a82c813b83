import { wireDate } from './dates.js';

/** Characters that stand for themselves between JSON's quotes: printable ASCII but " and \. */
const PLAIN = /^[ !#-[\]-~]*$/;

const quote = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

function number(value: number): string {
  if (Number.isFinite(value)) return String(value === 0 ? 0 : value);
  if (Number.isNaN(value)) throw new TypeError('NaN has no place on the wire');
  return value > 0 ? 'Infinity' : '-Infinity';
}

function list(values: readonly unknown[]): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += encode(values[i]) ?? 'null';
  }
  return `${text}]`;
}

function record(value: object): string {
  let text = '{';
  for (const [key, item] of Object.entries(value)) {
    const encoded = encode(item);
    if (encoded === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${quote(key)}:${encoded}`;
  }
  return `${text}}`;
}

function encode(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return number(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return undefined;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return list(value);
      if (value instanceof Date) return `"${wireDate(value)}"`;
      if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) break;
      return record(value);
    case 'function':
    case 'symbol':
      break;
  }
  throw new TypeError(`no wire form for ${Object.prototype.toString.call(value)}`);
}

/**
 * Encodes one value as Rucio's clients expect JSON: a bigint as an integer of any size, Infinity as
 * the bare word (Python reads it), a Date as `Fri, 24 Jul 2026 16:01:23 UTC`. Keys whose value is
 * undefined are left out. Throws TypeError for what has no wire form: NaN, functions, maps, bytes.
 */
export function toJson(value: unknown): string {
  const text = encode(value);
  if (text === undefined) throw new TypeError('undefined has no wire form');
  return text;
}
