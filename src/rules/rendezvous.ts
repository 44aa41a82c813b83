import { type RseId } from '../vocabulary/index.js';

const MASK = (1n << 64n) - 1n;

/** Mixes 64 bits well enough that neighbouring keys are unrelated (the finaliser of SplitMix64). */
function mix(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/**
 * Weighted rendezvous hashing: among storage elements the one with the lowest score takes the unit,
 * with a chance proportional to its weight; the next lowest takes the next copy. The choice for a
 * unit depends on nothing else, so a new RSE draws only its share. Weight above 0.
 */
export function rendezvousScore(unit: bigint, rse: { seed: bigint; weight: number }): number {
  const bits = Number(mix((mix(unit & MASK) ^ rse.seed) & MASK) >> 11n);
  const uniform = (bits + 0.5) / 2 ** 53;
  return -Math.log(uniform) / rse.weight;
}

/** A storage element as a share of a placement. */
export interface WeightedRse {
  readonly rseId: RseId;
  readonly seed: bigint;
  readonly weight: number;
}
