import { describe, expect, it } from '@jest/globals';
import { counted, inBytes, inTime, right, table } from '../../src/cli/text.js';

describe('text for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [999_949, '1.00 MB'],
    [24_000_000_000_000, '24.0 TB'],
    [123_456_789, '123 MB'],
    [-1500, '-1.50 kB'],
  ])('%d bytes are %s', (bytes, text) => expect(inBytes(bytes)).toBe(text));

  it.each([
    [0.4, 'less than 1 s'],
    [59, '59 s'],
    [60, '1 min'],
    [3599.9, '1 h'],
    [12_000, '3 h 20 min'],
    [86_399, '1 d'],
    [200_000, '2 d 8 h'],
  ])('%d seconds are %s', (seconds, text) => expect(inTime(seconds)).toBe(text));

  it('counts things', () => {
    expect([counted(1, 'copy'), counted(2, 'copy'), counted(1000, 'file')]).toEqual([
      '1 copy',
      '2 copies',
      '1,000 files',
    ]);
  });

  it('aligns columns, by what a terminal shows of them', () => {
    expect(
      table([
        ['RSE', right('bytes'), 'why'],
        ['\u001b[32mA-DISK\u001b[39m', right('1 B'), 'here'],
      ]),
    ).toEqual(['RSE     bytes  why', '\u001b[32mA-DISK\u001b[39m    1 B  here']);
  });
});
