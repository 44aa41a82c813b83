import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  adler32FromInt4,
  adler32ToInt4,
  normaliseAdler32,
  normaliseMd5,
} from '../../src/vocabulary/checksum.js';

describe('checksums', () => {
  it('stores an adler32 above 2^31 as a negative int4 and gives it back', () => {
    expect(adler32ToInt4('ffffffff')).toBe(-1);
    expect(adler32ToInt4('80000000')).toBe(-2147483648);
    expect(adler32ToInt4('1e720467')).toBe(510788711);
    expect(adler32FromInt4(-2147483648)).toBe('80000000');
  });

  it('keeps leading zeros, which clients compare literally', () => {
    expect(adler32FromInt4(1)).toBe('00000001');
    expect(adler32FromInt4(adler32ToInt4('0045011a'))).toBe('0045011a');
  });

  it('stores every int4 without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (n) => {
        const hex = adler32FromInt4(n);
        expect(hex).toMatch(/^[0-9a-f]{8}$/);
        expect(adler32ToInt4(hex)).toBe(n);
      }),
    );
  });

  it('reads what clients write and nothing else', () => {
    expect(normaliseAdler32('45011A')).toBe('0045011a');
    expect(normaliseAdler32('0x1E720467')).toBe('1e720467');
    for (const text of ['', '123456789', 'xyz', '1e72 467', '-1']) {
      expect(normaliseAdler32(text)).toBeNull();
    }
    expect(normaliseMd5('D41D8CD98F00B204E9800998ECF8427E')).toBe(
      'd41d8cd98f00b204e9800998ecf8427e',
    );
    expect(normaliseMd5('d41d8cd98f00b204')).toBeNull();
  });

  it('refuses what is no int4 and no adler32', () => {
    for (const n of [2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN]) {
      expect(() => adler32FromInt4(n)).toThrow(RangeError);
    }
    expect(() => adler32ToInt4('hello')).toThrow(RangeError);
  });
});
