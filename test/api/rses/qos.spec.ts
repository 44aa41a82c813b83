import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/rses/DISK', {});
});
afterAll(() => api.close());

const policies = async () => (await api.root('GET', '/rses/DISK/qos_policy')).body;

describe('the qualities of service of an RSE', () => {
  it('are added, listed by name and taken away', async () => {
    expect(await policies()).toEqual([]);
    for (const policy of ['SLOW_BUT_CHEAP', 'FAST'])
      expect((await api.root('POST', `/rses/DISK/qos_policy/${policy}`)).status).toBe(201);
    expect(await policies()).toEqual(['FAST', 'SLOW_BUT_CHEAP']);
    expect((await api.root('DELETE', '/rses/DISK/qos_policy/FAST')).status).toBe(200);
    expect((await api.root('DELETE', '/rses/DISK/qos_policy/FAST')).status).toBe(200);
    expect(await policies()).toEqual(['SLOW_BUT_CHEAP']);
  });

  it('are there once', async () => {
    const again = await api.root('POST', '/rses/DISK/qos_policy/SLOW_BUT_CHEAP');
    expect([again.status, again.headers['exceptionclass']]).toEqual([409, 'Duplicate']);
  });

  it('need an RSE and a plain name', async () => {
    const nowhere = await api.root('POST', '/rses/NOWHERE/qos_policy/FAST');
    expect(nowhere.headers['exceptionclass']).toBe('RSENotFound');
    const odd = await api.root('POST', '/rses/DISK/qos_policy/a%20b');
    expect([odd.status, odd.headers['exceptionclass']]).toEqual([400, 'InvalidObject']);
  });
});
