import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { foreman } from '../../../src/daemons/foreman.js';
import { execute, sql } from '../../../src/db/index.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';
import { shift } from '../../support/shift.js';

const overrides = { jobs: { accountMax: 2, accountSchedulesMax: 1 } };
const config = loadConfig({ file: bundledConfigFile('default'), environment: {}, overrides });
let api: TestApi;
let alice: Call;
beforeAll(async () => {
  api = await startApi({ overrides });
  alice = await api.person('alice');
  await api.root('POST', '/accounts/alice/scopes/data');
  await api.root('POST', '/rses/A-DISK', {});
});
afterAll(() => api.close());

const work = { kind: 'replicate', query: { scope: 'data', type: 'file' }, to: 'A-DISK' };
const weekly = { cron: '0 3 * * 1', time_zone: 'UTC', job: work };
const order = (call: Call) => call('POST', '/jobs', work);
const idOf = ({ body }: Answer) => (body as { id: string }).id;
const isFull = (answer: Answer, words: string) => {
  expect(answer.status).toBe(409);
  expect(JSON.parse(answer.text)).toMatchObject({
    ExceptionClass: 'InsufficientAccountLimit',
    ExceptionMessage: expect.stringContaining(words),
  });
};

describe('an account', () => {
  const ids: string[] = [];

  it('may have so many jobs that are not over, and is told what to do about more', async () => {
    for (let job = 0; job < 2; job++) ids.push(idOf(await order(alice)));
    isFull(await order(alice), "Account 'alice' has 2 jobs that are not over, and may have 2");
  });

  it('may have as many as it likes where it is an admin', async () => {
    for (let job = 0; job < 3; job++) expect((await order(api.root)).status).toBe(201);
  });

  it('has room again where one is over, and not for one that is resumed besides', async () => {
    expect((await alice('DELETE', `/jobs/${ids[0]}`)).status).toBe(200);
    expect((await order(alice)).status).toBe(201);
    isFull(await alice('POST', `/jobs/${ids[0]}/resume`), 'cancel one first');
  });

  it('does not have one more where two ask at once', async () => {
    await alice('DELETE', `/jobs/${ids[1]}`);
    const both = await Promise.all([order(alice), order(alice)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('may have so many schedules, whose moments make no job more than it may have', async () => {
    const added = await alice('POST', '/jobs/schedules', weekly);
    expect(added.status).toBe(201);
    isFull(await alice('POST', '/jobs/schedules', weekly), 'has 1 schedules of jobs');
    expect((await api.root('POST', '/jobs/schedules', weekly)).status).toBe(201);
    await api.db.tx((tx) => execute(tx, sql`UPDATE job_schedules SET next_at = now()`));
    await shift(api.db, foreman(config), { now: new Date(), batch: 1 });
    const { body } = await alice('GET', `/jobs/schedules/${idOf(added)}`);
    expect(body).toMatchObject({
      last_job_id: null,
      error: expect.stringContaining('InsufficientAccountLimit'),
    });
    expect((await alice('DELETE', `/jobs/schedules/${idOf(added)}`)).status).toBe(200);
    expect((await alice('POST', '/jobs/schedules', weekly)).status).toBe(201);
  });
});
