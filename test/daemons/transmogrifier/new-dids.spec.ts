import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, rows, sql } from '../../../src/db/index.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { setOpen } from '../../../src/dids/index.js';
import { registerFiles } from '../../../src/replicas/index.js';
import { findRse } from '../../../src/rses/index.js';
import { offerFiles } from '../../../src/subscriptions/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Office, office, tape, two } from '../../support/office.js';
let base: TestDatabase;
let a: Office;
beforeEach(async () => {
  base = await testDatabase();
  a = await office(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

describe('a new DID', () => {
  it('gets every rule of every subscription that is about it, and is new no more', async () => {
    await a.disks();
    await a.rse('T-TAPE', { attributes: { type: 'TAPE' } });
    const uid = await a.order('raw', { rules: [{ ...two, activity: 'T0 Export' }, tape] });
    await a.order('mc', { filter: { datatype: ['MC'] } });
    await a.register({ datatype: 'RAW' }, 'run1', 'run2');
    await a.register({ datatype: 'RAWISH' }, 'other');
    expect(await a.transmogrify()).toMatchObject({ seen: 3, done: 4, failed: 0, more: false });
    expect(await a.ruled()).toEqual([
      'run1 1 type=TAPE',
      'run1 2 type=DISK',
      'run2 1 type=TAPE',
      'run2 2 type=DISK',
    ]);
    expect((await a.ruleColumns('subscription_uid, comments, account_id'))[0]).toEqual({
      subscription_uid: uid,
      comments: 'of raw',
      account_id: a.accountId,
    });
    expect(await a.news()).toEqual([]);
    expect(await a.transmogrify()).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('is placed by the injector, and what comes into it follows', async () => {
    await a.disks();
    await a.order('raw');
    await a.dataset('run1');
    await a.data('run1', ['f1'], 'A-DISK');
    await a.say({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    await a.shift(judgeInjector(a.config));
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f1@B-DISK R']);
  });

  it('is found by what is built in and by own metadata alike', async () => {
    await a.disks();
    await a.order('own', { filter: { detector: ['ORCA'], run_number: ['252\\d\\d'] } });
    await a.register({ detector: 'ORCA6', run_number: 25291 }, 'yes');
    await a.register({ detector: 'ARCA', run_number: 25291 }, 'other-detector');
    await a.register({ run_number: 25291 }, 'no-detector');
    await a.register({ detector: ['ARCA', 'ORCA'], run_number: 25200 }, 'both');
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['both 2 type=DISK', 'yes 2 type=DISK']);
  });

  it('is looked at again when something is said about it a moment later', async () => {
    await a.disks();
    await a.order('raw');
    await a.order('own', { filter: { detector: ['ORCA'] }, rules: [{ ...two, copies: 1 }] });
    await a.register({}, 'run1', 'run2');
    expect(await a.transmogrify()).toMatchObject({ seen: 2, done: 0 });
    await a.say({ datatype: 'RAW' }, 'run1');
    await a.say({ detector: 'ORCA' }, 'run2');
    expect(await a.transmogrify()).toMatchObject({ seen: 2, done: 2 });
    expect(await a.ruled()).toEqual(['run1 2 type=DISK', 'run2 1 type=DISK']);
  });

  it('is not brought back by a word about it days later, but by is_new', async () => {
    await a.disks();
    await a.order('raw');
    await a.register({}, 'run1');
    await a.transmogrify();
    a.pass(2 * 86_400);
    await a.db.tx((tx) =>
      execute(tx, sql`UPDATE dids SET created_at = ${a.now}::timestamptz - interval '2 days'`),
    );
    await a.say({ datatype: 'RAW' }, 'run1');
    expect((await a.transmogrify()).seen).toBe(0);
    await a.say({ is_new: true }, 'run1');
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 1 });
  });

  it('that is hidden or has expired gets nothing', async () => {
    await a.disks();
    await a.order('raw');
    await a.register({ datatype: 'RAW', hidden: true }, 'hidden');
    await a.register({ datatype: 'RAW', lifetime: -10 }, 'expired');
    expect(await a.transmogrify()).toMatchObject({ seen: 2, done: 0 });
  });

  it('waits for no subscription where there is none', async () => {
    await a.register({ datatype: 'RAW' }, 'run1');
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 0 });
    expect(await a.news()).toEqual([]);
  });

  it('that somebody holds is passed over, and served when it is let go', async () => {
    await a.disks();
    await a.order('raw');
    await a.register({ datatype: 'RAW' }, 'run1', 'run2');
    await a.db.tx(async (tx) => {
      await rows(tx, sql`SELECT FROM dids WHERE name = 'run1' FOR SHARE`);
      expect((await a.transmogrify()).seen).toBe(1);
    });
    expect((await a.transmogrify()).seen).toBe(1);
    expect(await a.ruled()).toHaveLength(2);
  });

  it('keeps its size to itself while it is open', async () => {
    await a.disks();
    await a.order('large', { filter: { min_avg_file_size: 150 } });
    for (const name of ['open', 'small', 'empty']) await a.dataset(name);
    for (const name of ['open', 'small']) await a.data(name, [`${name}.root`], 'A-DISK');
    for (const name of ['small', 'empty']) {
      await a.db.tx((tx) => setOpen(tx, { scope: a.scope, name }, false, a.now));
    }
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['empty 2 type=DISK', 'open 2 type=DISK']);
  });
});

describe('files', () => {
  const upload = (...names: string[]) =>
    a.db.tx(async (tx) => {
      const files = names.map((name) => ({ scope: a.scope, name, bytes: 100n, adler32: 1 }));
      await registerFiles(tx, {
        accountId: a.accountId,
        rse: await findRse(tx, 'A-DISK'),
        files: await offerFiles(tx, files),
        now: a.now,
      });
    });

  it('are not marked while no subscription asks for them, and never matched by others', async () => {
    await a.disks();
    await a.order('all', { filter: { scope: ['km3net'] } });
    await upload('f1');
    expect(await a.news()).toEqual([]);
    await a.say({ is_new: true }, 'f1');
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 0 });
  });

  it('are served where did_type names FILE', async () => {
    await a.disks();
    await a.order('files', { filter: { did_type: 'FILE', pattern: '.*\\.root$' } });
    await upload('f1.root', 'f2.txt');
    await a.dataset('run1.root');
    expect(await a.news()).toEqual(['f1.root', 'f2.txt', 'run1.root']);
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['f1.root 2 type=DISK']);
    await upload('f1.root');
    expect(await a.news()).toEqual([]);
    await a.change('files', { deactivate: true });
    await upload('f3.root');
    expect(await a.news()).toEqual([]);
  });
});
