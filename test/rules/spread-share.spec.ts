import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../src/db/index.js';
import { placeCopies } from '../../src/rules/copy-placement.js';
import { ownCopies } from '../../src/rules/spread.sql.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

// How evenly copies spread without constraints, and what an RSE more changes. Seeds and ids are fixed,
// so each of these holds for good once it holds.

const FILES = 100_000;
const SEEDS = [
  6_364_136_223_846_793_005n,
  -1_442_695_040_888_963_407n,
  3_935_559_000_370_003_845n,
  -7_046_029_254_386_353_131n,
  2_685_821_657_736_338_717n,
];
const rses = (weights: readonly number[]) =>
  weights.map((weight, at) => ({ rseId: at + 1, seed: SEEDS[at] ?? 0n, weight }));

/** The greatest chi-square with p > 0.001, by degrees of freedom. */
const CHI_SQUARE = [0, 10.83, 13.82, 16.27, 18.47];
const chiSquare = (counts: readonly number[], shares: readonly number[]): number => {
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.reduce((sum, count, at) => {
    const due = total * (shares[at] ?? 0);
    return sum + (count - due) ** 2 / due;
  }, 0);
};

let base: TestDatabase;
beforeAll(async () => {
  base = await testDatabase();
});
afterAll(() => base.close());

/** The RSEs of each file, by the statement that grouping NONE places by. */
const spread = async (
  weights: readonly number[],
  copies: number,
): Promise<Map<bigint, number[]>> => {
  const found = await base.db.read((tx) =>
    rows<{ didId: bigint; rses: number[] }>(
      tx,
      sql`WITH slice AS MATERIALIZED (SELECT n::bigint AS did_id, 1::bigint AS bytes FROM generate_series(1, ${FILES}::int) n)
        SELECT p.did_id AS "didId", array_agg(p.rse_id ORDER BY p.rse_id) AS rses
          FROM (${ownCopies(1n, rses(weights), copies)}) p GROUP BY p.did_id`,
    ),
  );
  return new Map(found.map((row) => [row.didId, row.rses]));
};
const countsOf = (placed: Iterable<readonly number[]>, size: number): number[] => {
  const counts = Array.from({ length: size }, () => 0);
  for (const some of placed)
    for (const rseId of some) counts[rseId - 1] = (counts[rseId - 1] ?? 0) + 1;
  return counts;
};

describe('files placed each by itself', () => {
  it.each([
    [[1, 1, 1, 1], 1],
    [[1, 1, 1, 1], 2],
    [[1, 1, 1, 1, 1], 3],
    [[1, 2, 3, 4], 1],
    [[10, 1, 1], 1],
  ])('are even over RSEs of weights %j in %i copies', async (weights, copies) => {
    const counts = countsOf((await spread(weights, copies)).values(), weights.length);
    const total = weights.reduce((a, b) => a + b, 0);
    const shares = weights.map((weight) => weight / total);
    expect(chiSquare(counts, shares)).toBeLessThan(CHI_SQUARE[weights.length - 1] ?? 0);
  });

  it.each([[[1, 1, 1, 1]], [[1, 2, 3, 2]], [[5, 5, 5, 1]]])(
    'leave for a new RSE what is its share of the weights %j, and nothing else moves',
    async (weights) => {
      const before = await spread(weights.slice(0, -1), 1);
      const after = await spread(weights, 1);
      const added = weights.length;
      let moved = 0;
      for (const [file, [rse]] of after) {
        if (rse === before.get(file)?.[0]) continue;
        expect(rse).toBe(added);
        moved += 1;
      }
      const share = (weights.at(-1) ?? 0) / weights.reduce((a, b) => a + b, 0);
      const sigma = Math.sqrt(FILES * share * (1 - share));
      expect(Math.abs(moved - FILES * share)).toBeLessThan(4 * sigma);
    },
    60_000,
  );
});

describe('units that stay together', () => {
  it('spread as evenly', () => {
    const candidates = rses([1, 1, 1, 1]).map((rse) => ({
      ...rse,
      name: `RSE-${rse.rseId}`,
      heldBytes: 0n,
      inDeletion: false,
      quotaLeft: null,
      spaceLeft: null,
    }));
    const placed = Array.from(
      { length: 20_000 },
      (_, n) => placeCopies({ id: BigInt(n + 1), copies: 1, bytes: 1n }, candidates).chosen,
    );
    expect(chiSquare(countsOf(placed, 4), [0.25, 0.25, 0.25, 0.25])).toBeLessThan(16.27);
  });
});
