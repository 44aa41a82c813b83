import { ValueError, WireTypeError } from '../../errors/index.js';

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  false: false,
  '0': false,
};

/** One query parameter as text. Absent is undefined; given twice is refused (TypeError, 400). */
export function parseText(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new WireTypeError(`Parameter '${name}' is given more than once`, { name });
}

/**
 * A boolean query parameter: Python's True and False, any case, 1 and 0; a real boolean passes.
 * Absent or empty gives the fallback. Throws TypeError (400).
 */
export function parseBool(value: unknown, name: string, fallback = false): boolean {
  if (typeof value === 'boolean') return value;
  const text = parseText(value, name);
  if (text === undefined || text === '') return fallback;
  const found = BOOLEANS[text.toLowerCase()];
  if (found === undefined) {
    throw new WireTypeError(`Parameter '${name}' takes True or False, not '${text}'`, { name });
  }
  return found;
}

export interface IntegerBounds {
  readonly min?: number;
  readonly max?: number;
}

/** An integer query parameter within bounds (0 to 2^53 - 1 unless told). Throws ValueError (400). */
export function parseInteger(
  value: unknown,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: IntegerBounds = {},
): number | undefined {
  const text = typeof value === 'number' ? String(value) : parseText(value, name);
  if (text === undefined || text === '' || text === 'None') return undefined;
  const number = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new ValueError(
    `Parameter '${name}' takes an integer from ${min} to ${max}, not '${text}'`,
    {
      name,
    },
  );
}
