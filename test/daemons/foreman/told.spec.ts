import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { refuseSlice, steerJob, workJob } from '../../../src/jobs/index.js';
import { InsufficientTargetRSEs } from '../../../src/errors/index.js';
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

const drain = () =>
  a.order({ kind: 'drain', spec: { rse: 'A-DISK', keepCopies: false, targets: null } });
const told = async () =>
  (
    await base.db.read((tx) =>
      rows<{ payload: Record<string, unknown> }>(
        tx,
        sql`SELECT payload FROM messages WHERE event_type = 'JOB_ENDED' ORDER BY id`,
      ),
    )
  ).map(({ payload }) => payload);

describe('the end of a job', () => {
  it('is told with its counts, and nothing before it', async () => {
    const id = await drain();
    await a.work();
    expect(await told()).toEqual([]);
    await a.settle(id);
    expect(await told()).toEqual([
      {
        job_id: id.replaceAll('-', ''),
        kind: 'drain',
        account: 'shore',
        state: 'DONE',
        comment: null,
        error: null,
        schedule_id: null,
        items: { total: 3, done: 3, failed: 0 },
        bytes: { total: 300, done: 300, failed: 0 },
        created_at: '2026-11-21 12:00:00.000',
        ended_at: expect.stringMatching(/^2026-11-21 12:/),
      },
    ]);
  });

  it('is told when it failed, was cancelled, and once more when it was resumed', async () => {
    const id = await drain();
    const { id: key } = await a.job(id);
    const error = new InsufficientTargetRSEs('no place', {});
    await base.db.tx((tx) => refuseSlice(tx, key, error, a.terms()));
    await base.db.tx(async (tx) => steerJob(tx, await a.job(id), 'resume', a.now));
    await base.db.tx(async (tx) => steerJob(tx, await a.job(id), 'cancel', a.now));
    expect(await told()).toMatchObject([
      { state: 'FAILED', error: expect.stringContaining('no place') },
      { state: 'CANCELLED', error: null },
    ]);
    await base.db.tx(async (tx) => steerJob(tx, await a.job(id), 'resume', a.now));
    await a.settle(id);
    expect((await told()).map(({ state }) => state)).toEqual(['FAILED', 'CANCELLED', 'DONE']);
  });

  it('is not told where it was taken back', async () => {
    const id = await drain();
    const { id: key } = await a.job(id);
    const cancelled = base.db.tx(async (tx) => {
      await steerJob(tx, await a.job(id), 'cancel', a.now);
      throw new Error('died');
    });
    await expect(cancelled).rejects.toThrow('died');
    expect(await told()).toEqual([]);
    expect(await base.db.tx((tx) => workJob(tx, key, a.terms()))).toMatchObject({ step: 'close' });
  });
});
