import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changeAccount, findAccount } from '../../../src/accounts/index.js';
import { execute, sql } from '../../../src/db/index.js';
import {
  changeSchedule,
  findSchedule,
  type JobWish,
  listJobs,
  scheduleJob,
} from '../../../src/jobs/index.js';
import { AccountStatus } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db);
  await a.rse('A-DISK');
  await a.dataset('run');
  await a.data('run', ['f1'], 'A-DISK');
  await a.rule('run', { rseExpression: 'A-DISK' });
});
afterEach(() => base.close());

/** The story begins on a Saturday at noon (UTC). */
const nightly = (wish?: JobWish) =>
  base.db.tx((tx) =>
    scheduleJob(
      tx,
      {
        ...(wish ?? {
          kind: 'change',
          spec: { rules: { name: 'run' }, change: { priority: 4 }, ownerId: a.accountId },
        }),
        given: {},
        comments: null,
        accountId: a.accountId,
      },
      { cron: '0 3 * * *', timeZone: 'Europe/Paris' },
      a.now,
    ),
  );
const schedule = (id: string) => base.db.read((tx) => findSchedule(tx, id));
const jobs = () => base.db.read((tx) => listJobs(tx, { limit: 100 }));
const HOURS = 3600;

describe('a job by the calendar', () => {
  it('is made at each moment, in its own time zone', async () => {
    const id = await nightly();
    expect((await schedule(id)).nextAt).toEqual(new Date('2026-11-22T02:00:00Z'));
    expect(await a.work()).toMatchObject({ seen: 0 });
    a.pass(14 * HOURS);
    await a.work();
    const [job, ...more] = await jobs();
    expect(more).toEqual([]);
    expect(job).toMatchObject({ kind: 'change', state: 'D', done: 1n, scheduleUid: id });
    expect(await schedule(id)).toMatchObject({
      nextAt: new Date('2026-11-23T02:00:00Z'),
      lastJobUid: job?.uid,
      error: null,
    });
  });

  it('makes up for missed moments by one', async () => {
    await nightly();
    a.pass(24 * 10 * HOURS);
    await a.work();
    await a.work();
    expect(await jobs()).toHaveLength(1);
  });

  it('is not made while the last one is at work', async () => {
    const id = await nightly();
    a.pass(14 * HOURS);
    await a.work();
    await base.db.tx((tx) => execute(tx, sql`UPDATE jobs SET state = 'W'`));
    a.pass(24 * HOURS);
    await a.work();
    expect(await jobs()).toHaveLength(1);
    expect((await schedule(id)).error).toBe('the job of the moment before is still at work');
  });

  it('is not made for an account that may not order it any more', async () => {
    const drain = await nightly({
      kind: 'drain',
      spec: { rse: 'A-DISK', keepCopies: false, targets: null },
    });
    const change = await nightly();
    await base.db.tx(async (tx) =>
      changeAccount(tx, await findAccount(tx, 'shore'), { status: AccountStatus.SUSPENDED }),
    );
    a.pass(14 * HOURS);
    await a.work();
    expect(await jobs()).toEqual([]);
    expect((await schedule(change)).error).toBe('the account shore is not active');
    await base.db.tx(async (tx) =>
      changeAccount(tx, await findAccount(tx, 'shore'), { status: AccountStatus.ACTIVE }),
    );
    a.pass(24 * HOURS);
    await a.work();
    expect((await schedule(drain)).error).toBe(
      'the account shore may not order jobs of kind drain',
    );
  });

  it('can be switched off and moved', async () => {
    const id = await nightly();
    await base.db.tx(async (tx) =>
      changeSchedule(
        tx,
        await findSchedule(tx, id, 'wait'),
        { enabled: false, cron: '30 * * * *' },
        a.now,
      ),
    );
    expect(await schedule(id)).toMatchObject({
      enabled: false,
      nextAt: new Date('2026-11-21T12:30:00Z'),
    });
    a.pass(14 * HOURS);
    await a.work();
    expect(await jobs()).toEqual([]);
  });
});
