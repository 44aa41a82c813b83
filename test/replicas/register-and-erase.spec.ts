import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, sql, type Tx } from '../../src/db/index.js';
import { eraseDids } from '../../src/dids/index.js';
import { registerFiles } from '../../src/replicas/index.js';
import { findRse } from '../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { orphans } from '../support/orphans.js';
import { gate, hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('DISK');
  await a.files('f1', 'f2');
  await a.db.tx((tx) => execute(tx, sql`UPDATE dids SET expired_at = ${a.now}`));
});
afterEach(async () => {
  expect(await orphans(base.db)).toEqual([]);
  await a.audit();
  await base.close();
});

const register = async (tx: Tx, ...names: string[]) =>
  registerFiles(tx, {
    accountId: a.accountId,
    rse: await findRse(tx, 'DISK'),
    files: names.map((name) => ({
      scope: a.scope,
      name,
      bytes: 100n,
      adler32: 1,
      meta: { tide: 'high' },
    })),
  });

describe('registering a file that is being erased', () => {
  it('waits, and makes it anew: with its metadata, its copy and an id of its own', async () => {
    const [f1, f2] = [await a.did('f1'), await a.did('f2')];
    const [picked, goOn] = [gate(), gate()];
    const erasing = a.db.tx(async (tx) => {
      await execute(tx, sql`SELECT FROM dids WHERE id = ${f1.id} FOR UPDATE`);
      picked.open();
      await goOn.opened;
      await eraseDids(tx, [f1.id]);
    });
    await picked.opened;
    const registering = a.db.tx((tx) => register(tx, 'f2', 'f1'));
    await someoneWaits(base.url);
    goOn.open();
    await erasing;
    const [kept, made] = await registering;
    expect(kept).toEqual({ didId: f2.id, fresh: true });
    expect(made?.didId).toBeGreaterThan(f2.id);
    expect((await a.did('f1')).expiredAt).toBeNull();
    expect(await a.replicas()).toEqual(['f1@DISK A 0', 'f2@DISK A 0']);
  });
});

describe('erasing a file that is being registered', () => {
  it('is put off by the undertaker, and then until the copy is gone', async () => {
    const registering = await hold(a.db, (tx) => register(tx, 'f1'));
    await a.shift(undertaker(a.config));
    await registering.release();
    await a.shift(undertaker(a.config));
    expect((await a.did('f1')).expiredAt).toEqual(a.now);
    expect(await a.replicas()).toEqual(['f1@DISK A 0']);
    await expect(a.did('f2')).rejects.toMatchObject({ name: 'DataIdentifierNotFound' });
  });
});
