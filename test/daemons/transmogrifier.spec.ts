import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { transmogrifier } from '../../src/daemons/transmogrifier.js';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, rows, sql } from '../../src/db/index.js';
import { findDids, setOpen } from '../../src/dids/index.js';
import { addDescribedDids, type Meta, setMetadata } from '../../src/metadata/index.js';
import { registerFiles } from '../../src/replicas/index.js';
import { changeRse, findRse } from '../../src/rses/index.js';
import {
  addSubscription,
  changeSubscription,
  holdSubscription,
  listBacklog,
  offerFiles,
  serveNewDids,
  type SubscriptionChange,
} from '../../src/subscriptions/index.js';
import { rulesTerms } from '../../src/rules/index.js';
import { DidType } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const RAW = { datatype: ['RAW$'], scope: ['km3net$'] };
const two = { copies: 2, rse_expression: 'type=DISK' };
const tape = { copies: 1, rse_expression: 'type=TAPE' };

interface Ordered {
  readonly filter?: Record<string, unknown>;
  readonly rules?: readonly object[];
  readonly lifetimeDays?: number;
  readonly priority?: number;
}
const order = (name: string, { filter = RAW, rules = [two], ...rest }: Ordered = {}) =>
  a.db.tx((tx) =>
    addSubscription(tx, {
      name,
      filter,
      replicationRules: rules,
      accountId: a.accountId,
      priority: rest.priority ?? 3,
      comments: `of ${name}`,
      lifetimeDays: rest.lifetimeDays ?? null,
      now: a.now,
    }),
  );
const change = (name: string, wish: SubscriptionChange) =>
  a.db.tx(async (tx) =>
    changeSubscription(tx, await holdSubscription(tx, 'shore', name), wish, a.now),
  );
const disks = async () => {
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name, { attributes: { type: 'DISK' } });
};

/** Datasets that are registered with what is known of them. */
const register = (meta: Meta, ...names: string[]) =>
  a.db.tx((tx) =>
    addDescribedDids(
      tx,
      a.accountId,
      names.map((name) => ({ scope: a.scope, name, type: DidType.DATASET, meta })),
      a.now,
    ),
  );
const say = (meta: Meta, ...names: string[]) =>
  a.db.tx(async (tx) => {
    const dids = await findDids(
      tx,
      names.map((name) => ({ scope: a.scope, name })),
    );
    await setMetadata(
      tx,
      dids.map((did) => ({ did, meta })),
      { now: a.now },
    );
  });
const transmogrify = (batch?: number) => a.shift(transmogrifier(a.config), batch);

/** `run1 2 type=DISK`: one text a rule, sorted. */
const ruled = () =>
  a.db.read(async (tx) => {
    const found = await rows<{ text: string }>(
      tx,
      sql`SELECT d.name || ' ' || r.copies || ' ' || r.rse_expression AS text
            FROM rules r JOIN dids d ON d.id = r.did_id ORDER BY 1`,
    );
    return found.map(({ text }) => text);
  });
const ruleColumns = async (columns: string) => {
  const found = await a.db.read((tx) => tx.query(`SELECT ${columns} FROM rules ORDER BY id`));
  return found.rows as Record<string, unknown>[];
};
const news = () =>
  a.db.read(async (tx) => {
    const found = await rows<{ name: string }>(
      tx,
      sql`SELECT name FROM dids WHERE is_new ORDER BY name COLLATE "C"`,
    );
    return found.map(({ name }) => name);
  });
const stateOf = (name: string) =>
  a.db.tx(async (tx) => (await holdSubscription(tx, 'shore', name)).state);
const waiting = (name: string) =>
  a.db.tx(async (tx) => listBacklog(tx, [(await holdSubscription(tx, 'shore', name)).id]));

describe('a new DID', () => {
  it('gets every rule of every subscription that is about it, and is new no more', async () => {
    await disks();
    await a.rse('T-TAPE', { attributes: { type: 'TAPE' } });
    const uid = await order('raw', { rules: [{ ...two, activity: 'T0 Export' }, tape] });
    await order('mc', { filter: { datatype: ['MC'] } });
    await register({ datatype: 'RAW' }, 'run1', 'run2');
    await register({ datatype: 'RAWISH' }, 'other');
    expect(await transmogrify()).toMatchObject({ seen: 3, done: 4, failed: 0, more: false });
    expect(await ruled()).toEqual([
      'run1 1 type=TAPE',
      'run1 2 type=DISK',
      'run2 1 type=TAPE',
      'run2 2 type=DISK',
    ]);
    expect((await ruleColumns('subscription_uid, comments, account_id'))[0]).toEqual({
      subscription_uid: uid,
      comments: 'of raw',
      account_id: a.accountId,
    });
    expect(await news()).toEqual([]);
    expect(await transmogrify()).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('is placed by the injector, and what comes into it follows', async () => {
    await disks();
    await order('raw');
    await a.dataset('run1');
    await a.data('run1', ['f1'], 'A-DISK');
    await say({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    await a.shift(judgeInjector(a.config));
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f1@B-DISK R']);
  });

  it('is found by what is built in and by own metadata alike', async () => {
    await disks();
    await order('own', { filter: { detector: ['ORCA'], run_number: ['252\\d\\d'] } });
    await register({ detector: 'ORCA6', run_number: 25291 }, 'yes');
    await register({ detector: 'ARCA', run_number: 25291 }, 'other-detector');
    await register({ run_number: 25291 }, 'no-detector');
    await register({ detector: ['ARCA', 'ORCA'], run_number: 25200 }, 'both');
    await transmogrify();
    expect(await ruled()).toEqual(['both 2 type=DISK', 'yes 2 type=DISK']);
  });

  it('is looked at again when something is said about it a moment later', async () => {
    await disks();
    await order('raw');
    await order('own', { filter: { detector: ['ORCA'] }, rules: [{ ...two, copies: 1 }] });
    await register({}, 'run1', 'run2');
    expect(await transmogrify()).toMatchObject({ seen: 2, done: 0 });
    await say({ datatype: 'RAW' }, 'run1');
    await say({ detector: 'ORCA' }, 'run2');
    expect(await transmogrify()).toMatchObject({ seen: 2, done: 2 });
    expect(await ruled()).toEqual(['run1 2 type=DISK', 'run2 1 type=DISK']);
  });

  it('is not brought back by a word about it days later, but by is_new', async () => {
    await disks();
    await order('raw');
    await register({}, 'run1');
    await transmogrify();
    a.pass(2 * 86_400);
    await a.db.tx((tx) =>
      execute(tx, sql`UPDATE dids SET created_at = ${a.now}::timestamptz - interval '2 days'`),
    );
    await say({ datatype: 'RAW' }, 'run1');
    expect((await transmogrify()).seen).toBe(0);
    await say({ is_new: true }, 'run1');
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 1 });
  });

  it('that is hidden or has expired gets nothing', async () => {
    await disks();
    await order('raw');
    await register({ datatype: 'RAW', hidden: true }, 'hidden');
    await register({ datatype: 'RAW', lifetime: -10 }, 'expired');
    expect(await transmogrify()).toMatchObject({ seen: 2, done: 0 });
  });

  it('waits for no subscription where there is none', async () => {
    await register({ datatype: 'RAW' }, 'run1');
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 0 });
    expect(await news()).toEqual([]);
  });

  it('that somebody holds is passed over, and served when it is let go', async () => {
    await disks();
    await order('raw');
    await register({ datatype: 'RAW' }, 'run1', 'run2');
    await a.db.tx(async (tx) => {
      await rows(tx, sql`SELECT FROM dids WHERE name = 'run1' FOR SHARE`);
      expect((await transmogrify()).seen).toBe(1);
    });
    expect((await transmogrify()).seen).toBe(1);
    expect(await ruled()).toHaveLength(2);
  });

  it('keeps its size to itself while it is open', async () => {
    await disks();
    await order('large', { filter: { min_avg_file_size: 150 } });
    for (const name of ['open', 'small', 'empty']) await a.dataset(name);
    for (const name of ['open', 'small']) await a.data(name, [`${name}.root`], 'A-DISK');
    for (const name of ['small', 'empty']) {
      await a.db.tx((tx) => setOpen(tx, { scope: a.scope, name }, false, a.now));
    }
    await transmogrify();
    expect(await ruled()).toEqual(['empty 2 type=DISK', 'open 2 type=DISK']);
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
    await disks();
    await order('all', { filter: { scope: ['km3net'] } });
    await upload('f1');
    expect(await news()).toEqual([]);
    await say({ is_new: true }, 'f1');
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 0 });
  });

  it('are served where did_type names FILE', async () => {
    await disks();
    await order('files', { filter: { did_type: 'FILE', pattern: '.*\\.root$' } });
    await upload('f1.root', 'f2.txt');
    await a.dataset('run1.root');
    expect(await news()).toEqual(['f1.root', 'f2.txt', 'run1.root']);
    await transmogrify();
    expect(await ruled()).toEqual(['f1.root 2 type=DISK']);
    await upload('f1.root');
    expect(await news()).toEqual([]);
    await change('files', { deactivate: true });
    await upload('f3.root');
    expect(await news()).toEqual([]);
  });
});

describe('a subscription', () => {
  it('of a low number comes first', async () => {
    await disks();
    await order('late', { rules: [{ copies: 1, rse_expression: 'A-DISK' }], priority: 4 });
    await order('early', { rules: [{ copies: 1, rse_expression: 'B-DISK' }], priority: 1 });
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    expect((await ruleColumns('rse_expression')).map((row) => row['rse_expression'])).toEqual([
      'B-DISK',
      'A-DISK',
    ]);
  });

  it('ends with its lifetime, and can be taken up again', async () => {
    await disks();
    await order('raw', { lifetimeDays: 1 });
    a.pass(86_400);
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    expect(await stateOf('raw')).toBe('I');
    expect(await ruled()).toEqual([]);
    await change('raw', { lifetimeDays: null });
    expect(await stateOf('raw')).toBe('U');
    await say({ is_new: true }, 'run1');
    await transmogrify();
    expect(await ruled()).toEqual(['run1 2 type=DISK']);
  });

  it('says what each rule is to be like', async () => {
    await disks();
    await order('raw', {
      rules: [
        {
          ...two,
          copies: '*',
          lifetime: '3600',
          grouping: 'ALL',
          locked: 'True',
          purge_replicas: 'True',
          ignore_availability: true,
          comments: 'mine',
          activity: 'Debug',
          priority: 5,
          delay_injection: 60,
          source_replica_expression: 'A-DISK',
        },
      ],
    });
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    expect(await ruleColumns('*')).toMatchObject([
      {
        copies: 2,
        expires_at: new Date(a.now.getTime() + 3_600_000),
        did_grouping: 'A',
        locked: true,
        purge_replicas: true,
        ignore_availability: true,
        comments: 'mine',
        priority: 5,
        inject_at: new Date(a.now.getTime() + 60_000),
        source_replica_expression: 'A-DISK',
      },
    ]);
  });

  it('with copies * asks for as many as can be written', async () => {
    await disks();
    await a.db.tx(async (tx) => {
      await changeRse(tx, await findRse(tx, 'B-DISK'), { availabilityWrite: false });
    });
    await order('everywhere', { rules: [{ copies: '*', rse_expression: 'type=DISK' }] });
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    expect(await ruled()).toEqual(['run1 1 type=DISK']);
  });

  it('with split_rule makes a rule of each copy, and chooses as before', async () => {
    for (const name of ['A-DISK', 'B-DISK', 'C-DISK', 'D-DISK']) {
      await a.rse(name, { attributes: { type: 'DISK' } });
    }
    await order('split', { filter: { ...RAW, split_rule: true } });
    await register({ datatype: 'RAW' }, 'run1', 'run2', 'run3');
    await transmogrify();
    const made = await ruled();
    expect(made).toHaveLength(6);
    expect(made.every((rule) => /^run\d 1 [ABCD]-DISK$/.test(rule))).toBe(true);
    await say({ is_new: true }, 'run1', 'run2', 'run3');
    expect(await transmogrify()).toMatchObject({ seen: 3, done: 0, failed: 0 });
    expect(await ruled()).toEqual(made);
  });

  it('may send copies to where an earlier rule says', async () => {
    const sites = { type: 'DISK', site: 'NAPLES', associated_sites: 'B-DISK,C-DISK' };
    await a.rse('A-DISK', { attributes: sites });
    for (const name of ['B-DISK', 'C-DISK']) await a.rse(name, { attributes: { type: 'DISK' } });
    const first = { copies: 1, rse_expression: 'A-DISK' };
    await order('chained', {
      rules: [
        first,
        {
          ...first,
          chained_idx: 1,
          algorithm: 'associated_site',
          associated_site_idx: 2,
        },
      ],
    });
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    expect(await ruleColumns('rse_expression, source_replica_expression')).toEqual([
      { rse_expression: 'A-DISK', source_replica_expression: null },
      { rse_expression: 'C-DISK', source_replica_expression: 'A-DISK' },
    ]);
  });

  it('may keep copies away from where an earlier rule says', async () => {
    for (const [name, site] of [
      ['A-DISK', 'NAPLES'],
      ['B-DISK', 'NAPLES'],
      ['C-DISK', 'AMSTERDAM'],
    ] as const) {
      await a.rse(name, { attributes: { type: 'DISK', site } });
    }
    const first = { copies: 1, rse_expression: 'A-DISK' };
    const second = { ...two, copies: 1, chained_idx: 1, algorithm: 'exclude_site' };
    await order('apart', { rules: [first, second] });
    await order('spread', { rules: [two, second], filter: { pattern: 'run2' } });
    await register({ datatype: 'RAW' }, 'run1');
    await register({}, 'run2');
    expect(await transmogrify()).toMatchObject({ seen: 2, failed: 1 });
    expect(await ruled()).toEqual(['run1 1 A-DISK', 'run1 1 C-DISK', 'run2 2 type=DISK']);
    expect(await waiting('spread')).toMatchObject([
      { entry: 2, error: expect.stringContaining('needs split_rule') },
    ]);
  });

  it('that cannot be read any more is BROKEN, and in nobody else’s way', async () => {
    await disks();
    await order('odd');
    await order('raw', { rules: [{ copies: 1, rse_expression: 'A-DISK' }] });
    await a.db.tx((tx) =>
      execute(tx, sql`UPDATE subscriptions SET filter = '{"scope": "km3net"}' WHERE name = 'odd'`),
    );
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    expect([await stateOf('odd'), await stateOf('raw')]).toEqual(['B', 'A']);
    expect(await ruled()).toEqual(['run1 1 A-DISK']);
  });
});

describe('a rule that cannot be made', () => {
  it('keeps its DID with the reason, and others from nothing', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await order('raw', { rules: [two, { copies: 1, rse_expression: 'A-DISK' }] });
    await order('tape', { rules: [tape] });
    await register({ datatype: 'RAW' }, 'run1');
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 1, failed: 2 });
    expect(await ruled()).toEqual(['run1 1 A-DISK']);
    expect(await waiting('raw')).toMatchObject([
      {
        name: 'run1',
        entry: 1,
        attempts: 1,
        error: expect.stringMatching(/^InsufficientTargetRSEs: /),
      },
    ]);
    expect(await waiting('tape')).toMatchObject([
      { name: 'run1', entry: 1, error: expect.stringMatching(/^InvalidRSEExpression: /) },
    ]);
  });

  it('is tried again after a while, and only it: not what has been made and has ended', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await order('raw', { rules: [two, { copies: 1, rse_expression: 'A-DISK' }] });
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    await a.db.tx((tx) => execute(tx, sql`DELETE FROM rules`));
    expect((await transmogrify()).seen).toBe(0);
    a.pass(61);
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 0, failed: 1 });
    const [again] = await waiting('raw');
    expect(again).toMatchObject({ attempts: 2, dueAt: new Date(a.now.getTime() + 120_000) });
    await a.rse('B-DISK', { attributes: { type: 'DISK' } });
    a.pass(121);
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 1, failed: 0 });
    expect(await ruled()).toEqual(['run1 2 type=DISK']);
    expect(await waiting('raw')).toEqual([]);
  });

  it('is given up after two weeks, stays to be seen, and is tried when the order is changed', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await order('raw');
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    a.pass(15 * 86_400);
    await transmogrify();
    expect(await waiting('raw')).toMatchObject([{ attempts: 2, dueAt: null }]);
    a.pass(86_400);
    expect((await transmogrify()).seen).toBe(0);
    await change('raw', { replicationRules: [{ ...two, copies: 1 }] });
    a.pass(1);
    expect(await transmogrify()).toMatchObject({ seen: 1, done: 1 });
    expect(await ruled()).toEqual(['run1 1 type=DISK']);
  });

  it('is forgotten where the order is not about the DID any more, or the DID has gone', async () => {
    await order('raw');
    await register({ datatype: 'RAW' }, 'run1', 'run2');
    expect(await transmogrify()).toMatchObject({ seen: 2, done: 0, failed: 2 });
    await say({ lifetime: -1 }, 'run2');
    await a.shift(undertaker(a.config));
    expect(await waiting('raw')).toMatchObject([{ name: 'run1' }]);
    await change('raw', { filter: { datatype: ['MC'] } });
    a.pass(1);
    await transmogrify();
    expect(await waiting('raw')).toEqual([]);
    expect(await ruled()).toEqual([]);
  });

  it('waits while its subscription is not in use', async () => {
    await order('raw');
    await register({ datatype: 'RAW' }, 'run1');
    await transmogrify();
    await change('raw', { deactivate: true });
    a.pass(3600);
    expect((await transmogrify()).seen).toBe(0);
    expect(await waiting('raw')).toHaveLength(1);
  });

  it('for want of room is a rule that is stuck, and says so', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' }, limit: 10n });
    await order('raw', { rules: [{ copies: 1, rse_expression: 'A-DISK' }] });
    await a.dataset('run1');
    await a.data('run1', ['f1', 'f2'], 'A-DISK');
    await say({ datatype: 'RAW' }, 'run1');
    expect(await transmogrify()).toMatchObject({ done: 1, failed: 0 });
    await a.shift(judgeInjector(a.config));
    expect(await ruleColumns('state, error')).toEqual([
      { state: 'S', error: expect.stringMatching(/insufficient quota/) },
    ]);
  });
});

describe('two transmogrifiers', () => {
  const names = Array.from({ length: 40 }, (_, i) => `run${String(i).padStart(2, '0')}`);
  const terms = () => ({ ...a.config.subscriptions, ...rulesTerms(a.config, a.now) });
  const page = (limit: number) => a.db.tx((tx) => serveNewDids(tx, limit, terms()));

  it('serve different DIDs, each once', async () => {
    await disks();
    await order('raw', { rules: [two, { copies: 1, rse_expression: 'A-DISK' }] });
    await register({ datatype: 'RAW' }, ...names);
    const tallies = await Promise.all([page(15), page(15), page(15), page(15)]);
    expect(tallies.reduce((sum, { seen }) => sum + seen, 0)).toBe(40);
    expect(await ruled()).toHaveLength(80);
    expect(await news()).toEqual([]);
  });

  it('do nothing twice where one died before it was done', async () => {
    await disks();
    await order('raw');
    await register({ datatype: 'RAW' }, ...names);
    await page(10);
    const death = a.db.tx(async (tx) => {
      expect((await serveNewDids(tx, 10, terms())).rules).toBe(10);
      throw new Error('killed');
    });
    await expect(death).rejects.toThrow('killed');
    expect(await ruled()).toHaveLength(10);
    await transmogrify();
    await say({ is_new: true }, ...names);
    await transmogrify();
    expect(await ruled()).toEqual(names.map((name) => `${name} 2 type=DISK`));
  });
});
