import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CACHED_FROM,
  claimToken,
  EPOCH,
  initialTombstone,
  urgentDue,
  urgentTombstone,
} from '../../src/replicas/index.js';

const moments = fc.date({
  min: new Date('2000-01-01'),
  max: new Date('2200-01-01'),
  noInvalidDate: true,
});

describe('tombstones', () => {
  it('of copies that are to go at once keep their order and their due time, to the second', () => {
    fc.assert(
      fc.property(moments, moments, (one, other) => {
        const [a, b] = [urgentTombstone(one), urgentTombstone(other)];
        expect(a.getTime()).toBeLessThan(CACHED_FROM.getTime());
        expect(urgentDue(a).getTime() - one.getTime()).toBeGreaterThanOrEqual(0);
        expect(urgentDue(a).getTime() - one.getTime()).toBeLessThan(1000);
        if (one.getTime() + 1000 < other.getTime()) expect(a.getTime()).toBeLessThan(b.getTime());
      }),
    );
  });

  it('of two claims in one second differ', () => {
    const until = new Date('2026-11-21T12:00:00Z');
    expect(claimToken(until, 1)).not.toBe(claimToken(until, 2));
    expect(claimToken(until, 7)).toMatch(/^1970-01-21T\d\d:\d\d:\d\d\.\d{3}007Z$/);
    expect(new Date(claimToken(until, 999)).getTime()).toBe(urgentTombstone(until).getTime());
  });

  it('of new copies are what the RSE says', () => {
    const now = new Date('2026-11-21T12:00:00Z');
    expect(initialTombstone(undefined, now)).toBeNull();
    expect(initialTombstone('0', now)).toBeNull();
    expect(initialTombstone('soon', now)).toBeNull();
    expect(initialTombstone('-1', now)).toEqual(EPOCH);
    expect(initialTombstone('60', now)).toEqual(new Date('2026-11-21T12:01:00Z'));
  });
});
