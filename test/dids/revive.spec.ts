import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, rows, sql } from '../../src/db/index.js';
import { eraseDids, sizesOf } from '../../src/dids/index.js';
import {
  eraseMetadata,
  ownMetadata,
  resurrectDids,
  setMetadata,
} from '../../src/metadata/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { orphans } from '../support/orphans.js';

let base: TestDatabase;
let a: Court;
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterAll(async () => {
  expect(await orphans(base.db)).toEqual([]);
  await base.close();
});

const named = (...names: string[]) => names.map((name) => ({ scope: a.scope, name }));
const erase = async (...names: string[]) => {
  const dids = await Promise.all(names.map((name) => a.did(name)));
  const ids = dids.map(({ id }) => id);
  await a.db.tx(async (tx) => {
    await eraseDids(tx, ids);
    await eraseMetadata(tx, ids);
  });
};
const resurrect = (...names: string[]) =>
  a.db.tx((tx) => resurrectDids(tx, named(...names), a.now));
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
const childrenOf = async (name: string): Promise<string[]> => {
  const { id } = await a.did(name);
  const found = await a.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      sql`SELECT d.name FROM contents ct JOIN dids d ON d.id = ct.child_id
          WHERE ct.parent_id = ${id} ORDER BY d.name`,
    ),
  );
  return found.map((child) => child.name);
};
const sizeOf = async (name: string) => {
  const { id } = await a.did(name);
  return (await a.db.read((tx) => sizesOf(tx, [id]))).get(id);
};

describe('a dataset that is brought back', () => {
  it('has its id, its metadata and what was in it when it went', async () => {
    const before = await a.dataset('run');
    await a.files('f1', 'f2', 'f3');
    await a.attach('run', 'f1', 'f2', 'f3');
    await a.db.tx((tx) =>
      setMetadata(tx, [{ did: before, meta: { detector: 'ARCA', run_number: 7, lifetime: -1 } }], {
        now: a.now,
      }),
    );
    await erase('run');
    await erase('f2');
    await resurrect('run');
    const after = await a.did('run');
    expect(after).toMatchObject({ id: before.id, expiredAt: null, isOpen: true });
    expect(await a.db.read((tx) => ownMetadata(tx, [after.id]))).toEqual(
      new Map([[after.id, { detector: 'ARCA' }]]),
    );
    expect(await childrenOf('run')).toEqual(['f1', 'f3']);
    expect(await sizeOf('run')).toEqual({ length: 2n, bytes: 200n });
  });

  it('has not again what had been detached before', async () => {
    await a.dataset('thinned');
    await a.files('g1', 'g2');
    await a.attach('thinned', 'g1', 'g2');
    await erase('g1');
    await erase('thinned');
    await resurrect('g1', 'thinned');
    expect(await childrenOf('thinned')).toEqual(['g2']);
  });
});

describe('a file that is brought back', () => {
  it('is LOST, for its copies had gone before it, until one is registered', async () => {
    await a.rse('SHORE-DISK');
    await a.files('h1');
    await erase('h1');
    await resurrect('h1');
    expect((await a.did('h1')).availability).toBe('L');
    await a.copies('SHORE-DISK', ['h1']);
    expect((await a.did('h1')).availability).toBe('A');
  });
});

describe('bringing back', () => {
  it('takes the expiry from what was not erased yet', async () => {
    await a.dataset('expired');
    await a.db.tx((tx) =>
      execute(tx, sql`UPDATE dids SET expired_at = ${a.now} WHERE name = 'expired'`),
    );
    await resurrect('expired', 'expired');
    expect((await a.did('expired')).expiredAt).toBeNull();
  });

  it('is all or nothing', async () => {
    await a.dataset('known');
    await erase('known');
    expect(await refusal(resurrect('known', 'never'))).toBe('DataIdentifierNotFound');
    expect(await refusal(a.did('known'))).toBe('DataIdentifierNotFound');
    await resurrect('known');
    expect(await refusal(resurrect('known'))).toBe('DataIdentifierNotFound');
  });

  it('refuses a name that is in use again', async () => {
    await a.dataset('again');
    await erase('again');
    await a.container('again');
    expect(await refusal(resurrect('again'))).toBe('DataIdentifierAlreadyExists');
  });

  it('refuses a scope that is no more', async () => {
    await a.db.tx(async (tx) => {
      await execute(
        tx,
        sql`INSERT INTO deleted_dids (id, type, account_id, scope, name, did)
            SELECT id, type, account_id, 'gone', name, to_jsonb(d) || '{"scope": "gone", "id": 987654}'
            FROM dids d WHERE name = 'again'`,
      );
    });
    const names = [{ scope: 'gone', name: 'again' }];
    expect(await refusal(a.db.tx((tx) => resurrectDids(tx, names, a.now)))).toBe('ScopeNotFound');
  });
});
