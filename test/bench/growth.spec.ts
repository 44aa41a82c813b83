import { describe, expect, it } from '@jest/globals';
import { type Result } from '../../bench/report.js';
import { growthOf } from '../../bench/scale/growth.js';
import { needOf } from '../../bench/scale/sizes.js';

const result = (name: string, items: number, cpuMs: number, series?: string): Result => ({
  path: { name, item: 'file', items, ...(series !== undefined && { series }) },
  figures: [],
  runs: 1,
  cost: { wall: cpuMs, node: 0, postgres: cpuMs, transaction: 0 },
  leastCpu: cpuMs,
  spread: [cpuMs, cpuMs],
  floor: null,
});

const growth = (small: Result, large: Result) =>
  growthOf([
    { files: 100_000, results: [small] },
    { files: 1_000_000, results: [large] },
  ])[0];

describe('the growth of a path with the catalogue', () => {
  it('is flat where the same batch costs the same', () => {
    expect(growth(result('attach', 1000, 50), result('attach', 1000, 50))).toMatchObject({
      exponent: 0,
      constant: true,
      tooFast: false,
    });
  });

  it('is too fast where a batch costs twice as much in a catalogue ten times as large', () => {
    const found = growth(result('attach', 1000, 50), result('attach', 1000, 100));
    expect(found?.exponent).toBeCloseTo(Math.log10(2));
    expect(found?.tooFast).toBe(true);
  });

  it('is linear, and may be, where the work itself has grown', () => {
    const found = growth(
      result('load 1', 100_000, 5000, 'load'),
      result('load 2', 1_000_000, 50_000, 'load'),
    );
    expect(found).toMatchObject({ path: 'load', constant: false, tooFast: false });
    expect(found?.exponent).toBeCloseTo(1);
  });

  it('is told for paths that both steps ran', () => {
    expect(growth(result('attach', 1000, 50), result('detach', 1000, 50))).toBeUndefined();
  });
});

describe('what a larger catalogue needs', () => {
  const sizes = [
    { table: 'replicas', rows: 1000, heapBytes: 80_000, indexes: [{ name: 'a', bytes: 40_000 }] },
    { table: 'dids', rows: 500, heapBytes: 75_000, indexes: [] },
  ];

  it('keeps the proportions of the one that was loaded', () => {
    expect(needOf(sizes, 1e6)).toMatchObject({ diskBytes: 195e6, indexBytes: 40e6 });
  });

  it('cannot be told of a catalogue without replicas', () => {
    expect(() => needOf(sizes.slice(1), 1e6)).toThrow('no replicas');
  });
});
