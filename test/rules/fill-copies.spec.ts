import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Candidate } from '../../src/rules/index.js';
import { fillCopies, type RankedFile } from '../../src/rules/fill-copies.js';

const rse = (rseId: number, room: bigint | null): Candidate => ({
  rseId,
  name: `RSE-${rseId}`,
  seed: 1n,
  weight: 1,
  heldBytes: 0n,
  inDeletion: false,
  quotaLeft: room,
  spaceLeft: null,
});
const file = (didId: number, bytes: number, wanted: number, ranked: number[]): RankedFile => ({
  didId: BigInt(didId),
  bytes: BigInt(bytes),
  wanted,
  ranked,
  stored: [],
});

describe('files placed one by one', () => {
  it('go to the best RSE that has room, the largest file first', () => {
    const files = [file(1, 10, 1, [1, 2]), file(2, 90, 1, [1, 2]), file(3, 5, 1, [1, 2])];
    const { copies, short } = fillCopies(files, [rse(1, 101n), rse(2, 11n)]);
    expect(copies).toEqual([
      { didId: 2n, rseId: 1 },
      { didId: 1n, rseId: 1 },
      { didId: 3n, rseId: 2 },
    ]);
    expect(short).toEqual([]);
  });

  it('need no more space where they are already', () => {
    const full: Candidate = { ...rse(1, null), spaceLeft: 0n };
    const here = { ...file(1, 10, 1, [1]), stored: [1] };
    expect(fillCopies([here], [full]).copies).toEqual([{ didId: 1n, rseId: 1 }]);
    expect(fillCopies([file(1, 10, 1, [1])], [full]).short).toHaveLength(1);
  });

  it('never exceed a limit, are on different RSEs, and get all of their copies or none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(300), { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 3 })), { maxLength: 30 }),
        (rooms, sizes) => {
          const candidates = rooms.map((room, at) => rse(at, BigInt(room)));
          const ranked = candidates.map(({ rseId }) => rseId);
          const files = sizes.map(([bytes, wanted], at) => file(at, bytes, wanted, ranked));
          const { copies, charge, short } = fillCopies(files, candidates);
          for (const { rseId, quotaLeft } of candidates) {
            const used = copies
              .filter((copy) => copy.rseId === rseId)
              .reduce((sum, { didId }) => sum + (files[Number(didId)]?.bytes ?? 0n), 0n);
            expect(charge.get(rseId) ?? 0n).toBe(used);
            if (used > 0n) expect(used).toBeLessThan(quotaLeft ?? 0n);
          }
          for (const { didId, wanted } of files) {
            const at = copies.filter((copy) => copy.didId === didId).map(({ rseId }) => rseId);
            const none = short.some((one) => one.didId === didId);
            expect(new Set(at).size).toBe(none ? 0 : wanted);
          }
        },
      ),
    );
  });
});
