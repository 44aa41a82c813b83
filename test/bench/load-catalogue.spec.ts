import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { furnishLake } from '../../bench/scale/furnish.js';
import { loadCatalogue } from '../../bench/scale/load.js';
import { fileOf } from '../../bench/scale/shape.js';
import { bytesARow, needOf, tableSizes } from '../../bench/scale/sizes.js';
import { only, rows, sql } from '../../src/db/index.js';
import { RestClient } from '../../src/demo/rest-client.js';
import { invariants } from '../model/invariants.js';
import { ROOT_PASSWORD, startApi, type TestApi } from '../support/api.js';

const FILES = 20_000;

describe('a catalogue loaded for the benchmark', () => {
  let api: TestApi;
  let root: RestClient;
  let indexesBefore: object[];

  const definitions = () =>
    api.db.read((tx) =>
      rows(
        tx,
        sql`SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
            ORDER BY 1, 2, 3`,
      ),
    );

  beforeAll(async () => {
    api = await startApi();
    root = await new RestClient(api.url, 'root', ROOT_PASSWORD).login();
    await furnishLake(root);
    indexesBefore = await definitions();
    await loadCatalogue(api.databaseUrl, FILES, () => undefined);
  });
  afterAll(() => api.close());

  it.each(invariants.filter(({ says }) => !says.startsWith('every movement')))(
    'keeps that $says',
    async ({ denials }) => {
      expect(await api.db.read((tx) => rows(tx, denials))).toEqual([]);
    },
  );

  it('has two copies and two locks a file, requests, history and metadata', async () => {
    const counts = await api.db.read((tx) =>
      only(
        tx,
        sql`SELECT (SELECT count(*)::int FROM dids WHERE type = 'F') AS files,
                   (SELECT count(*)::int FROM replicas) AS replicas,
                   (SELECT count(*)::int FROM locks) AS locks,
                   (SELECT count(*)::int FROM requests) AS requests,
                   (SELECT count(*)::int FROM requests_history) AS history,
                   (SELECT count(*)::int FROM did_meta) AS described`,
      ),
    );
    expect(counts).toEqual({
      files: FILES,
      replicas: 2 * FILES,
      locks: 2 * FILES,
      requests: 1000,
      history: FILES / 10,
      described: 6000,
    });
  });

  it('tells the bytes a row of every table, partitions summed', async () => {
    const client = new pg.Client(api.databaseUrl);
    await client.connect();
    const sizes = await tableSizes(client);
    await client.end();
    const of = (table: string) => sizes.find((size) => size.table === table);
    expect(of('replicas')?.rows).toBe(2 * FILES);
    expect(of('requests_history')?.rows).toBe(FILES / 10);
    expect(of('replicas')?.indexes.map(({ name }) => name)).toEqual([
      'replicas_pkey',
      'replicas_rse_id_did_id_idx',
      'replicas_rse_id_tombstone_idx',
    ]);
    for (const size of sizes) expect(bytesARow(size).heap).toBeGreaterThan(10);
    expect(needOf(sizes, 1e8).diskBytes).toBeGreaterThan(1e8 * 100);
  });

  it('has all the keys and indexes of the migrations again', async () => {
    expect(await definitions()).toEqual(indexesBefore);
  });

  it('answers for a file, and registers the next one', async () => {
    const { scope, name } = fileOf(3, 7);
    expect(name).toHaveLength(53);
    expect(await root.json('GET', `/dids/${scope}/${name}`)).toMatchObject({ type: 'FILE', name });
    await root.text('POST', '/replicas', {
      rse: 'LAKE01',
      files: [{ scope, name: 'one_more', bytes: 1, adler32: '00000001' }],
    });
    expect(await root.json('GET', `/dids/${scope}/one_more`)).toMatchObject({ bytes: 1 });
  });
});
