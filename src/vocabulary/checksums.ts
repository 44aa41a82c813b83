/** An adler32 of 8 hex digits as the catalogue stores it: the unsigned value as two's complement. */
export const adler32FromHex = (hex: string): number => Number.parseInt(hex, 16) | 0;

/** A stored adler32 as the wire shows it: 8 lower-case hex digits. */
export const adler32ToHex = (stored: number): string =>
  (stored >>> 0).toString(16).padStart(8, '0');

/** The 32 lower-case hex digits of an md5 or guid that was given with braces, dashes or capitals. */
export const plainHex = (text: string): string => text.replace(/[{}-]/g, '').toLowerCase();
