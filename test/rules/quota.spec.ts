import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { insertAccountAttribute, setGlobalLimit, setLocalLimit } from '../../src/accounts/index.js';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { rows, sql } from '../../src/db/index.js';
import { ReplicaState, RuleGrouping } from '../../src/vocabulary/index.js';
import { setRseLimit } from '../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const refused = { name: 'InsufficientAccountLimit' };
const global = (expression: string, bytes: bigint) =>
  base.db.tx((tx) => setGlobalLimit(tx, a.accountId, { expression, bytes }));

describe('what an account may put at an RSE', () => {
  it('is nothing without a limit', async () => {
    await a.rse('B-DISK', { limit: null });
    await expect(a.rule('run', { rseExpression: 'B-DISK' })).rejects.toMatchObject(refused);
  });

  it('must be more than what the rule takes, to the byte', async () => {
    const rseId = await a.rse('B-DISK', { limit: 200n });
    await expect(a.rule('run', { rseExpression: 'B-DISK' })).rejects.toMatchObject(refused);
    await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId, bytes: 201n }));
    await a.rule('run', { rseExpression: 'B-DISK' });
  });

  it('is bounded by every global limit over it too, with what is used at the others', async () => {
    for (const name of ['B-DISK', 'C-DISK']) await a.rse(name, { attributes: { tier: '1' } });
    await global('tier=1', 350n);
    await a.rule('run', { rseExpression: 'B-DISK' });
    await expect(a.rule('run', { rseExpression: 'C-DISK' })).rejects.toMatchObject(refused);
    await a.rule('f1', { rseExpression: 'C-DISK' });
    expect(await a.usage()).toEqual(['B-DISK 2 files 200 bytes', 'C-DISK 1 files 100 bytes']);
  });

  it('is not asked of an admin, nor where the RSE is a mock, nor when the rule says so', async () => {
    await a.rse('B-DISK', { limit: null });
    await a.rse('M-DISK', { limit: null, attributes: { mock: 'true' } });
    await a.rule('run', { rseExpression: 'M-DISK' });
    await a.rule('run', { rseExpression: 'B-DISK', ignoreAccountLimit: true });
    const admin = await a.account('chief');
    const attribute = { key: 'admin', value: 'true' };
    await base.db.tx((tx) => insertAccountAttribute(tx, admin, attribute));
    await a.rule('run', { rseExpression: 'B-DISK', accountId: admin });
  });

  it('is taken by every lock, also a second one on the same copy, and given back with it', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', lifetime: 60 });
    await a.rule('f1', { rseExpression: 'A-DISK' });
    expect(await a.usage()).toEqual(['A-DISK 3 files 300 bytes']);
    a.pass(60);
    await a.shift(judgeCleaner(a.config));
    expect(await a.usage()).toEqual(['A-DISK 1 files 100 bytes']);
  });
});

describe('the space of an RSE', () => {
  it('is taken once by a copy that is there, whatever has become of it', async () => {
    const rseId = await a.rse('B-DISK');
    const value = 201n;
    await base.db.tx((tx) => setRseLimit(tx, rseId, { name: 'MaxSpaceAvailable', value }));
    await a.copies('B-DISK', ['f1'], ReplicaState.UNAVAILABLE);
    await a.rule('run', { rseExpression: 'B-DISK', grouping: RuleGrouping.NONE });
    expect(await a.locks()).toEqual(['f1@B-DISK R', 'f2@B-DISK R']);
  });
});

describe('a rule for a staging area', () => {
  it('asks for the files to be staged, not transferred', async () => {
    await a.rse('S-STAGE', { stagingArea: true });
    await a.rse('B-DISK');
    await a.rule('run', { rseExpression: 'S-STAGE', lifetime: 60 });
    await a.rule('run', { rseExpression: 'B-DISK' });
    const wanted = await base.db.read((tx) =>
      rows(
        tx,
        sql`SELECT DISTINCT e.name AS rse, q.type::text AS type
              FROM requests q JOIN rses e ON e.id = q.rse_id ORDER BY 1`,
      ),
    );
    expect(wanted).toEqual([
      { rse: 'B-DISK', type: 'T' },
      { rse: 'S-STAGE', type: 'I' },
    ]);
  });
});

describe('the copies of a dataset', () => {
  it('are not put where some of it is being deleted, if another RSE will do', async () => {
    await a.rse('B-DISK');
    await a.rse('C-DISK');
    await a.copies('B-DISK', ['f1']);
    await a.db.tx((tx) =>
      rows(
        tx,
        sql`UPDATE replicas SET state = 'B', tombstone = 'epoch'
             WHERE rse_id = (SELECT id FROM rses WHERE name = 'B-DISK') RETURNING did_id`,
      ),
    );
    const { id } = await a.rule('run', { rseExpression: 'B-DISK|C-DISK' });
    expect(await a.locks(id)).toEqual(['f1@C-DISK R', 'f2@C-DISK R']);
  });

  it('of several datasets go each together, or all together where that is asked', async () => {
    for (const name of ['B-DISK', 'C-DISK']) await a.rse(name);
    await a.container('all');
    await a.attach('all', 'run');
    const names = Array.from({ length: 12 }, (_, at) => `d${at}`);
    for (const name of names) {
      await a.dataset(name);
      await a.data(name, [`${name}.1`, `${name}.2`], 'A-DISK');
      await a.attach('all', name);
    }
    const spread = { rseExpression: 'B-DISK|C-DISK' };
    const each = await a.rule('all', { ...spread, grouping: RuleGrouping.DATASET });
    const all = await a.rule('all', {
      ...spread,
      copies: 1,
      rseExpression: 'C-DISK|B-DISK',
      grouping: RuleGrouping.ALL,
    });
    const rsesOf = async (id: bigint, name: string) =>
      new Set(
        (await a.locks(id)).flatMap((lock) =>
          lock.startsWith(`${name}.`) ? [lock.split(/[@ ]/)[1]] : [],
        ),
      );
    for (const name of names) expect((await rsesOf(each.id, name)).size).toBe(1);
    const everywhere = (await a.locks(each.id)).map((lock) => lock.split(/[@ ]/)[1]);
    expect(new Set(everywhere).size).toBe(2);
    expect(new Set((await a.locks(all.id)).map((lock) => lock.split(/[@ ]/)[1])).size).toBe(1);
  });
});
