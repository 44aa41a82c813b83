import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, rows, sql } from '../../src/db/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Dock, dock } from './reaper/dock.js';

const GREEDY = { attributes: { greedyDeletion: 'true' } };
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

let base: TestDatabase;
let a: Dock;
beforeEach(async () => {
  base = await testDatabase();
  a = await dock(base.db);
  await a.quay('DISK', GREEDY);
  await a.file('f1', 'x', 'DISK');
  await a.file('f2', 'y', 'DISK');
  await a.dataset('run');
  await a.container('all');
  await a.attach('run', 'f1', 'f2');
  await a.attach('all', 'run');
  await a.shift(judgeEvaluator(a.config));
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const run = (statement: ReturnType<typeof sql>) => base.db.tx((tx) => execute(tx, statement));
const expire = (name: string) =>
  run(sql`UPDATE dids SET expired_at = ${a.now} WHERE name = ${name}`);
const bury = () => a.shift(undertaker(a.config));
const evaluate = () => a.shift(judgeEvaluator(a.config));
const names = async (table: 'dids' | 'deleted_dids') => {
  const found = await base.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      table === 'dids'
        ? sql`SELECT name FROM dids ORDER BY name`
        : sql`SELECT name FROM deleted_dids ORDER BY name`,
    ),
  );
  return found.map(({ name }) => name);
};

describe('the undertaker', () => {
  it('erases an expired dataset with its rules and keeps its files, which are due now', async () => {
    await a.rule('run', { rseExpression: 'DISK' });
    await expire('run');
    expect(await bury()).toMatchObject({ failed: 0 });
    expect(await names('dids')).toEqual(['all', 'f1', 'f2']);
    expect(await names('deleted_dids')).toEqual(['run']);
    expect(await a.locks()).toEqual([]);
    expect([...(await a.tombstones()).values()]).toEqual([new Date(0), new Date(0)]);
    expect(await bury()).toEqual(IDLE);
  });

  it('leaves what has not expired yet', async () => {
    await run(sql`UPDATE dids SET expired_at = ${new Date(a.now.getTime() + 1000)}`);
    expect(await bury()).toEqual(IDLE);
  });

  it('leaves a DID that a locked rule holds', async () => {
    await a.rule('run', { rseExpression: 'DISK', locked: true });
    await expire('run');
    expect(await bury()).toEqual(IDLE);
    expect(await names('dids')).toContain('run');
  });

  it('keeps the name of a file until its last copy is gone', async () => {
    await expire('f1');
    expect(await bury()).toMatchObject({ seen: 1 });
    expect(await names('dids')).toContain('f1');
    await evaluate();
    expect(await a.reap()).toMatchObject({ done: 1 });
    expect(a.content('DISK', 'f1')).toBeUndefined();
    expect(await bury()).toMatchObject({ seen: 1 });
    expect(await names('dids')).toEqual(['all', 'f2', 'run']);
    expect(await bury()).toEqual(IDLE);
  });

  it('takes an expired file out of its dataset, so that the rules there let it go', async () => {
    await a.rule('run', { rseExpression: 'DISK' });
    await expire('f1');
    await bury();
    expect(await a.locks()).toHaveLength(2);
    await evaluate();
    expect(await a.locks()).toEqual(['f2@DISK O']);
    await bury();
    expect(await a.reap()).toMatchObject({ done: 1 });
    await bury();
    expect(await names('dids')).toEqual(['all', 'f2', 'run']);
  });

  it('goes on where it was killed', async () => {
    await a.rule('run', { rseExpression: 'DISK' });
    await expire('run');
    const daemon = undertaker({ ...a.config, rules: { ...a.config.rules, sliceLocks: 1 } });
    const controller = new AbortController();
    const shift = {
      db: base.db,
      batch: 10,
      now: a.now,
      worker: 'killed',
      log: (await import('../../src/log/index.js')).createLog('silent'),
      signal: controller.signal,
    };
    controller.abort();
    await daemon.reconcile(shift);
    expect(await names('dids')).toContain('run');
    await bury();
    expect(await names('dids')).not.toContain('run');
  });
});
