import { type RseId } from '../vocabulary/index.js';

/** As constants: to look up a global each time costs more than to call it, where a global is looked up slowly. */
const { imul, log } = Math;

/** 64 bits as two numbers: bigints would cost ten times as much, and a plan asks a million times. */
interface Bits {
  high: number;
  low: number;
}

/** Mixes 64 bits well enough that neighbouring keys are unrelated (the finaliser of SplitMix64). In place. */
function mix(bits: Bits): void {
  const low = (bits.low >>> 0) + 0x7f4a7c15;
  bits.high = (bits.high + 0x9e3779b9 + (low > 0xffffffff ? 1 : 0)) | 0;
  bits.low = low | 0;
  shiftIn(bits, 30);
  multiply(bits, 0xbf58476d, 0x1ce4e5b9);
  shiftIn(bits, 27);
  multiply(bits, 0x94d049bb, 0x133111eb);
  shiftIn(bits, 31);
}

/** z ^ (z >> by), of less than 32. */
function shiftIn(bits: Bits, by: number): void {
  bits.low ^= (bits.low >>> by) | (bits.high << (32 - by));
  bits.high ^= bits.high >>> by;
}

/** The lower 64 bits of a product. */
function multiply(bits: Bits, high: number, low: number): void {
  const a = bits.low >>> 16;
  const b = bits.low & 0xffff;
  const c = low >>> 16;
  const d = low & 0xffff;
  const middle = a * d + ((b * d) >>> 16);
  const carried = (middle >>> 16) + (((middle & 0xffff) + b * c) >>> 16);
  bits.high = (imul(bits.high, low) + imul(bits.low, high) + a * c + carried) | 0;
  bits.low = imul(bits.low, low);
}

const halves = new DataView(new ArrayBuffer(8));

function read(bits: Bits, value: bigint): void {
  halves.setBigInt64(0, value);
  bits.high = halves.getInt32(0);
  bits.low = halves.getInt32(4);
}

/**
 * Weighted rendezvous hashing: among storage elements the one with the lowest score takes the unit,
 * with a chance proportional to its weight; the next lowest takes the next copy. The choice for a
 * unit depends on nothing else, so a new RSE draws only its share. Weight above 0.
 */
export function scoresOf(unit: bigint): (seed: bigint, weight: number) => number {
  const bits = { high: 0, low: 0 };
  read(bits, unit);
  mix(bits);
  const { high, low } = bits;
  return (seed, weight) => {
    read(bits, seed);
    bits.high ^= high;
    bits.low ^= low;
    mix(bits);
    // The upper 53 bits.
    const uniform = ((bits.high >>> 0) * 0x200000 + (bits.low >>> 11) + 0.5) / 2 ** 53;
    return -log(uniform) / weight;
  };
}

/** The score of one storage element by itself. */
export const rendezvousScore = (
  unit: bigint,
  rse: { readonly seed: bigint; readonly weight: number },
): number => scoresOf(unit)(rse.seed, rse.weight);

/** A storage element as a share of a placement. */
export interface WeightedRse {
  readonly rseId: RseId;
  readonly seed: bigint;
  readonly weight: number;
}
