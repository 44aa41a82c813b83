import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/rses/DISK', { city: 'Toulon' });
  await api.root('POST', '/rses/DISK/attr/tier', { value: 1 });
  await api.root('POST', '/rses/OTHER', {});
  await api.root('POST', '/rses/DISK/distances/OTHER', { distance: 3 });
});
afterAll(() => api.close());

const names = async (expression: string) =>
  (await api.root('GET', `/rses?expression=${expression}`)).body;

describe('a deleted RSE', () => {
  it('comes back with all that it had', async () => {
    const before = (await api.root('GET', '/rses/DISK')).body;
    await api.root('DELETE', '/rses/DISK');
    expect((await api.root('GET', '/rses/DISK')).headers['exceptionclass']).toBe('RSENotFound');
    expect((await api.root('GET', '/rses?expression=tier=1')).status).toBe(400);
    expect((await api.root('POST', '/rses/DISK/restore')).status).toBe(201);
    expect((await api.root('GET', '/rses/DISK')).body).toEqual(before);
    expect(await names('DISK')).toEqual([{ rse: 'DISK' }]);
    expect(await names('tier=1')).toEqual([{ rse: 'DISK' }]);
    const way = await api.root('GET', '/rses/DISK/distances/OTHER');
    expect(way.body).toMatchObject([{ distance: 3 }]);
  });

  it('keeps its name: adding it again says what to do', async () => {
    await api.root('DELETE', '/rses/DISK');
    const again = await api.root('POST', '/rses/DISK', {});
    expect([again.status, again.headers['exceptionclass']]).toEqual([409, 'Duplicate']);
    expect(again.text).toContain('restored');
    await api.root('POST', '/rses/DISK/restore');
  });

  it('is what one that is there is not', async () => {
    for (const name of ['OTHER', 'NOWHERE']) {
      const answer = await api.root('POST', `/rses/${name}/restore`);
      expect([answer.status, answer.headers['exceptionclass']]).toEqual([404, 'RSENotFound']);
    }
  });
});

describe('the list of RSEs', () => {
  it('is the same with and without a slash', async () => {
    const { text } = await api.root('GET', '/rses/');
    expect(text.split('\n').filter(Boolean)).toHaveLength(2);
    expect((await api.root('GET', '/rses')).text).toBe(text);
  });
});
