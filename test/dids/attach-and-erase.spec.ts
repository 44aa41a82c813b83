import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, sql, type Tx } from '../../src/db/index.js';
import { attachDids, type ConstituentSpec, eraseDids, sizesOf } from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { orphans } from '../support/orphans.js';
import { hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.dataset('run');
  await a.files('f1', 'f2');
  await expire('f1');
});
afterEach(async () => {
  expect(await orphans(base.db)).toEqual([]);
  await base.close();
});

const expire = (name: string) =>
  a.db.tx((tx) => execute(tx, sql`UPDATE dids SET expired_at = ${a.now} WHERE name = ${name}`));
const attach = (tx: Tx, parent: string, ...children: Partial<ConstituentSpec>[]) =>
  attachDids(
    tx,
    { scope: a.scope, name: parent },
    children.map((child) => ({ scope: a.scope, name: 'f1', ...child })),
  );
const erase = async (name: string) => {
  const { id } = await a.did(name);
  return (tx: Tx) => eraseDids(tx, [id]);
};
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
const length = async (name: string) => {
  const { id } = await a.did(name);
  return (await a.db.read((tx) => sizesOf(tx, [id]))).get(id)?.length ?? 0n;
};

describe('attaching what is being erased', () => {
  it('waits, and finds the file gone: nothing of the request is attached', async () => {
    const erasing = await hold(a.db, await erase('f1'));
    const attaching = refusal(a.db.tx((tx) => attach(tx, 'run', { name: 'f2' }, { name: 'f1' })));
    await someoneWaits(base.url);
    await erasing.release();
    expect(await attaching).toBe('DataIdentifierNotFound');
    expect(await length('run')).toBe(0n);
  });

  it('finds a dataset gone likewise', async () => {
    await a.container('all');
    await expire('run');
    const erasing = await hold(a.db, await erase('run'));
    const attaching = refusal(a.db.tx((tx) => attach(tx, 'all', { name: 'run' })));
    await someoneWaits(base.url);
    await erasing.release();
    expect(await attaching).toBe('DataIdentifierNotFound');
  });

  it('makes the constituent of an archive anew', async () => {
    await a.files('pack.tar.gz');
    const former = await a.did('f1');
    const erasing = await hold(a.db, await erase('f1'));
    const attaching = a.db.tx((tx) => attach(tx, 'pack.tar.gz', { name: 'f1', bytes: 100n }));
    await someoneWaits(base.url);
    await erasing.release();
    await attaching;
    expect((await a.did('f1')).id).toBeGreaterThan(former.id);
  });
});

describe('erasing what is being attached', () => {
  it('waits, and takes the file out of where it has just been put', async () => {
    const attaching = await hold(a.db, (tx) => attach(tx, 'run', { name: 'f2' }, { name: 'f1' }));
    const erasing = a.db.tx(await erase('f1'));
    await someoneWaits(base.url);
    await attaching.release();
    expect(await erasing).toBe(1);
    expect(await length('run')).toBe(1n);
  });

  it('is put off by the undertaker, who waits for nobody', async () => {
    const attaching = await hold(a.db, (tx) => attach(tx, 'run', { name: 'f1' }));
    await a.shift(undertaker(a.config));
    await attaching.release();
    expect(await length('run')).toBe(1n);
    await a.shift(undertaker(a.config));
    expect(await length('run')).toBe(0n);
    expect(await refusal(a.did('f1'))).toBe('DataIdentifierNotFound');
  });

  it('does not hinder others who attach the same file', async () => {
    await a.dataset('other');
    const attaching = await hold(a.db, (tx) => attach(tx, 'run', { name: 'f1' }));
    await a.attach('other', 'f1');
    await attaching.release();
    expect([await length('run'), await length('other')]).toEqual([1n, 1n]);
  });
});
