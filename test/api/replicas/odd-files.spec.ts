import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listLines } from '../../../src/api/replicas/list-lines.js';
import { listRows } from '../../../src/api/replicas/list-rows.js';
import { presentListed } from '../../../src/api/replicas/listing.presenter.js';
import { parseListing } from '../../../src/api/replicas/listing.request.js';
import { type ListingContext } from '../../../src/api/replicas/sign-pfns.js';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { lake } from '../../support/lake.js';
import { type Listen, listening } from '../../support/plans.js';
import { shelf } from '../../support/shelf.js';

const FILES = 600;
const body = { dids: [{ scope: 'km3net', name: 'run' }] };

let base: TestDatabase;
let context: ListingContext;
let listen: Listen;
beforeAll(async () => {
  base = await testDatabase();
  const a = await lake(base.db);
  await shelf(base.db, 'DISK', { scheme: 'https' });
  await shelf(base.db, 'ODD', { scheme: 'https', deterministic: false });
  await a.dataset('run');
  await base.db.tx((tx) =>
    execute(
      tx,
      sql`WITH made AS (
            INSERT INTO dids (type, account_id, scope, name, bytes, adler32)
            SELECT 'F', ${a.accountId}, 'km3net', 'f' || lpad(i::text, 4, '0'), i, i
              FROM generate_series(1, ${FILES}::int) i RETURNING id),
          copies AS (
            INSERT INTO replicas (did_id, rse_id, bytes, state, accessed_at)
            SELECT made.id, r.id, 1, 'A', now() FROM made, rses r WHERE r.name = 'DISK')
          INSERT INTO contents (parent_id, child_id)
          SELECT d.id, made.id FROM made, dids d WHERE d.name = 'run'`,
    ),
  );
  const heard = listening(base.db);
  ({ listen } = heard);
  const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
  context = { db: heard.db, config, now: new Date(), sign: false };
});
afterAll(() => base.close());

/** Gives these files a copy at a registered path. */
const makeOdd = (condition: ReturnType<typeof sql>) =>
  base.db.tx((tx) =>
    execute(
      tx,
      sql`WITH odd AS (
            INSERT INTO replicas (did_id, rse_id, bytes, state, accessed_at)
            SELECT d.id, r.id, 1, 'A', now() FROM dids d, rses r
             WHERE d.type = 'F' AND r.name = 'ODD' AND ${condition}
            ON CONFLICT DO NOTHING RETURNING did_id, rse_id)
          INSERT INTO replica_paths (did_id, rse_id, path)
          SELECT did_id, rse_id, '/some/where/' || did_id FROM odd`,
    ),
  );
const lines = async () => {
  const found: string[] = [];
  for await (const text of listLines(context, parseListing(body))) found.push(...text.split('\n'));
  return found;
};
const written = async () => {
  const found: string[] = [];
  for await (const row of listRows(context, parseListing(body))) found.push(presentListed(row));
  return found;
};
const isIds = (value: unknown): value is bigint[] =>
  Array.isArray(value) && typeof value[0] === 'bigint';

/** How many files Node looked up by itself. */
const byUs = async () => {
  const heard = await listen(lines);
  return heard
    .filter(({ text }) => text.includes('"rseIds"'))
    .flatMap(({ values }) => values.filter(isIds))
    .reduce((sum, ids) => sum + ids.length, 0);
};

describe('a listing with odd files', () => {
  it('has the database write all but the lines around them', async () => {
    expect(await byUs()).toBe(0);
    await makeOdd(sql`d.name IN ('f0050', 'f0333')`);
    expect(await lines()).toEqual(await written());
    expect(await lines()).toHaveLength(FILES);
    expect(await byUs()).toBeLessThanOrEqual(64);
  });

  it('is written by us where many are odd', async () => {
    await makeOdd(sql`d.bytes % 3 = 0`);
    expect(await lines()).toEqual(await written());
    expect(await byUs()).toBe(FILES);
    const held = await base.db.read((tx) => rows(tx, sql`SELECT FROM replica_paths`));
    expect(held.length).toBeGreaterThan(FILES / 4);
  });
});
