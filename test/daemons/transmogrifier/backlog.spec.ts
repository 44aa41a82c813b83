import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { undertaker } from '../../../src/daemons/undertaker.js';
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

describe('a rule that cannot be made', () => {
  it('keeps its DID with the reason, and others from nothing', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await a.order('raw', { rules: [two, { copies: 1, rse_expression: 'A-DISK' }] });
    await a.order('tape', { rules: [tape] });
    await a.register({ datatype: 'RAW' }, 'run1');
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 1, failed: 2 });
    expect(await a.ruled()).toEqual(['run1 1 A-DISK']);
    expect(await a.waiting('raw')).toMatchObject([
      {
        name: 'run1',
        entry: 1,
        attempts: 1,
        error: expect.stringMatching(/^InsufficientTargetRSEs: /),
      },
    ]);
    expect(await a.waiting('tape')).toMatchObject([
      { name: 'run1', entry: 1, error: expect.stringMatching(/^InvalidRSEExpression: /) },
    ]);
  });

  it('is tried again after a while, and only it: not what has been made and has ended', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await a.order('raw', { rules: [two, { copies: 1, rse_expression: 'A-DISK' }] });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    await a.db.tx((tx) => execute(tx, sql`DELETE FROM rules`));
    expect((await a.transmogrify()).seen).toBe(0);
    a.pass(61);
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 0, failed: 1 });
    const [again] = await a.waiting('raw');
    expect(again).toMatchObject({ attempts: 2, dueAt: new Date(a.now.getTime() + 120_000) });
    await a.rse('B-DISK', { attributes: { type: 'DISK' } });
    a.pass(121);
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 1, failed: 0 });
    expect(await a.ruled()).toEqual(['run1 2 type=DISK']);
    expect(await a.waiting('raw')).toEqual([]);
  });

  it('is given up after two weeks, stays to be seen, and is tried when the order is changed', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await a.order('raw');
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    a.pass(15 * 86_400);
    await a.transmogrify();
    expect(await a.waiting('raw')).toMatchObject([{ attempts: 2, dueAt: null }]);
    a.pass(86_400);
    expect((await a.transmogrify()).seen).toBe(0);
    await a.change('raw', { replicationRules: [{ ...two, copies: 1 }] });
    a.pass(1);
    expect(await a.transmogrify()).toMatchObject({ seen: 1, done: 1 });
    expect(await a.ruled()).toEqual(['run1 1 type=DISK']);
  });

  it('is forgotten where the order is not about the DID any more, or the DID has gone', async () => {
    await a.order('raw');
    await a.register({ datatype: 'RAW' }, 'run1', 'run2');
    expect(await a.transmogrify()).toMatchObject({ seen: 2, done: 0, failed: 2 });
    await a.say({ lifetime: -1 }, 'run2');
    await a.shift(undertaker(a.config));
    expect(await a.waiting('raw')).toMatchObject([{ name: 'run1' }]);
    await a.change('raw', { filter: { datatype: ['MC'] } });
    a.pass(1);
    await a.transmogrify();
    expect(await a.waiting('raw')).toEqual([]);
    expect(await a.ruled()).toEqual([]);
  });

  it('waits while its subscription is not in use', async () => {
    await a.order('raw');
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    await a.change('raw', { deactivate: true });
    a.pass(3600);
    expect((await a.transmogrify()).seen).toBe(0);
    expect(await a.waiting('raw')).toHaveLength(1);
  });

  it('for want of room is a rule that is stuck, and says so', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' }, limit: 10n });
    await a.order('raw', { rules: [{ copies: 1, rse_expression: 'A-DISK' }] });
    await a.dataset('run1');
    await a.data('run1', ['f1', 'f2'], 'A-DISK');
    await a.say({ datatype: 'RAW' }, 'run1');
    expect(await a.transmogrify()).toMatchObject({ done: 1, failed: 0 });
    await a.shift(judgeInjector(a.config));
    expect(await a.ruleColumns('state, error')).toEqual([
      { state: 'S', error: expect.stringMatching(/insufficient quota/) },
    ]);
  });
});
