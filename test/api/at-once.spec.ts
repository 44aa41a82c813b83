import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { transmogrifier } from '../../src/daemons/transmogrifier.js';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { execute, lit, sql } from '../../src/db/index.js';
import { JobState } from '../../src/vocabulary/index.js';
import { type Answer, startApi, type TestApi } from '../support/api.js';
import { shift } from '../support/shift.js';

/* The same request several times at once: one of them is served, the others are told why not. */

const TIMES = 6;
const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
const did = { scope: 'km3net', name: 'run' };
const replicate = { kind: 'replicate', dids: [did], to: 'DISK' };

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await made('/accounts/root/scopes/km3net', undefined);
  await made('/rses/DISK', {});
  await made('/accounts/root/limits/local/DISK', { bytes: -1 });
  const files = ['f1', 'f2', 'f3'].map((name) => ({
    scope: 'km3net',
    name,
    bytes: 1,
    adler32: '00000001',
  }));
  await made('/replicas', { rse: 'DISK', files });
  await made('/dids/km3net/run', { type: 'DATASET', dids: files });
});
afterAll(() => api.close());

async function made(path: string, body: unknown): Promise<Answer> {
  const answer = await api.root('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer;
}

/** What each of several at once was told: `200`, or `409 Exception`; sorted. */
async function atOnce(method: Method, path: string, body?: unknown): Promise<string[]> {
  const all = Array.from({ length: TIMES }, () => api.root(method, path, body));
  const told = (await Promise.all(all)).map(({ status, headers }) =>
    status < 300 ? 'served' : `${status} ${headers['exceptionclass']}`,
  );
  return told.sort();
}

/** One was served, all others were told this. */
const oneOf = (others: string): string[] =>
  [...Array.from({ length: TIMES - 1 }, () => others), 'served'].sort();

const idOf = ({ body }: Answer) => (body as { id: string }).id;

describe('several times at once', () => {
  it('a deleted rule is restored once', async () => {
    const rule = { dids: [did], copies: 1, rse_expression: 'DISK' };
    const [id] = (await made('/rules', rule)).body as string[];
    await api.root('DELETE', `/rules/${id}`);
    await shift(api.db, judgeCleaner(config));
    const told = await atOnce('POST', `/rules/${id}/restore`, {});
    expect(told.filter((each) => each === 'served')).toEqual(['served']);
    expect(told.filter((each) => !/served|409 |UnsupportedOperation/.test(each))).toEqual([]);
  });

  it('a plan is approved once, and a job is cancelled once', async () => {
    const id = idOf(await made('/jobs', replicate));
    await api.db.tx((tx) =>
      execute(tx, sql`UPDATE jobs SET state = ${lit(JobState.WAITING_APPROVAL)}`),
    );
    const refused = '409 UnsupportedOperation';
    expect(await atOnce('POST', `/jobs/${id}/approve`)).toEqual(oneOf(refused));
    expect(await atOnce('DELETE', `/jobs/${id}`)).toEqual(oneOf(refused));
    expect(await atOnce('POST', `/jobs/${id}/resume`)).toEqual(oneOf(refused));
  });

  it('a schedule is deleted once', async () => {
    const job = { kind: 'change', rules: { scope: 'km3net' }, change: { priority: 5 } };
    const id = idOf(await made('/jobs/schedules', { cron: '0 3 * * 1', job }));
    expect(await atOnce('DELETE', `/jobs/schedules/${id}`)).toEqual(oneOf('404 RequestNotFound'));
  });

  it('a backfill is begun once, and each task has one consumer', async () => {
    const path = '/subscriptions/root/told';
    const told = { sluice: { notify: { group_by: { files: 1 } } } };
    const filter = { scope: ['km3net'], did_type: ['FILE'] };
    await made(path, { options: { filter, replication_rules: [told] } });
    const begun = await atOnce('POST', `${path}/backfill`, {});
    expect(begun.filter((each) => each === 'served')).toEqual(['served']);
    expect(begun.filter((each) => each.startsWith('5'))).toEqual([]);
    await shift(api.db, transmogrifier(config));
    const claims = await Promise.all(
      Array.from({ length: TIMES }, (_, i) => made(`${path}/tasks/claim`, { consumer: `c${i}` })),
    );
    const taken = claims.flatMap(({ body }) =>
      (body as { task: number }[]).map(({ task }) => task),
    );
    expect(taken.sort()).toEqual([1, 2, 3]);
    const done = await atOnce('PUT', `${path}/tasks/1`, { state: 'DONE', from: 'ASSIGNED' });
    expect(done.filter((each) => each.startsWith('5'))).toEqual([]);
    expect(done.filter((each) => each === 'served')).toEqual(['served']);
  });
});
