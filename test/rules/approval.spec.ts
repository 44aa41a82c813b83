import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { execute, only, sql } from '../../src/db/index.js';
import { setOpen } from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const close = (name: string) =>
  base.db.tx((tx) => setOpen(tx, { scope: a.scope, name }, false, a.now));
const ask = (name: string, rseExpression = 'B-DISK') =>
  a.rule(name, { rseExpression, askApproval: true });

describe('a rule that needs approval', () => {
  it('waits for it, without a lock', async () => {
    await a.rse('B-DISK');
    const { id } = await ask('run');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'W' });
    await a.shift(judgeInjector(a.config));
    expect(await a.locks()).toEqual([]);
  });

  it('is for one RSE, and not for one that blocks it', async () => {
    await a.rse('B-DISK', { attributes: { block_manual_approval: 'True' } });
    await expect(ask('run', 'A-DISK|B-DISK&A-DISK')).resolves.toBeDefined();
    await a.rse('C-DISK');
    await expect(ask('run', 'A-DISK|C-DISK')).rejects.toMatchObject({
      name: 'InvalidReplicationRule',
    });
    await expect(ask('run')).rejects.toMatchObject({ name: 'ManualRuleApprovalBlocked' });
  });
});

describe('an RSE that approves by itself', () => {
  it.each([
    ['fewer bytes', { auto_approve_bytes: '301' }, 'I'],
    ['not fewer bytes', { auto_approve_bytes: '300' }, 'W'],
    ['fewer files', { auto_approve_files: '4' }, 'I'],
    ['not fewer files', { auto_approve_files: '3' }, 'W'],
    ['fewer of both', { auto_approve_bytes: '301', auto_approve_files: '4' }, 'I'],
    ['fewer of one', { auto_approve_bytes: '301', auto_approve_files: '3' }, 'W'],
    ['a limit that is no number', { auto_approve_bytes: 'many' }, 'W'],
  ])('%s', async (_, attributes, state) => {
    await a.rse('B-DISK', { attributes });
    await close('run');
    expect((await a.ruleRow((await ask('run')).id)).state).toBe(state);
  });

  it('does so for what is closed only, and for files', async () => {
    await a.rse('B-DISK', { attributes: { auto_approve_bytes: '301' } });
    expect((await a.ruleRow((await ask('run')).id)).state).toBe('W');
    expect((await a.ruleRow((await ask('f1')).id)).state).toBe('I');
  });

  it('passes the limit of the account, as an approval by hand does', async () => {
    await a.rse('B-DISK', { limit: null, attributes: { auto_approve_files: '4' } });
    await close('run');
    const { id } = await ask('run');
    await a.shift(judgeInjector(a.config));
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 3 });
    const { passes } = await base.db.read((tx) =>
      only<{ passes: boolean }>(tx, sql`SELECT ignore_account_limit AS passes FROM rules`),
    );
    expect(passes).toBe(true);
    expect(await base.db.read((tx) => execute(tx, sql`SELECT FROM requests`))).toBe(3);
  });
});
