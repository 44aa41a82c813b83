import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../src/db/index.js';
import { ownCopies } from '../../src/rules/spread.sql.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let base: TestDatabase;
beforeAll(async () => {
  base = await testDatabase();
});
afterAll(() => base.close());

const RSES = [
  { rseId: 1, seed: 6_364_136_223_846_793_005n, weight: 1 },
  { rseId: 2, seed: -1_442_695_040_888_963_407n, weight: 1 },
  { rseId: 3, seed: 3_935_559_000_370_003_845n, weight: 2 },
];

const picks = (files: string, copies: number) =>
  base.db.read((tx) =>
    rows<{ didId: bigint; rseId: number }>(
      tx,
      sql`WITH slice AS MATERIALIZED (
          SELECT n::bigint AS did_id, 1::bigint AS bytes FROM unnest(${files}::int4multirange) r, generate_series(lower(r), upper(r) - 1) n)
        SELECT p.did_id AS "didId", p.rse_id AS "rseId" FROM (${ownCopies(1n, RSES, copies)}) p ORDER BY 1`,
    ),
  );

describe('files placed each by itself', () => {
  it('go where they always went: PostgreSQL does not document this hash, so it is pinned here', async () => {
    const first = await picks('{[1,21)}', 1);
    expect(first.map(({ rseId }) => rseId).join('')).toBe('33213333232311113113');
  });

  it('have as many RSEs as copies, each once', async () => {
    const two = await picks('{[1,200)}', 2);
    expect(new Set(two.map(({ didId, rseId }) => `${didId}@${rseId}`)).size).toBe(398);
  });

  it('spread in proportion to the weights', async () => {
    const many = await picks('{[1,4001)}', 1);
    const share = (rse: number) => many.filter(({ rseId }) => rseId === rse).length / 4000;
    expect(share(1)).toBeCloseTo(0.25, 1);
    expect(share(3)).toBeCloseTo(0.5, 1);
  });
});
