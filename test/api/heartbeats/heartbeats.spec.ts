import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { type Call, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let alice: Call;
beforeAll(async () => {
  api = await startApi({ roles: ['abacus'] });
  alice = await api.person('alice');
});
afterAll(() => api.close());

const list = async () => (await api.root('GET', '/heartbeats')).body as Record<string, unknown>[];
const names = async () => (await list()).map(({ readable }) => readable);
const beat = (executable: string, more: object = {}) =>
  api.root('POST', '/heartbeats', { executable, hostname: 'site-a', pid: 7, ...more });

describe('heartbeats', () => {
  it('show our own daemons', async () => {
    while ((await list()).length === 0);
    expect(await list()).toMatchObject([{ readable: 'abacus', pid: process.pid, payload: null }]);
  });

  it('show a foreign daemon that says it is there, once', async () => {
    expect((await beat('site-agent', { payload: 'draining' })).status).toBe(200);
    expect((await beat('site-agent', { payload: 'drained' })).status).toBe(200);
    const [found, ...more] = (await list()).filter(({ readable }) => readable === 'site-agent');
    expect(more).toEqual([]);
    expect(found).toMatchObject({ hostname: 'site-a', pid: 7, payload: 'drained' });
    expect(found?.['updated_at']).toMatch(/UTC$/);
  });

  it('of one executable are forgotten when they are older than told', async () => {
    await beat('old-agent', { pid: 1 });
    await api.db.tx((tx) =>
      execute(tx, sql`UPDATE heartbeats SET updated_at = now() - interval '1 hour' WHERE pid = 1`),
    );
    await beat('other-agent', { older_than: 60 });
    expect(await names()).toContain('old-agent');
    await beat('old-agent', { pid: 2, older_than: 60 });
    expect((await names()).filter((name) => name === 'old-agent')).toHaveLength(1);
  });

  it.each([
    [{ executable: 'x', hostname: 'h' }, 'KeyError'],
    [{ executable: 'x', hostname: 'h', pid: 'seven' }, 'InvalidObject'],
    [{ executable: 'x', hostname: 'h', pid: 1, older_than: -1 }, 'InvalidObject'],
    [{ executable: 'x', hostname: 'h', pid: 1, older_than: 1e300 }, 'InvalidObject'],
    [{ executable: 'x\u0000', hostname: 'h', pid: 1 }, 'InvalidObject'],
  ])('refuses %j', async (body, fact) => {
    const answer = await api.root('POST', '/heartbeats', body);
    expect(answer.status).toBe(400);
    expect(answer.headers['exceptionclass']).toBe(fact);
  });

  it("are root's business alone", async () => {
    expect((await alice('GET', '/heartbeats')).status).toBe(403);
    expect((await alice('POST', '/heartbeats', {})).status).toBe(403);
  });
});
