import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changeAccount, findAccount, setLocalLimit } from '../../../src/accounts/index.js';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { execute, sql } from '../../../src/db/index.js';
import { type ReplicateSpec, steerJob, workJob } from '../../../src/jobs/index.js';
import { AccountStatus, RuleGrouping, RuleNotification } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
let b = 0;
const FILES = ['f1', 'f2', 'f3', 'f4', 'f5'];
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db, { sliceItems: 2, sliceRules: 2 });
  await a.rse('A-DISK');
  b = await a.rse('B-DISK');
  await a.dataset('run');
  await a.dataset('empty');
  await a.data('run', FILES, 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const replicate = (spec: Partial<ReplicateSpec>, rule: Partial<ReplicateSpec['rule']> = {}) =>
  a.order({
    kind: 'replicate',
    spec: {
      availableAt: null,
      ...spec,
      rule: {
        accountId: a.accountId,
        copies: 1,
        rseExpression: 'B-DISK',
        sourceReplicaExpression: 'A-DISK',
        grouping: RuleGrouping.DATASET,
        activity: 0,
        notification: RuleNotification.NO,
        ...rule,
      },
    },
  });
const files = (filters: object | null = null) => ({
  query: { scope: 'km3net', filters, type: 'file' },
});

describe('everything that matches a query', () => {
  it('gets rules of its own, in slices', async () => {
    const job = await replicate(files());
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE place 5/0 of 5');
    expect((await a.locks()).every((lock) => lock.endsWith('B-DISK R'))).toBe(true);
    expect((await a.items(job))[0]).toBe('f1  DONE');
    expect((await a.job(job)).totalBytes).toBe(500n);
  });

  it('is what the criteria say, of collections too', async () => {
    const some = await replicate(files({ name: 'f[' }));
    const two = await replicate({
      query: { scope: 'km3net', filters: { name: 'r*' }, type: 'dataset' },
    });
    await a.work();
    expect(await a.stateOf(some)).toBe('DONE place 0/0 of 0');
    expect(await a.stateOf(two)).toBe('DONE place 1/0 of 1');
    expect(await a.locks()).toHaveLength(5);
  });

  it('can be only what has a copy there', async () => {
    await a.copies('B-DISK', ['f3']);
    const job = await replicate({ ...files(), availableAt: 'B-DISK' });
    await a.work();
    expect(await a.items(job)).toEqual(['f3  DONE']);
  });

  it('says of each that could not have its rule why, and goes on with the others', async () => {
    await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: b, bytes: 350n }));
    const job = await replicate(files());
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE place 3/2 of 5');
    const failed = (await a.items(job)).filter((item) => item.includes('FAILED'));
    expect(failed).toHaveLength(2);
    expect(failed[0]).toMatch(/InsufficientAccountLimit/);
  });

  it('fails as a whole for what is wrong with all of it', async () => {
    const job = await replicate(files(), { rseExpression: 'C-DISK' });
    await a.work();
    expect(await a.job(job)).toMatchObject({
      state: 'F',
      total: 5n,
      error: expect.stringMatching(/InvalidRSEExpression.*C-DISK/),
    });
  });

  it('is passed over where it has the rule already, or has gone', async () => {
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.files('gone');
    const job = await replicate(files());
    await a.work(3);
    await base.db.tx((tx) => execute(tx, sql`DELETE FROM dids WHERE name = 'gone'`));
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE place 5/1 of 6');
    const items = await a.items(job);
    expect(items.find((item) => item.startsWith('f1'))).toMatch(/it has this rule already/);
    expect(items.find((item) => item.startsWith('null'))).toMatch(/erased/);
  });

  it('is done once whatever crashes and whoever else is at it', async () => {
    const job = await replicate(files());
    const { id } = await a.job(job);
    for (;;) {
      await base.db
        .tx(async (tx) => {
          await workJob(tx, id, a.terms());
          throw new Error('killed');
        })
        .catch(() => undefined);
      const both = await Promise.all(
        [1, 2].map(() => base.db.tx((tx) => workJob(tx, id, a.terms()))),
      );
      if (both.every((slice) => slice === undefined)) break;
    }
    expect(await a.stateOf(job)).toBe('DONE place 5/0 of 5');
    expect(await a.locks()).toHaveLength(5);
  });
});

describe('a job of somebody who may not act any more', () => {
  const become = (name: string, status: AccountStatus) =>
    base.db.tx(async (tx) => changeAccount(tx, await findAccount(tx, name), { status }));

  it('stops within a slice, says why, and goes on when it may', async () => {
    const job = await replicate(files());
    await a.work(4);
    expect(await a.stateOf(job)).toBe('RUNNING place 2/0 of 5');
    await become('shore', AccountStatus.SUSPENDED);
    await a.work();
    expect(await a.stateOf(job)).toBe('FAILED place 2/0 of 5');
    expect((await a.job(job)).error).toMatch(/^the account shore is SUSPENDED/);
    await become('shore', AccountStatus.ACTIVE);
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'resume', a.now));
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE place 5/0 of 5');
  });

  it('makes no rules for one who has gone either', async () => {
    const accountId = await a.account('alice');
    const job = await replicate(files(), { accountId, ignoreAccountLimit: true });
    await become('alice', AccountStatus.SUSPENDED);
    await a.work();
    expect(await a.job(job)).toMatchObject({
      state: 'F',
      error: expect.stringMatching(/^AccountNotFound: Account 'alice' is SUSPENDED/),
    });
  });
});

describe('files that are gathered in a dataset', () => {
  it('are served by its one rule', async () => {
    const into = { scope: 'km3net', name: 'picked' };
    const job = await replicate({ ...files(), into });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE gather 5/0 of 5');
    await a.shift(judgeEvaluator(a.config));
    expect((await a.locks()).filter((lock) => lock.includes('B-DISK'))).toHaveLength(5);
    expect(await base.db.read((tx) => execute(tx, sql`SELECT FROM rules`))).toBe(1);
    const again = await replicate({ ...files(), into });
    await a.work();
    expect(await a.stateOf(again)).toBe('DONE gather 5/0 of 5');
    expect(await base.db.read((tx) => execute(tx, sql`SELECT FROM rules`))).toBe(1);
  });

  it('cannot be datasets, and say so', async () => {
    const query = { scope: 'km3net', filters: null, type: 'dataset' };
    const job = await replicate({ query, into: { scope: 'km3net', name: 'picked' } });
    await a.work();
    expect(await a.job(job)).toMatchObject({
      state: 'F',
      error: expect.stringMatching(/^UnsupportedOperation/),
    });
  });
});

describe('a list, and the content of a DID', () => {
  it('is listed in slices; names that name nothing are told', async () => {
    const dids = ['f1', 'nobody', 'f4', 'f5'].map((name) => ({ scope: a.scope, name }));
    const job = await replicate({ dids });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE place 3/0 of 3');
    expect((await a.job(job)).error).toBe('1 of the DIDs do not exist: km3net:nobody');
  });

  it('is every file below, once', async () => {
    await a.dataset('more');
    await a.data('more', ['f5', 'g1', 'g2'], 'A-DISK');
    await a.container('all');
    await a.attach('all', 'run', 'more', 'empty');
    const job = await replicate({ content: { scope: a.scope, name: 'all' } });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE place 7/0 of 7');
    const single = await replicate(
      { content: { scope: a.scope, name: 'f1' } },
      { rseExpression: 'A-DISK', sourceReplicaExpression: null },
    );
    await a.work();
    expect(await a.stateOf(single)).toBe('DONE place 1/0 of 1');
  });
});
