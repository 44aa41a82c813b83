import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database, execute, one, rows, sql } from '../../src/db/index.js';
import { type FileSpec, registerFiles } from '../../src/replicas/index.js';
import { addRse, findRse, type Rse, rseUsage } from '../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Lake, lake } from '../support/lake.js';
import { hold } from '../support/sessions.js';
import { shelf } from '../support/shelf.js';

const scope = 'km3net';
const file = (name: string, more: Partial<FileSpec> = {}): FileSpec => ({
  scope,
  name,
  bytes: 100n,
  adler32: 1,
  ...more,
});

let base: TestDatabase;
let db: Database;
let a: Lake;
let disk: Rse;
beforeAll(async () => {
  base = await testDatabase();
  ({ db } = base);
  a = await lake(db, scope);
  disk = await shelf(db, 'DISK');
});
afterAll(() => base.close());

const register = (rse: Rse, ...files: FileSpec[]) =>
  db.tx((tx) => registerFiles(tx, { accountId: a.accountId, rse, files }));
const used = async (rse: Rse) => (await db.read((tx) => rseUsage(tx, [rse.id]))).get(rse.id);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.name,
  );

describe('registering files', () => {
  it('makes names and copies and counts them, once however often it is said', async () => {
    const files = [file('r1'), file('r2', { bytes: 50n })];
    const first = await register(disk, ...files);
    const second = await register(disk, ...files);
    expect(first.map(({ fresh }) => fresh)).toEqual([true, true]);
    expect(second).toEqual(first.map(({ didId }) => ({ didId, fresh: false })));
    expect(await used(disk)).toEqual({ files: 2n, bytes: 150n });
  });

  it('draws no ids for what is known, and all that it needs when one name is new', async () => {
    const known = ['k1', 'k2', 'k3'].map((name) => file(name));
    const [, , last] = await register(disk, ...known);
    await register(disk, ...known);
    const [next] = await register(disk, file('after-k3'));
    expect(next?.didId).toBe(last!.didId + 1n);
    const mixed = await register(disk, ...known, file('k4'));
    expect(mixed.map(({ fresh }) => fresh)).toEqual([false, false, false, true]);
  });

  it('answers in the order given, also for a file named twice', async () => {
    const [b, c, again] = await register(disk, file('b'), file('c'), file('b'));
    expect(again).toEqual(b);
    expect(c?.didId).not.toBe(b?.didId);
  });

  it.each([
    ['another size', { bytes: 101n }],
    ['another adler32', { adler32: 2 }],
  ])('refuses a copy with %s, and all that comes with it', async (_, change) => {
    await register(disk, file('known'));
    const other = await shelf(db, `OTHER-${Object.keys(change)[0]?.toUpperCase()}`);
    expect(await refusal(register(other, file('fresh'), file('known', change)))).toBe(
      'FileConsistencyMismatch',
    );
    expect(await used(other)).toEqual({ files: 0n, bytes: 0n });
    expect(await refusal(a.did('fresh'))).toBe('DataIdentifierNotFound');
  });

  it('refuses one file with two sizes in one batch', async () => {
    expect(await refusal(register(disk, file('two'), file('two', { bytes: 1n })))).toBe(
      'FileConsistencyMismatch',
    );
  });

  it('takes a copy that says less than the catalogue knows', async () => {
    await register(disk, file('less', { md5: '0'.repeat(32) }));
    const other = await shelf(db, 'LESS');
    await register(other, file('less', { adler32: null }));
    expect(await used(other)).toEqual({ files: 1n, bytes: 100n });
  });

  it('refuses the name of a dataset, an unknown scope and a volatile RSE', async () => {
    await a.dataset('set');
    expect(await refusal(register(disk, file('set')))).toBe('DataIdentifierAlreadyExists');
    expect(await refusal(register(disk, { ...file('x'), scope: 'nowhere' }))).toBe('ScopeNotFound');
    const cache = await db.tx((tx) => addRse(tx, 'CACHE', { volatile: true }));
    expect(await refusal(register(cache, file('v')))).toBe('UnsupportedOperation');
  });

  it('keeps paths where the RSE does not compute them, each for one file', async () => {
    const odd = await shelf(db, 'ODD', { deterministic: false });
    expect(await refusal(register(odd, file('p1')))).toBe('UnsupportedOperation');
    await register(odd, file('p1', { path: '/a/b' }));
    expect(await refusal(register(odd, file('p2', { path: '/a/b' })))).toBe('Duplicate');
  });

  it('describes new names only', async () => {
    const guid = (text: string) => ({ meta: { guid: text, run_number: 5, tide: 'high' } });
    await register(disk, file('told', guid('0'.repeat(32))));
    const other = await shelf(db, 'TOLD');
    await register(other, file('told', guid('1'.repeat(32))));
    const row = await db.read((tx) =>
      one(
        tx,
        sql`SELECT replace(guid::text, '-', '') AS guid, run_number AS run, m.meta
            FROM dids d JOIN did_meta m ON m.did_id = d.id WHERE name = 'told'`,
      ),
    );
    expect(row).toEqual({ guid: '0'.repeat(32), run: 5n, meta: { tide: 'high' } });
  });

  it('dates copies for deletion where the RSE says when', async () => {
    const soon = await shelf(db, 'SOON', { attributes: { tombstone_delay: '60' } });
    const now = new Date('2026-11-21T12:00:00Z');
    await db.tx((tx) =>
      registerFiles(tx, { accountId: a.accountId, rse: soon, files: [file('d')], now }),
    );
    const row = await db.read((tx) =>
      one(tx, sql`SELECT tombstone FROM replicas WHERE rse_id = ${soon.id}`),
    );
    expect(row).toEqual({ tombstone: new Date('2026-11-21T12:01:00Z') });
  });

  it('waits for nobody to come back to a copy that is being deleted', async () => {
    await register(disk, file('going'));
    const { id } = await a.did('going');
    await db.tx((tx) => execute(tx, sql`UPDATE replicas SET state = 'B' WHERE did_id = ${id}`));
    expect(await refusal(register(disk, file('going')))).toBe('ResourceTemporaryUnavailable');
  });
});

describe('sessions that register the same files at once', () => {
  it('resolve every name: the second sees what the first commits while it waits', async () => {
    const race = await shelf(db, 'RACE');
    const names = ['s1', 's2', 's3'];
    const first = await hold(db, (tx) =>
      registerFiles(tx, { accountId: a.accountId, rse: race, files: names.map((n) => file(n)) }),
    );
    const second = register(race, ...names.toReversed().map((name) => file(name)));
    await first.release();
    expect((await second).map(({ fresh }) => fresh)).toEqual([false, false, false]);
    expect(await used(race)).toEqual({ files: 3n, bytes: 300n });
  });

  it('do not deadlock, however the names are shuffled', async () => {
    const crowd = await shelf(db, 'CROWD');
    const names = Array.from({ length: 200 }, (_, i) => `crowd-${i}`);
    const shuffled = () => names.toSorted(() => Math.random() - 0.5).map((name) => file(name));
    const results = await Promise.all(
      Array.from({ length: 4 }, () => register(crowd, ...shuffled())),
    );
    const fresh = results.flat().filter((each) => each.fresh);
    expect(fresh).toHaveLength(200);
    expect(await used(crowd)).toEqual({ files: 200n, bytes: 20_000n });
    const found = await db.read((tx) =>
      rows(tx, sql`SELECT did_id FROM replicas WHERE rse_id = ${crowd.id}`),
    );
    expect(found).toHaveLength(200);
    expect((await db.read((tx) => findRse(tx, 'CROWD'))).id).toBe(crowd.id);
  });
});
