/**
 * Checksums as text and as they are stored. Adler-32 is eight lower-case hexadecimal digits on the
 * wire and an int4 (two's complement of the unsigned value) in the database; MD5 is 32 digits.
 */

const ADLER32 = /^(?:0x)?[0-9a-f]{1,8}$/i;
const MD5 = /^[0-9a-f]{32}$/i;

/** The adler32 of no bytes at all. */
export const ADLER32_OF_NOTHING = '00000001';

/**
 * An adler32 in its one form: eight lower-case digits. Clients drop leading zeros or write `0x`.
 * Returns null for a text that is no adler32.
 */
export function normaliseAdler32(text: string): string | null {
  const trimmed = text.trim();
  if (!ADLER32.test(trimmed)) return null;
  return trimmed.replace(/^0x/i, '').toLowerCase().padStart(8, '0');
}

/** An MD5 as 32 lower-case digits, or null for a text that is none. */
export function normaliseMd5(text: string): string | null {
  const trimmed = text.trim();
  return MD5.test(trimmed) ? trimmed.toLowerCase() : null;
}

/** The stored int4 of an adler32. Throws RangeError for a text that is none. */
export function adler32ToInt4(hex: string): number {
  const digits = normaliseAdler32(hex);
  if (digits === null) throw new RangeError(`not an adler32: ${hex}`);
  return Number.parseInt(digits, 16) | 0;
}

/** The eight digits of a stored int4. Throws RangeError outside the 32 bits. */
export function adler32FromInt4(n: number): string {
  if ((n | 0) !== n) throw new RangeError(`not an int4: ${n}`);
  return (n >>> 0).toString(16).padStart(8, '0');
}

/** The 32 lower-case hex digits of an md5 or guid that was given with braces, dashes or capitals. */
export const plainHex = (text: string): string => text.replace(/[{}-]/g, '').toLowerCase();
