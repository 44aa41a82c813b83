import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { execute, only, sql } from '../../../src/db/index.js';
import { detachDids } from '../../../src/dids/index.js';
import { refuseSlice, steerJob, workJob } from '../../../src/jobs/index.js';
import { findRse } from '../../../src/rses/index.js';
import { RuleGrouping, RuleState } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { days, phase } from '../../support/phases.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db, { sliceItems: 2 });
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name, { attributes: { type: 'DISK' } });
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const drain = (more: object = {}) =>
  a.order({ kind: 'drain', spec: { rse: 'A-DISK', keepCopies: false, targets: null, ...more } });
/** Every file has at least so many OK locks. */
const leastOk = async () =>
  (
    await base.db.read((tx) =>
      only<{ least: number }>(
        tx,
        sql`SELECT coalesce(min(n), 0)::int AS least FROM (
              SELECT count(l.*) FILTER (WHERE l.state = 'O') AS n
                FROM dids d LEFT JOIN locks l ON l.did_id = d.id WHERE d.type = 'F' GROUP BY d.id) c`,
      ),
    )
  ).least;

describe('an RSE that is drained', () => {
  it('takes nothing new, and every lock finds another place before it goes', async () => {
    await a.rule('run', { rseExpression: 'type=DISK' });
    const job = await drain();
    await a.work();
    expect((await base.db.read((tx) => findRse(tx, 'A-DISK'))).availabilityWrite).toBe(false);
    expect(await a.stateOf(job)).toBe('RUNNING move 0/0 of 3');
    expect(await a.items(job)).toEqual([
      'f1 A-DISK>B-DISK MOVING',
      'f2 A-DISK>B-DISK MOVING',
      'f3 A-DISK>B-DISK MOVING',
    ]);
    expect(await leastOk()).toBe(1);
    expect(await a.settle(job)).toBe('DONE copies 3/0 of 3');
    expect(await leastOk()).toBe(1);
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O', 'f3@B-DISK O']);
  });

  it('moves rules on one file that differ in their later phases, one after the other', async () => {
    const phases = [phase('A-DISK|B-DISK', days(10)), phase('B-DISK')];
    for (const name of ['f1', 'f2']) {
      await a.rule(name, { rseExpression: 'A-DISK|B-DISK' });
      await a.rule(name, { rseExpression: 'A-DISK|B-DISK', phases });
    }
    const job = await drain();
    expect(await a.settle(job)).toMatch(/^DONE/);
    expect(await a.locks()).toEqual(['f1', 'f1', 'f2', 'f2'].map((name) => `${name}@B-DISK O`));
  });

  it('moves rules on files of their own together, and those that differ apart', async () => {
    for (const name of ['f1', 'f2']) await a.rule(name, { rseExpression: 'A-DISK|B-DISK' });
    await a.rule('f3', { rseExpression: 'A-DISK|B-DISK', activity: 3 });
    await a.rule('f3', { rseExpression: 'B-DISK|A-DISK' });
    const job = await drain();
    expect(await a.settle(job)).toBe('DONE copies 4/0 of 4');
    expect((await a.locks()).every((lock) => lock.includes('B-DISK'))).toBe(true);
  });

  it('keeps what its rule would have nowhere else, and says what to do', async () => {
    await a.rule('run', { rseExpression: 'A-DISK' });
    const { id } = await a.rule('f1', { rseExpression: 'type=DISK' });
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rules SET state = ${RuleState.SUSPENDED} WHERE id = ${id}`),
    );
    const job = await drain();
    expect(await a.settle(job)).toBe('DONE copies 0/4 of 4');
    const items = (await a.items(job)).join('\n');
    expect(items).toMatch(/f1 A-DISK FAILED: the rule .* is SUSPENDED: set it STUCK/);
    expect(items).toMatch(/f3 A-DISK FAILED: RSEWriteBlocked: .*move the rule \(POST rules\//);
    expect(await a.locks()).toHaveLength(4);
  });

  it('lets go what no rule holds, as far as another good copy is left', async () => {
    await a.copies('B-DISK', ['f1']);
    const job = await drain();
    expect(await a.settle(job)).toBe('DONE copies 1/2 of 3');
    const items = await a.items(job);
    expect(items[0]).toBe('f1 A-DISK DONE');
    expect(items[1]).toMatch(/f2 A-DISK FAILED: no other good copy is left/);
  });

  it('keeps what no rule holds where the other copy is a cached one, or leaves its RSE too', async () => {
    await a.copies('B-DISK', ['f1', 'f2']);
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE replicas SET tombstone = now() + interval '2 hours'
             WHERE rse_id = (SELECT id FROM rses WHERE name = 'B-DISK')
               AND did_id = (SELECT id FROM dids WHERE name = 'f1')`,
      ),
    );
    expect(await a.settle(await drain())).toBe('DONE copies 1/2 of 3');
    expect(await a.settle(await drain({ rse: 'B-DISK' }))).toBe('DONE copies 1/1 of 2');
  });

  it('waits for the judge where a file has left its dataset, and the judge has not looked yet', async () => {
    await a.container('all');
    await a.attach('all', 'run');
    await a.rule('all', { rseExpression: 'type=DISK' });
    const job = await drain();
    await base.db.tx((tx) =>
      detachDids(tx, { scope: 'km3net', name: 'run' }, [{ scope: 'km3net', name: 'f1' }]),
    );
    expect(await a.work(100)).toMatchObject({ more: false });
    expect(await a.stateOf(job)).toBe('RUNNING move 0/0 of 3');
    await a.shift(judgeEvaluator(a.config));
    expect(await a.settle(job)).toMatch(/^DONE/);
    expect(await a.locks()).toEqual(['f2@B-DISK O', 'f3@B-DISK O']);
  });

  it('goes on after a crash between any two slices, and nothing is done twice', async () => {
    await a.rule('run', { rseExpression: 'type=DISK', grouping: RuleGrouping.NONE });
    const job = await drain();
    const { id } = await a.job(job);
    for (let slices = 0; slices < 30; slices++) {
      await base.db
        .tx(async (tx) => {
          await workJob(tx, id, a.terms());
          throw new Error('killed');
        })
        .catch(() => undefined);
      const [one, two] = await Promise.all([
        base.db.tx((tx) => workJob(tx, id, a.terms())),
        base.db.tx((tx) => workJob(tx, id, a.terms())),
      ]);
      if (!one && !two) break;
      await a.audit();
    }
    expect(await a.settle(job)).toBe('DONE copies 3/0 of 3');
    expect(await a.locks()).toHaveLength(3);
  });

  it('is left by a rule that is being placed when that is done', async () => {
    const { id } = await a.rule('run', { rseExpression: 'type=DISK' });
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rules SET state = ${RuleState.INJECT} WHERE id = ${id}`),
    );
    const job = await drain();
    await a.work();
    expect(await a.stateOf(job)).toBe('RUNNING move 0/0 of 3');
    expect(await a.settle(job)).toBe('DONE copies 3/0 of 3');
  });

  it('stops within a slice when it is cancelled; what is on the move arrives', async () => {
    await a.rule('run', { rseExpression: 'type=DISK', grouping: RuleGrouping.NONE });
    const job = await drain();
    for (let slice = 0; slice < 4; slice++) await a.work(1);
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'cancel', a.now));
    expect(await a.work()).toMatchObject({ seen: 0 });
    const moving = (await a.items(job)).filter((item) => item.endsWith('MOVING')).length;
    expect(moving).toBe(2);
    await a.settle(job);
    expect((await a.locks()).filter((lock) => lock.includes('B-DISK'))).toHaveLength(2);
    await base.db.tx(async (tx) => steerJob(tx, await a.job(job), 'resume', a.now));
    expect(await a.settle(job)).toBe('DONE copies 3/0 of 3');
  });

  it('has failed when there is no such RSE any more, and can be resumed', async () => {
    const job = await drain();
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE rses SET deleted_at = now() WHERE name = 'A-DISK'`),
    );
    expect(await a.work()).toMatchObject({ failed: 1 });
    expect(await a.job(job)).toMatchObject({
      state: 'F',
      error: expect.stringMatching(/^RSENotFound/),
    });
    const { id } = await a.job(job);
    const error = new (class extends Error {})('no matter') as never;
    expect(await base.db.tx((tx) => refuseSlice(tx, id, error, a.terms()))).toBe(false);
  });
});
