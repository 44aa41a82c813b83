import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isoDate, parseDate, wireDate } from '../../../src/api/wire/dates.js';
import { InvalidObject } from '../../../src/errors/index.js';

const at = new Date('2026-07-24T16:01:23Z');

describe('dates on the wire', () => {
  it('pads the day and says UTC', () => {
    expect(wireDate(new Date('2026-01-02T03:04:05.999Z'))).toBe('Fri, 02 Jan 2026 03:04:05 UTC');
    expect(isoDate(at)).toBe('2026-07-24T16:01:23');
  });

  it.each([
    'Fri, 24 Jul 2026 16:01:23 UTC',
    'Fri, 24 Jul 2026 16:01:23 GMT',
    '2026-07-24T16:01:23',
    '2026-07-24 16:01:23',
    '2026-07-24T16:01:23Z',
    '2026-07-24T16:01:23.000000',
    '2026-07-24 16:01:23.000000Z',
    at.getTime() / 1000,
    String(at.getTime() / 1000),
  ])('reads %s', (text) => {
    expect(parseDate(text, 'updated_after')).toEqual(at);
  });

  it('keeps milliseconds of a fraction and reads a bare day as its midnight', () => {
    expect(parseDate('2026-07-24T16:01:23.456789', 'x')?.getUTCMilliseconds()).toBe(456);
    expect(parseDate('2026-07-24', 'x')).toEqual(new Date('2026-07-24T00:00:00Z'));
  });

  it.each(['tomorrow', '2026-02-30T00:00:00', '2026-07-24T25:00:00', '24 Jul 2026', {}, true])(
    'refuses %s and names the field',
    (value) => {
      const read = () => parseDate(value, 'younger_than');
      expect(read).toThrow(InvalidObject);
      expect(read).toThrow(/younger_than/);
    },
  );

  it('reads back every second it writes', () => {
    const noInvalidDate = { noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') };
    fc.assert(
      fc.property(fc.date(noInvalidDate), (date) => {
        const second = new Date(Math.floor(date.getTime() / 1000) * 1000);
        expect(parseDate(wireDate(date), 'x')).toEqual(second);
        expect(parseDate(isoDate(date), 'x')).toEqual(second);
      }),
    );
  });
});
