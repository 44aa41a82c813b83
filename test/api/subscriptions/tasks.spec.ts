import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Answer, startApi, type TestApi } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ roles: ['transmogrifier'] });
  await api.root('POST', '/accounts/root/scopes/data');
  await api.root('POST', '/rses/A-DISK', {});
  await api.root('POST', '/subscriptions/root/reco', {
    options: {
      filter: { did_type: ['FILE'], scope: ['data'] },
      replication_rules: [{ sluice: { notify: { group_by: { files: 2, key: 'run_number' } } } }],
    },
  });
});
afterAll(() => api.close());

const path = '/subscriptions/root/reco/tasks';
const tasks = async (query = '') => (await api.root('GET', `${path}${query}`)).body as object[];
const upload = (run: number, ...names: string[]) =>
  api.root('POST', '/replicas', {
    rse: 'A-DISK',
    files: names.map((name) => ({
      scope: 'data',
      name,
      bytes: 10,
      adler32: '00000001',
      meta: { run_number: run },
    })),
  });
const refusal = ({ status, text }: Answer) => ({ status, ...(JSON.parse(text) as object) });

it('a subscription that notifies is shown as it was written', async () => {
  const [listed] = (await api.root('GET', '/subscriptions/root/reco')).body as object[];
  expect(listed).toMatchObject({
    state: 'ACTIVE',
    replication_rules: '[{"sluice": {"notify": {"group_by": {"files": 2, "key": "run_number"}}}}]',
  });
});

it('files that are registered become tasks within moments, which are listed', async () => {
  await upload(7, 'f1', 'f2', 'f3');
  await upload(8, 'f4');
  await eventually('all are grouped', async () => (await tasks()).length === 3);
  expect(await tasks()).toMatchObject([
    { task: 1, state: 'NEW', key: '7', did_count: 2, files: 2, bytes: 20, consumer: null },
    { task: null, state: 'WAITING', key: '7', did_count: 1 },
    { task: null, state: 'WAITING', key: '8', did_count: 1 },
  ]);
  expect(await tasks('?state=N')).toHaveLength(1);
  expect(await tasks('?state=WAITING')).toHaveLength(2);
  expect((await api.root('GET', `${path}/1`)).body).toMatchObject({
    task: 1,
    dids: [
      { scope: 'data', name: 'f1', did_type: 'FILE' },
      { scope: 'data', name: 'f2', did_type: 'FILE' },
    ],
  });
  expect((await api.root('GET', `${path}/1/dids`)).body).toEqual([
    { scope: 'data', name: 'f1', did_type: 'FILE' },
    { scope: 'data', name: 'f2', did_type: 'FILE' },
  ]);
});

it('a consumer takes a task, works, and says what became of it', async () => {
  expect((await api.root('POST', `${path}/flush`)).body).toEqual({ tasks: 2 });
  const claim = { count: 2, consumer: 'worker-1', lease_seconds: 600 };
  const taken = await api.root('POST', `${path}/claim`, claim);
  expect(taken.status).toBe(200);
  expect(taken.body).toMatchObject([
    { task: 1, state: 'ASSIGNED', consumer: 'worker-1', attempts: 1, dids: [{ name: 'f1' }, {}] },
    { task: 2, state: 'ASSIGNED', dids: [{ name: 'f3' }] },
  ]);
  const running = { state: 'RUNNING', consumer: 'worker-1', external_id: 'job-77' };
  expect((await api.root('PUT', `${path}/1`, running)).body).toMatchObject({ state: 'RUNNING' });
  const over = { state: 'DONE', from: 'RUNNING', consumer: 'worker-1' };
  expect((await api.root('PUT', `${path}/1`, over)).body).toMatchObject({
    state: 'DONE',
    external_id: 'job-77',
    lease_until: null,
  });
  const failed = { state: 'FAILED', error: 'no licence' };
  expect((await api.root('PUT', `${path}/2`, failed)).body).toMatchObject(failed);
  expect((await api.root('PUT', `${path}/2`, { state: 'NEW' })).body).toMatchObject({
    state: 'NEW',
    attempts: 1,
    consumer: null,
  });
});

it.each([
  ['PUT', '/1', { state: 'RUNNING' }, 409, 'UnsupportedStatus', 'Task 1 is DONE'],
  [
    'PUT',
    '/2',
    { state: 'DONE', from: 'RUNNING' },
    409,
    'UnsupportedOperation',
    'is NEW, not RUNNING',
  ],
  ['PUT', '/2', { state: 'WAITING' }, 400, 'InvalidObject', 'has left WAITING'],
  ['PUT', '/2', { state: 'HALF' }, 400, 'InvalidObject', "'HALF' is none of"],
  ['PUT', '/2', { state: 'DONE', colour: 'red' }, 400, 'InvalidObject', 'colour'],
  ['PUT', '/99', { state: 'DONE' }, 404, 'SubscriptionNotFound', 'no task 99'],
  ['GET', '/many', undefined, 400, 'ValueError', 'many'],
  ['GET', '/99', undefined, 404, 'SubscriptionNotFound', 'no task 99'],
  ['GET', '?state=HALF', undefined, 400, 'InvalidObject', 'HALF'],
  ['POST', '/claim', { count: 1000 }, 400, 'InvalidObject', 'count'],
] as const)(
  '%s …/tasks%s %j is refused in words',
  async (method, rest, body, status, name, words) => {
    const answer = await api.root(method, `${path}${rest}`, body);
    expect(refusal(answer)).toMatchObject({
      status,
      ExceptionClass: name,
      ExceptionMessage: expect.stringContaining(words),
    });
  },
);

it('tasks are read by everybody and worked on by their owner', async () => {
  const bob = await api.person('bob');
  expect((await bob('GET', `${path}/1`)).status).toBe(200);
  expect((await bob('POST', `${path}/claim`, {})).status).toBe(403);
  expect((await bob('PUT', `${path}/2`, { state: 'DONE' })).status).toBe(403);
});
