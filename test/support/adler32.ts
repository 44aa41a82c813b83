import ADLER32 from 'adler-32';

/** The adler32 of a text as the wire writes it. */
export const adler32Of = (text: string): string =>
  (ADLER32.str(text) >>> 0).toString(16).padStart(8, '0');
