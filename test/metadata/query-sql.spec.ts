import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execute, only, rows, sql } from '../../src/db/index.js';
import { DIDFilterSyntaxError } from '../../src/errors/index.js';
import { compileFilter, parseFilter } from '../../src/metadata/query/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;

/** name, type, columns, own metadata */
const DIDS: readonly [string, 'F' | 'D' | 'C', Record<string, unknown>, object | null][] = [
  [
    'raw1',
    'F',
    { bytes: 100, run_number: 25291, adler32: -2, datatype: 'RAW' },
    { NumberShowers: 2500, flag: true },
  ],
  [
    'raw_2',
    'F',
    { bytes: 200, run_number: 25292, guid: '0'.repeat(31) + 'a' },
    { NumberShowers: '1999' },
  ],
  [
    'rawX2',
    'F',
    { bytes: 300, hidden: true },
    { NumberShowers: 'many', flag: 'True', temperature: -5 },
  ],
  [
    'ds1',
    'D',
    { is_open: true, project: 'km3', version: '007' },
    { Production: 'TeV_low', NumberShowers: 2000 },
  ],
  [
    'ds2',
    'D',
    { is_open: false, project: 'orca' },
    { Production: 'TeV%low', at: 'Fri, 24 Jul 2026 16:01:23 UTC' },
  ],
  [
    'c1',
    'C',
    { is_open: true, expired_at: '2030-01-01T00:00:00Z' },
    { Production: null, at: '2026-01-01T00:00:00' },
  ],
  ['c2', 'C', { is_open: true }, null],
];

beforeAll(async () => {
  database = await testDatabase();
  await database.db.tx(async (tx) => {
    await execute(tx, sql`INSERT INTO accounts (type, name) VALUES ('U', 'km3'), ('U', 'other')`);
    await execute(tx, sql`INSERT INTO scopes (name, account_id) VALUES ('data', 1)`);
    for (const [name, type, columns, meta] of DIDS) {
      const row = { scope: 'data', name, type, account_id: 1, purge_replicas: true, ...columns };
      const { id } = await only<{ id: bigint }>(
        tx,
        sql`INSERT INTO dids (scope, name, type, account_id, is_open, bytes, run_number, adler32,
              datatype, guid, hidden, project, version, expired_at, created_at)
            SELECT r.scope, r.name, r.type, r.account_id, r.is_open, r.bytes, r.run_number, r.adler32,
              r.datatype, r.guid, coalesce(r.hidden, false), r.project, r.version, r.expired_at,
              '2026-07-24T16:01:23Z'
            FROM jsonb_populate_record(NULL::dids, ${JSON.stringify(row)}::jsonb) AS r
            RETURNING id`,
      );
      if (meta) {
        await execute(
          tx,
          sql`INSERT INTO did_meta (did_id, meta) VALUES (${id}, ${JSON.stringify(meta)}::jsonb)`,
        );
      }
      if (name === 'ds1') {
        await execute(tx, sql`INSERT INTO collections VALUES (${id}, 3, 600)`);
        await execute(
          tx,
          sql`INSERT INTO collection_deltas (did_id, length, bytes) VALUES (${id}, -1, -100)`,
        );
      }
    }
  });
});
afterAll(() => database.close());

async function found(given: unknown, type = 'all'): Promise<string> {
  const condition = compileFilter(parseFilter(given, type));
  const dids = await database.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      sql`SELECT d.name FROM dids d LEFT JOIN did_meta m ON m.did_id = d.id
          WHERE d.scope = 'data' AND ${condition} ORDER BY d.name`,
    ),
  );
  return dids.map(({ name }) => name).join(' ');
}

describe('compileFilter', () => {
  it.each([
    [{}, 'c1 c2 ds1 ds2 raw1 rawX2 raw_2'],
    [{ type: 'collection' }, 'c1 c2 ds1 ds2'],
    [{ type: 'file', name: 'raw*' }, 'raw1 rawX2 raw_2'],
    [{ name: 'raw_%' }, 'raw_2'],
    [{ 'name.ne': 'raw*', 'datatype.ne': 'RAW' }, 'c1 c2 ds1 ds2'],
    [{ run_number: '25291' }, 'raw1'],
    [{ 'run_number.gte': 25291, 'run_number.lt': '25291.5' }, 'raw1'],
    [{ 'run_number.gt': '99999999999999999999' }, ''],
    [{ run_number: '*292' }, 'raw_2'],
    [{ run_number: null, type: 'file' }, 'rawX2'],
    [{ 'run_number.ne': null }, 'raw1 raw_2'],
    [{ 'run_number.ne': 25291, type: 'file' }, 'rawX2 raw_2'],
    [{ version: '007' }, 'ds1'],
    [{ version: '7' }, ''],
    [{ adler32: 'FFFFFFFE' }, 'raw1'],
    [{ adler32: 'fff*' }, 'raw1'],
    [{ guid: `${'0'.repeat(31)}A` }, 'raw_2'],
    [{ guid: '*0A' }, 'raw_2'],
    [{ hidden: 'true' }, 'rawX2'],
    [{ is_open: 'False' }, 'ds2'],
    [{ did_type: 'CONTAINER', availability: 'AVAILABLE' }, 'c1 c2'],
    [{ account: 'km*', project: 'km3' }, 'ds1'],
    [{ account: 'other' }, ''],
    [{ 'length.gte': 2 }, 'ds1'],
    [{ length: 3 }, ''],
    [{ 'bytes.gte': 300 }, 'ds1 rawX2'],
    [{ 'expired_at.gt': '2029-12-31', 'lifetime.gt': 0 }, 'c1'],
    [
      {
        created_after: '2026-07-24 16:01:23',
        created_before: 'Fri, 24 Jul 2026 16:01:23 UTC',
        project: 'km3',
      },
      'ds1',
    ],
    [{ created_before: '2026-07-24T16:01:22' }, ''],
  ])('finds by built-in keys: %j', async (group, names) => {
    expect(await found([group])).toBe(names);
  });

  it.each([
    [{ Production: 'TeV_low' }, 'ds1'],
    [{ Production: 'TeV*low' }, 'ds1 ds2'],
    [{ 'Production.ne': 'TeV_low', type: 'dataset' }, 'ds2'],
    [{ Production: null, type: 'collection' }, 'c1 c2'],
    [{ 'Production.ne': null }, 'ds1 ds2'],
    [{ NumberShowers: '2000' }, 'ds1'],
    [{ NumberShowers: 1999 }, 'raw_2'],
    [{ NumberShowers: '1999' }, 'raw_2'],
    [{ NumberShowers: '2500.0' }, 'raw1'],
    [{ NumberShowers: '2*' }, 'ds1 raw1'],
    [{ 'NumberShowers.gte': '2000' }, 'ds1 raw1'],
    [{ 'NumberShowers.lt': 2000 }, 'raw_2'],
    [{ 'NumberShowers.gt': 'm' }, 'rawX2'],
    [{ 'NumberShowers.gte': 0, 'NumberShowers.lte': '1e300' }, 'ds1 raw1 raw_2'],
    [{ temperature: '-5' }, 'rawX2'],
    [{ 'temperature.lt': '-4.5' }, 'rawX2'],
    [{ flag: 'true' }, 'raw1'],
    [{ flag: true }, 'raw1 rawX2'],
    [{ 'flag.ne': true, type: 'file' }, 'raw_2'],
    [{ 'at.gt': '2026-02-01 00:00:00' }, 'ds2'],
    [{ 'at.lte': 'Fri, 24 Jul 2026 16:01:23 UTC' }, 'c1 ds2'],
    [{ at: 'Fri, 24 Jul 2026 16:01:23 UTC' }, 'ds2'],
    [{ Production: 'TeV_low', 'NumberShowers.gte': '2000', project: 'km3', 'length.gt': 1 }, 'ds1'],
    [{ Production: 'TeV_low', project: 'orca' }, ''],
  ])('finds by own keys, alone and mixed: %j', async (group, names) => {
    expect(await found([group])).toBe(names);
  });

  it('finds what is in any of the groups', async () => {
    expect(await found([{ Production: 'TeV_low' }, { run_number: 25291 }, { name: 'c2' }])).toBe(
      'c2 ds1 raw1',
    );
  });

  it('compares own keys with the index', async () => {
    const condition = compileFilter(parseFilter([{ Production: '123', project: 'x' }]));
    const plan = await database.db.tx(async (tx) => {
      await execute(tx, sql`SET LOCAL enable_seqscan = off`);
      await execute(tx, sql`SET LOCAL enable_indexscan = off`);
      return await rows<{ 'QUERY PLAN': string }>(
        tx,
        sql`EXPLAIN SELECT d.id FROM dids d LEFT JOIN did_meta m ON m.did_id = d.id WHERE ${condition}`,
      );
    });
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/did_meta_meta_idx/);
  });

  it('lets no key and no value out of its parameter', async () => {
    const dangerous = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$',
      '{',
      '}',
      '--',
      ';',
      '%',
      '@',
      '(',
      '?',
      '\n',
      'ü',
    );
    const word = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.array(dangerous, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
    );
    const key = word.filter((k) => k !== '' && !k.includes('.') && k !== 'type');
    const value = fc.oneof(word, fc.double(), fc.boolean(), fc.constant(null), fc.bigInt());
    const operator = fc.constantFrom('', '.ne', '.gt', '.gte', '.lt', '.lte');
    await fc.assert(
      fc.asyncProperty(key, operator, value, async (k, op, v) => {
        const search = found([{ [`${k}${op}`]: v }]);
        const names = await search.catch((error: unknown) => {
          // Only what the language refuses; the database never does.
          expect(error).toBeInstanceOf(DIDFilterSyntaxError);
          return '';
        });
        // No DID has such a key: nothing, or for ne and None everything.
        expect([0, DIDS.length]).toContain(names === '' ? 0 : names.split(' ').length);
      }),
      { numRuns: 400 },
    );
  });

  it('finds any own value that JSON can hold by itself', async () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((s) => !/[*%\0]|\p{Surrogate}/u.test(s));
    const value = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        text.filter((k) => k !== '' && !k.includes('.')),
        value,
        async (k, v) => {
          const key = `own ${k}`;
          const condition = compileFilter(parseFilter([{ [key]: v }]));
          const meta = JSON.stringify({ [key]: v });
          const { hit } = await database.db.read((tx) =>
            only<{ hit: boolean }>(
              tx,
              sql`SELECT ${condition} AS hit FROM dids d, (SELECT ${meta}::jsonb AS meta) m LIMIT 1`,
            ),
          );
          expect(hit).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
