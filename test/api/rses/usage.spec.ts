import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordRseUsageHistory } from '../../../src/rses/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/rses/DISK', {});
  for (const account of ['alice', 'bob', 'carla']) {
    await api.root('POST', `/accounts/${account}`, { type: 'USER', email: null });
  }
  await api.root('POST', '/accounts/alice/limits/local/DISK', { bytes: 500 });
  await api.root('POST', '/accounts/bob/limits/local/DISK', { bytes: -1 });
});
afterAll(() => api.close());

const tell = async (source: string, used: number, free: number) => {
  await api.root('PUT', '/rses/DISK/usage', { source, used, free, files: null });
  await api.db.tx(recordRseUsageHistory);
};

describe('the usage of an RSE', () => {
  it('is told by each source, ours too', async () => {
    await tell('storage', 70, 30);
    await tell('obsolete', 5, 0);
    const { body } = await api.root('GET', '/rses/DISK/usage');
    expect(body).toMatchObject([
      { source: 'obsolete', used: 5, free: 0, total: 5 },
      { source: 'rucio', used: 0, free: null, files: 0 },
      { source: 'storage', used: 70, free: 30, total: 100, rse: 'DISK', files: null },
    ]);
    const one = await api.root('GET', '/rses/DISK/usage?source=storage');
    expect(one.body).toMatchObject([{ source: 'storage' }]);
  });

  it('has a history, newest first, of all sources or of one', async () => {
    await tell('storage', 80, 20);
    const past = await api.root('GET', '/rses/DISK/usage/history?source=storage');
    expect(past.body).toMatchObject([
      { source: 'storage', used: 80, free: 20, total: 100 },
      { source: 'storage', used: 70, free: 30, total: 100 },
    ]);
    const all = (await api.root('GET', '/rses/DISK/usage/history')).body as { source: string }[];
    expect(new Set(all.map(({ source }) => source))).toEqual(
      new Set(['storage', 'obsolete', 'rucio']),
    );
  });

  it('by account shows who has a limit, by the names of both worlds', async () => {
    const { text, body } = await api.root('GET', '/rses/DISK/accounts/usage');
    expect(body).toMatchObject([
      { account: 'alice', used_bytes: 0, used_files: 0, quota_bytes: 500, bytes_remaining: 500 },
      { account: 'bob', used_bytes: 0, rse: 'DISK' },
    ]);
    expect(text).toContain('"quota_bytes":Infinity');
    expect(text).not.toContain('carla');
  });
});
