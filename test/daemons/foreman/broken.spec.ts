import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { presentJob } from '../../../src/api/jobs/jobs.presenter.js';
import { type JobAnswer, showJob, showJobs } from '../../../src/cli/show-job.js';
import { execute, sql } from '../../../src/db/index.js';
import { steerJob } from '../../../src/jobs/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db);
  for (const name of ['A-DISK', 'B-DISK']) await a.rse(name, { attributes: { type: 'DISK' } });
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
  await a.rule('run', { rseExpression: 'type=DISK' });
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** From now on a job cannot write down its items. */
const breakIt = () =>
  base.db.tx(async (tx) => {
    await execute(
      tx,
      sql`CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'the password is hunter2'; END $$`,
    );
    await execute(
      tx,
      sql`CREATE TRIGGER break_it BEFORE INSERT ON job_items EXECUTE FUNCTION break_it()`,
    );
  });
const mendIt = () => base.db.tx((tx) => execute(tx, sql`DROP FUNCTION break_it CASCADE`));
const drain = () =>
  a.order({ kind: 'drain', spec: { rse: 'A-DISK', keepCopies: false, targets: null } });
/** As a client and `sluice job` read it. */
const told = async (id: string) => {
  const shown = JSON.stringify(presentJob(await a.job(id), a.now), (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  const answer = JSON.parse(shown) as JobAnswer;
  const text = showJob(answer).join('\n');
  return { fault: answer.fault, text, list: showJobs([answer]).join('\n') };
};
/** A minute in which the foreman's shift breaks. */
const minute = async () => {
  await expect(a.work()).rejects.toThrow('hunter2');
  a.pass(60);
};

describe('a job whose slice breaks by a fault of ours', () => {
  it('says so itself, how often and when it is tried again, and not what the log is for', async () => {
    const id = await drain();
    await breakIt();
    await minute();
    await minute();
    const { fault, text, list } = await told(id);
    expect(fault).toEqual({
      message: expect.stringContaining('Something went wrong on the server'),
      tries: 2,
      last_at: '2026-11-21T12:01:00.000Z',
      next_at: '2026-11-21T12:02:00.000Z',
    });
    expect(fault?.message).toContain('DatabaseError P0001');
    expect(text).toContain('broke 2 times in a row, last at 2026-11-21T12:01:00.000Z');
    expect(list).toContain('broke 2 times in a row');
    expect(`${JSON.stringify(fault)}${text}${list}`).not.toContain('hunter2');
  });

  it('says no more of it after the next slice that goes well, and comes to its end', async () => {
    const id = await drain();
    await breakIt();
    await minute();
    await mendIt();
    await a.work();
    expect(await told(id)).toMatchObject({
      fault: null,
      list: expect.not.stringContaining('broke'),
    });
    expect(await a.settle(id)).toContain('DONE');
  });

  it('says no more of it where it was cancelled: nothing is tried again', async () => {
    const id = await drain();
    await breakIt();
    await minute();
    await base.db.tx(async (tx) => steerJob(tx, await a.job(id), 'cancel', a.now));
    expect(await told(id)).toMatchObject({ fault: null });
  });
});
