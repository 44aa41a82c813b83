import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';

let api: TestApi;
let alice: Call;

beforeAll(async () => {
  api = await startApi({ roles: ['judge'] });
  alice = await api.person('alice');
  await api.root('POST', '/accounts/alice/scopes/data');
  await api.root('POST', '/accounts/root/scopes/root');
  for (const rse of ['A-DISK', 'B-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: -1 });
  }
  await api.root('POST', '/replicas', {
    rse: 'A-DISK',
    files: ['f1', 'f2'].map((name) => ({ scope: 'data', name, bytes: 10, adler32: '00000001' })),
  });
});
afterAll(() => api.close());

const refusal = ({ status, text }: Answer) => ({ status, ...(JSON.parse(text) as object) });
const files = { scope: 'data', type: 'file' };
const replicate = { kind: 'replicate', query: files, from: 'A-DISK', to: 'B-DISK' };
const order = async (call: Call, body: object) => {
  const { status, body: answer, text } = await call('POST', '/jobs', body);
  if (status !== 201) throw new Error(text);
  return (answer as { id: string }).id;
};
const job = async (id: string) =>
  (await api.root('GET', `/jobs/${id}`)).body as Record<string, never>;
const done = (id: string) =>
  eventually('the job is done', async () => (await job(id))['state'] === 'DONE');

describe('a job', () => {
  it('is accepted at once, done in the background, and tells what became of each file', async () => {
    const id = await order(alice, { ...replicate, comment: 'to the cape' });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    await done(id);
    expect(await job(id)).toMatchObject({
      id,
      kind: 'replicate',
      account: 'alice',
      comment: 'to the cape',
      items: { total: 2, done: 2, failed: 0 },
      bytes: { total: 20, done: 20, failed: 0 },
      job: replicate,
      ended_at: expect.any(String),
    });
    const result = await api.root('GET', `/jobs/${id}/result`);
    expect(result.headers['content-type']).toMatch(/^text\/csv/);
    const [header, first, , end] = result.text.split('\r\n');
    expect(header).toBe('scope,name,did_type,rse,target_rse,rule_id,bytes,state,error');
    expect(first).toMatch(/^data,f1,FILE,,,[0-9a-f]{32},10,DONE,$/);
    expect(end).toBe('');
    expect((await api.root('GET', `/jobs/${id}/result?state=FAILED`)).text).toBe(`${header}\r\n`);
  });

  it('is listed by account, kind and state', async () => {
    const listed = async (query: string) =>
      ((await api.root('GET', `/jobs?${query}`)).body as { kind: string }[]).length;
    expect(await listed('account=alice&kind=replicate&state=DONE')).toBe(1);
    expect(await listed('account=root')).toBe(0);
    expect(await listed('state=RUNNING')).toBe(0);
    expect(refusal(await api.root('GET', '/jobs?state=LATE'))).toMatchObject({
      status: 400,
      ExceptionClass: 'InvalidObject',
    });
  });

  it('waits for approval where it rebalances, and is cancelled by its owner', async () => {
    await api.root('PUT', '/rses/A-DISK/limits', { name: 'MaxSpaceAvailable', value: 21 });
    await api.root('PUT', '/rses/B-DISK/limits', { name: 'MaxSpaceAvailable', value: 1000 });
    await alice('POST', '/rules', {
      dids: [{ scope: 'data', name: 'f1' }],
      account: 'alice',
      copies: 1,
      rse_expression: 'A-DISK|B-DISK',
    });
    const id = await order(api.root, { kind: 'rebalance', threshold: 50, target: 50 });
    await eventually('there is an end or a plan', async () =>
      ['WAITING_APPROVAL', 'DONE'].includes((await job(id))['state'] ?? ''),
    );
    expect((await api.root('GET', `/jobs/${id}/plan`)).status).toBe(200);
    expect(refusal(await alice('POST', `/jobs/${id}/approve`))).toMatchObject({
      status: 403,
      ExceptionClass: 'AccessDenied',
    });
    expect((await alice('DELETE', `/jobs/${id}`)).status).toBe(403);
  });

  it('says what it cannot do in its state', async () => {
    const [first] = (await api.root('GET', '/jobs?kind=replicate')).body as { id: string }[];
    expect(refusal(await alice('DELETE', `/jobs/${first?.id}`))).toMatchObject({
      status: 409,
      ExceptionClass: 'UnsupportedOperation',
      ExceptionMessage: expect.stringContaining('this one is DONE'),
    });
  });

  it.each([
    [{}, /kind: 'undefined' is none of replicate, drain/],
    [{ kind: 'replicate', to: 'B-DISK' }, /one of query, content and dids/],
    [{ ...replicate, dids: [{ scope: 'data', name: 'f1' }] }, /one of query, content and dids/],
    [{ ...replicate, only: true }, /only/],
    [{ ...replicate, to: 'A|(B' }, /RSE|expression/i],
    [{ ...replicate, query: { scope: 'data', filters: { 'events.like': 1 } } }, /events/],
    [{ kind: 'replicate', query: files, to: 'B-DISK', only_available: true }, /only_available/],
    [{ kind: 'change', rules: {}, change: { priority: 3 } }, /say which/],
    [{ kind: 'change', rules: { state: 'HAPPY' }, change: { priority: 3 } }, /rules.state/],
    [{ kind: 'change', rules: { scope: 'data' }, change: {} }, /change/],
    [{ kind: 'delete_replicas', query: { ...files, type: 'dataset' } }, /query.type.*content/],
    [
      { kind: 'delete_replicas', query: { ...files, filters: { type: 'collection' } } },
      /query.type.*content/,
    ],
    [{ kind: 'rebalance', threshold: 50, target: 60 }, /target/],
    [{ kind: 'drain' }, /rse is missing/],
    [{ ...replicate, into: { scope: 'data', name: 'a b' } }, /name/],
  ])('refuses %j by name', async (body, problem) => {
    const answer = await api.root('POST', '/jobs', body);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(problem);
  });

  it('is for whoever may do the same one by one', async () => {
    const denied = { status: 403, ExceptionClass: 'AccessDenied' };
    for (const body of [
      { kind: 'drain', rse: 'A-DISK' },
      { kind: 'rebalance' },
      { kind: 'delete_replicas', query: files },
      { ...replicate, rule: { account: 'root' } },
      { ...replicate, rule: { locked: true } },
      { ...replicate, into: { scope: 'root', name: 'picked' } },
    ]) {
      expect(refusal(await alice('POST', '/jobs', body))).toMatchObject(denied);
    }
    expect(
      refusal(await api.root('POST', '/jobs', { kind: 'drain', rse: 'NOWHERE' })),
    ).toMatchObject({ status: 404, ExceptionClass: 'RSENotFound' });
    expect((await api.anonymous('GET', '/jobs')).status).toBe(400);
    expect((await api.root('GET', '/jobs/nothing')).status).toBe(404);
  });
});

describe('a calendar of jobs', () => {
  it('is added, changed, listed and taken away', async () => {
    const added = await alice('POST', '/jobs/schedules', {
      cron: '0 3 * * 1',
      time_zone: 'Europe/Paris',
      job: replicate,
    });
    expect(added.status).toBe(201);
    const { id } = added.body as { id: string };
    expect((await api.root('GET', `/jobs/schedules/${id}`)).body).toMatchObject({
      id,
      account: 'alice',
      cron: '0 3 * * 1',
      enabled: true,
      job: replicate,
      next_at: expect.any(String),
    });
    expect((await alice('PUT', `/jobs/schedules/${id}`, { enabled: false })).status).toBe(200);
    expect((await api.root('GET', '/jobs/schedules')).body).toMatchObject([{ enabled: false }]);
    expect((await alice('DELETE', `/jobs/schedules/${id}`)).status).toBe(200);
    expect((await api.root('GET', `/jobs/schedules/${id}`)).status).toBe(404);
  });

  it.each([
    [{ cron: 'daily', job: replicate }, /cron/],
    [{ cron: '0 0 31 4 *', job: replicate }, /cron: no moment/],
    [{ cron: '0 3 * * 1', time_zone: 'Mars', job: replicate }, /time_zone/],
    [{ cron: '0 3 * * 1', job: { kind: 'drain' } }, /rse is missing/],
    [
      {
        cron: '0 3 * * 1',
        job: { ...replicate, query: undefined, dids: [{ scope: 'data', name: 'f1' }] },
      },
      /dids/,
    ],
    [{ job: replicate }, /cron is missing/],
  ])('refuses %j by name', async (body, problem) => {
    const answer = await alice('POST', '/jobs/schedules', body);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(problem);
  });
});
