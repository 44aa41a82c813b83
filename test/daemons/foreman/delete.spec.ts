import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { type DeleteSpec, workJob } from '../../../src/jobs/index.js';
import { findRule, moveRule } from '../../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db, { sliceItems: 2 });
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK', 'B-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const remove = (spec: Partial<DeleteSpec> = {}) =>
  a.order({
    kind: 'delete_replicas',
    spec: { rseExpression: null, removeRules: false, ...spec },
  });
const run = { content: { scope: 'km3net', name: 'run' } };
/** Copies that are hidden and due at once. */
const condemned = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ text: string }>(
        tx,
        sql`SELECT d.name || '@' || e.name AS text FROM replicas r JOIN dids d ON d.id = r.did_id
              JOIN rses e ON e.id = r.rse_id
             WHERE r.state = 'U' AND r.tombstone = timestamptz 'epoch' ORDER BY 1`,
      )
    ).map(({ text }) => text),
  );

describe('copies that a job deletes', () => {
  it('are those of a content at one RSE, or everywhere, the last ones too', async () => {
    const one = await remove({ ...run, rseExpression: 'A-DISK' });
    await a.work();
    expect(await a.stateOf(one)).toBe('DONE condemn 3/0 of 3');
    expect(await condemned()).toEqual(['f1@A-DISK', 'f2@A-DISK', 'f3@A-DISK']);
    const all = await remove(run);
    await a.work();
    expect(await a.stateOf(all)).toBe('DONE condemn 6/0 of 6');
    expect(await condemned()).toHaveLength(6);
  });

  it('are not those that rules hold: each says which', async () => {
    const { uid } = await a.rule('f2', { rseExpression: 'A-DISK' });
    const job = await remove({ query: { scope: 'km3net', filters: null, type: 'file' } });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE condemn 5/1 of 6');
    expect((await a.items(job))[2]).toBe(
      `f2 A-DISK FAILED: ReplicaIsLocked: held by rule ${uid.replaceAll('-', '')} of shore`,
    );
    expect(await condemned()).toHaveLength(5);
  });

  it('are of files: a collection of a list is told, and keeps its rules', async () => {
    await a.rule('run', { rseExpression: 'A-DISK' });
    const dids = ['run', 'f1'].map((name) => ({ scope: 'km3net', name }));
    const job = await remove({ dids, rseExpression: 'B-DISK', removeRules: true });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE condemn 1/1 of 2');
    expect(await a.items(job)).toEqual([
      'f1 B-DISK DONE',
      'run  FAILED: UnsupportedOperation: it is no file and has no copies: say its files by content',
    ]);
    expect(await a.locks()).toHaveLength(3);
  });

  it('lose the rules on the very DIDs first, where that was asked', async () => {
    await a.rule('run', { rseExpression: 'A-DISK' });
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.container('year');
    await a.attach('year', 'run');
    await a.rule('f3', { rseExpression: 'B-DISK', locked: true });
    const job = await remove({ ...run, removeRules: true });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE condemn 5/1 of 6');
    expect(await a.locks()).toEqual(['f3@B-DISK O']);
  });

  it('lose rules on files of their own together, whatever their states, and a rule that moves too', async () => {
    for (const name of ['f1', 'f2', 'f3']) await a.rule(name, { rseExpression: 'A-DISK' });
    const { uid } = await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.rse('C-DISK');
    await base.db.tx(async (tx) =>
      moveRule(
        tx,
        await findRule(tx, uid, 'wait'),
        { rseExpression: 'C-DISK', override: {} },
        a.terms(),
      ),
    );
    const job = await remove({ ...run, removeRules: true });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE condemn 7/0 of 7');
    expect([await a.locks(), await a.usage(), await a.requests()]).toEqual([[], [], []]);
    const past = await base.db.read((tx) =>
      rows<{ state: string }>(tx, sql`SELECT state FROM rules_history ORDER BY state`),
    );
    expect(past.map(({ state }) => state)).toEqual(['O', 'O', 'O', 'O', 'R']);
  });

  it('are condemned once, whatever crashes', async () => {
    const job = await remove(run);
    const { id } = await a.job(job);
    for (;;) {
      await base.db
        .tx(async (tx) => {
          await workJob(tx, id, a.terms());
          throw new Error('killed');
        })
        .catch(() => undefined);
      if (!(await base.db.tx((tx) => workJob(tx, id, a.terms())))) break;
    }
    expect(await a.stateOf(job)).toBe('DONE condemn 6/0 of 6');
  });
});
