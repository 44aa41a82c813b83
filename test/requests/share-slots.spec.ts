import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Bucket, type Load, shareSlots } from '../../src/requests/index.js';

const limits = { perStorage: 10, inFlight: 100, claims: 100 };
const bucket = (rseId: number, activity: number): Bucket => ({ rseId, activity });
const load = (rseId: number, activity: number, count: number): Load => ({
  rseId,
  activity,
  count,
});

describe('the free places of a storage', () => {
  it('are divided evenly among the activities that have work there', () => {
    expect(shareSlots([bucket(1, 1), bucket(1, 2)], [], limits)).toEqual([
      { rseId: 1, activity: 1, slots: 5 },
      { rseId: 1, activity: 2, slots: 5 },
    ]);
  });

  it('go to the activity that has less under way, even one at a time', () => {
    const flood = load(1, 1, 9);
    expect(shareSlots([bucket(1, 1), bucket(1, 2)], [flood], limits)).toEqual([
      { rseId: 1, activity: 2, slots: 1 },
    ]);
  });

  it('are its own: a full storage gets none, an empty one does not wait', () => {
    const full = load(1, 1, 10);
    expect(shareSlots([bucket(1, 1), bucket(2, 1)], [full], limits)).toEqual([
      { rseId: 2, activity: 1, slots: 10 },
    ]);
  });

  it('are shared where the whole lake has fewer than its storages', () => {
    const shares = shareSlots([bucket(1, 1), bucket(2, 1), bucket(3, 1)], [load(1, 1, 4)], {
      ...limits,
      inFlight: 10,
    });
    expect(shares).toEqual([
      { rseId: 2, activity: 1, slots: 3 },
      { rseId: 3, activity: 1, slots: 3 },
    ]);
  });
});

const small = fc.integer({ min: 1, max: 4 });
const buckets = fc.uniqueArray(fc.record({ rseId: small, activity: small }), {
  selector: ({ rseId, activity }) => `${rseId}/${activity}`,
});
const loads = fc.uniqueArray(
  fc.record({ rseId: small, activity: small, count: fc.integer({ min: 1, max: 20 }) }),
  { selector: ({ rseId, activity }) => `${rseId}/${activity}` },
);
const anyLimits = fc.record({
  perStorage: fc.integer({ min: 1, max: 15 }),
  inFlight: fc.integer({ min: 1, max: 60 }),
  claims: fc.integer({ min: 1, max: 40 }),
});
const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);

describe('for any queue', () => {
  it('no limit is passed, and no place is left while somebody could use it', () => {
    fc.assert(
      fc.property(buckets, loads, anyLimits, (queues, underWay, bounds) => {
        const shares = shareSlots(queues, underWay, bounds);
        const given = sum(shares.map(({ slots }) => slots));
        const before = sum(underWay.map(({ count }) => count));
        expect(given).toBeLessThanOrEqual(bounds.claims);
        expect(given).toBeLessThanOrEqual(Math.max(0, bounds.inFlight - before));
        const roomAt = (rseId: number) =>
          bounds.perStorage -
          sum(underWay.filter((each) => each.rseId === rseId).map(({ count }) => count)) -
          sum(shares.filter((each) => each.rseId === rseId).map(({ slots }) => slots));
        for (const { rseId } of shares) expect(roomAt(rseId)).toBeGreaterThanOrEqual(0);
        if (given < bounds.claims && given + before < bounds.inFlight) {
          for (const { rseId } of queues) expect(roomAt(rseId)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('an activity gets more than another of its storage only to catch up with it', () => {
    fc.assert(
      fc.property(buckets, loads, anyLimits, (queues, underWay, bounds) => {
        const shares = shareSlots(queues, underWay, bounds);
        const same = (a: Bucket) => (b: Bucket) => a.rseId === b.rseId && a.activity === b.activity;
        const had = (queue: Bucket) => underWay.find(same(queue))?.count ?? 0;
        const got = (queue: Bucket) => shares.find(same(queue))?.slots ?? 0;
        for (const a of queues) {
          for (const b of queues.filter(({ rseId }) => rseId === a.rseId)) {
            if (got(a) > 0) expect(had(a) + got(a)).toBeLessThanOrEqual(had(b) + got(b) + 1);
          }
        }
      }),
    );
  });
});
