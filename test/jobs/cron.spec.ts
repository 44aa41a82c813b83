import { describe, expect, it } from '@jest/globals';
import { demandCalendar, nextMoment } from '../../src/jobs/index.js';

describe('a calendar', () => {
  it.each([
    ['0 3 * * *', 'UTC', '2026-07-01T03:00:00Z', '2026-07-02T03:00:00.000Z'],
    ['*/15 * * * *', 'UTC', '2026-07-01T03:07:10Z', '2026-07-01T03:15:00.000Z'],
    ['0 9 * * 1', 'Europe/Paris', '2026-07-01T00:00:00Z', '2026-07-06T07:00:00.000Z'],
    // The clock goes from 2 to 3 in this night: half past two comes at three.
    ['30 2 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z'],
    ['0 0 29 2 *', 'UTC', '2026-07-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('%s in %s after %s is next at %s', (cron, timeZone, after, next) => {
    expect(nextMoment({ cron, timeZone }, new Date(after)).toISOString()).toBe(next);
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
