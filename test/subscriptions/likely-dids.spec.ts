import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execute, rows, sql } from '../../src/db/index.js';
import { DidType } from '../../src/vocabulary/index.js';
import { matchDids, parseFilter } from '../../src/subscriptions/index.js';
import { describeDids } from '../../src/subscriptions/described-did.js';
import { likelyDids } from '../../src/subscriptions/likely-dids.sql.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type Office, office } from '../support/office.js';

let base: TestDatabase;
let a: Office;
const texts = ['RAW', 'RAWISH', 'MC', 'raw'];
const details = ['ORCA', 'ARCA', 7, 7.5, true, null, ['ORCA', 'x'], { a: 1 }];

beforeAll(async () => {
  base = await testDatabase();
  a = await office(base.db);
  await a.disks();
  let at = 0;
  for (const detector of details) {
    for (const datatype of texts) {
      at += 1;
      await a.register({ datatype, detector, run_number: at }, `${datatype}.${at}`);
    }
  }
  await a.register({ datatype: 'RAW', hidden: true }, 'hidden');
  await a.register({ datatype: 'RAW', lifetime: -1 }, 'expired');
  await a.register({}, 'plain');
  await a.data('plain', ['RAW.file'], 'A-DISK');
});
afterAll(() => base.close());

const pattern = fc.constantFrom(
  'RAW',
  'RAW$',
  '(?i)raw',
  '.*A',
  '7',
  '7.5',
  'None',
  'True',
  '\\{',
  'ORCA$',
  'x',
);
const filters = fc.record(
  {
    pattern,
    excluded_pattern: pattern,
    datatype: fc.array(pattern, { maxLength: 2 }),
    detector: fc.array(pattern, { minLength: 1, maxLength: 2 }),
    run_number: fc.integer({ min: 1, max: 3 }),
    hidden: fc.constantFrom('False', 'None'),
    project: fc.constant(['None']),
    did_type: fc.subarray(['FILE', 'DATASET', 'CONTAINER'], { minLength: 1 }),
    account: fc.constantFrom(['shore'], ['nobody']),
    is_open: fc.constant('True'),
  },
  { requiredKeys: [] },
);

it('a walk finds every DID that matches, and few others', async () => {
  const all = await a.db.read((tx) =>
    rows<{ id: bigint }>(tx, sql`SELECT id FROM dids ORDER BY id`),
  );
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 40 }), async (given, limit) => {
      const filter = parseFilter(given);
      const found = await a.db.read(async (tx) => {
        const ids: bigint[] = [];
        for (let after = 0n; ;) {
          const walk = { after, until: all.at(-1)?.id ?? 0n, limit, now: a.now };
          const page = await likelyDids(tx, filter, walk);
          expect(page.ids.length).toBeLessThanOrEqual(limit);
          ids.push(...page.ids);
          if (page.isLast) return ids;
          after = page.to;
        }
      });
      const matching = await a.db.read(async (tx) => {
        const described = await describeDids(
          tx,
          all.map(({ id }) => id),
          a.now,
        );
        return (await matchDids(tx, [filter], described))[0]?.map(({ id }) => id) ?? [];
      });
      expect(found).toEqual([...new Set(found)].sort((x, y) => (x < y ? -1 : 1)));
      expect(matching.filter((id) => !found.includes(id))).toEqual([]);
      // Without own metadata and what is told in Python only, SQL knows it all.
      if (!('detector' in given) && !('is_open' in given)) expect(found).toEqual(matching);
    }),
    { numRuns: 60 },
  );
});

it('a walk over collections does not read files', async () => {
  await a.db.tx(async (tx) => {
    await execute(tx, sql`SET LOCAL plan_cache_mode = force_generic_plan`);
    await execute(tx, sql`SET LOCAL enable_seqscan = off`);
    const plan = await rows<{ 'QUERY PLAN': string }>(
      tx,
      sql`EXPLAIN SELECT d.id FROM dids d WHERE d.id > 0 AND d.id <= 100
            AND d.is_open IS NOT NULL AND d.type IN ('D', 'C') ORDER BY d.id LIMIT 10000`,
    );
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('dids_collections_idx');
  });
  const filter = parseFilter({ did_type: 'DATASET' });
  const page = await a.db.read((tx) =>
    likelyDids(tx, filter, { after: 0n, until: 10_000n, limit: 1000, now: a.now }),
  );
  expect(page).toMatchObject({ seen: 35, isLast: true });
  expect(DidType.FILE).toBe('F');
});
