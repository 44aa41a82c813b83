import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidObject } from '../../src/errors/index.js';
import { demandCalendar, nextMoment } from '../../src/jobs/index.js';

describe('a calendar', () => {
  it.each([
    ['0 3 * * *', 'UTC', '2026-07-01T03:00:00Z', '2026-07-02T03:00:00.000Z'],
    ['*/15 * * * *', 'UTC', '2026-07-01T03:07:10Z', '2026-07-01T03:15:00.000Z'],
    ['0 9 * * 1', 'Europe/Paris', '2026-07-01T00:00:00Z', '2026-07-06T07:00:00.000Z'],
    // The clock goes from 2 to 3 in this night: half past two comes at three.
    ['30 2 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z'],
    ['0 0 29 2 *', 'UTC', '2026-07-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    // In this one it goes from 3 to 2: half past two comes twice, and counts once.
    ['30 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['30 2 * * *', 'Europe/Paris', '2026-10-25T00:30:05Z', '2026-10-26T01:30:00.000Z'],
    ['0 * * * *', 'Europe/Paris', '2026-10-25T00:00:01Z', '2026-10-25T01:00:00.000Z'],
  ])('%s in %s after %s is next at %s', (cron, timeZone, after, next) => {
    expect(nextMoment({ cron, timeZone }, new Date(after)).toISOString()).toBe(next);
  });

  it('always goes on, by the minute, wherever the clock is put forward or back', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Australia/Lord_Howe');
    const cron = fc
      .tuple(fc.constantFrom('*', '0', '30', '*/15'), fc.constantFrom('*', '1', '2', '3', '*/6'))
      .map(([minute, hour]) => `${minute} ${hour} * * *`);
    const begin = fc.date({
      min: new Date('2026-01-01'),
      max: new Date('2026-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(cron, zone, begin, (one, timeZone, after) => {
        const next = nextMoment({ cron: one, timeZone }, after);
        const days = (next.getTime() - after.getTime()) / 86_400_000;
        return days > 0 && days <= 2 && next.getTime() % 60_000 === 0;
      }),
    );
  });

  it.each([
    ['0 0 31 4 *', 'UTC'],
    ['0 0 30 2 *', 'Europe/Paris'],
  ])('%s in %s never comes, and is refused', (cron, timeZone) => {
    expect(() => nextMoment({ cron, timeZone }, new Date('2026-07-01'))).toThrow(InvalidObject);
  });

  it.each([
    ['often', 'UTC', /cron: 'often' is not minute, hour/],
    ['* * * * * *', 'UTC', /cron: .* is not minute, hour/],
    ['61 * * * *', 'UTC', /cron: '61/],
    ['0 3 * * *', 'Europe/Atlantis', /time_zone: 'Europe\/Atlantis' is no time zone/],
  ])('%s in %s is refused', (cron, timeZone, problem) => {
    expect(() => demandCalendar({ cron, timeZone })).toThrow(problem);
  });
});
