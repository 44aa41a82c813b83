import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rendezvousScore } from '../../src/rules/rendezvous.js';

const MASK = (1n << 64n) - 1n;

/** The finaliser of SplitMix64 as its definition has it. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

const any64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

describe('the score of a storage element for a unit', () => {
  it('is what 64-bit arithmetic says, whatever the keys: else every placement would move', () => {
    fc.assert(
      fc.property(
        any64,
        any64,
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (id, seed, weight) => {
          const bits = Number(mix((mix(id & MASK) ^ seed) & MASK) >> 11n);
          const uniform = (bits + 0.5) / 2 ** 53;
          expect(rendezvousScore(id, { seed, weight })).toBe(-Math.log(uniform) / weight);
        },
      ),
      { numRuns: 2000, seed: 20261122 },
    );
  });
});
