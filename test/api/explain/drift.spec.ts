import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { judgeDrifter } from '../../../src/daemons/judge/drifter.js';
import { shift } from '../../support/shift.js';
import { startApi, type TestApi } from '../../support/api.js';

interface Explained {
  lines: string[];
  remedies: { what: string; method: Method; path: string; body: object }[];
  facts: Record<string, unknown>;
}

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/accounts/root/scopes/lab');
  await api.root('POST', '/accounts/root/attr/admin', { key: 'admin', value: true });
  for (const rse of ['A-DISK', 'B-DISK']) await api.root('POST', `/rses/${rse}`, {});
  await api.root('POST', '/rses/A-DISK/attr/tier', { value: '1' });
  const file = { scope: 'lab', name: 'f1', bytes: 10, adler32: '00000001' };
  await api.root('POST', '/dids/lab/run', { type: 'DATASET', dids: [file], rse: 'A-DISK' });
});
afterAll(() => api.close());

const explain = async (path: string) =>
  (await api.root('GET', `${path}/explain`)).body as Explained;

/** One shift of the drifter. */
const drift = () =>
  shift(api.db, judgeDrifter(loadConfig({ file: bundledConfigFile('test'), environment: {} })));

it('a rule that has drifted takes the policy that places its copies anew', async () => {
  const wish = {
    dids: [{ scope: 'lab', name: 'run' }],
    copies: 1,
    rse_expression: 'tier=1',
    account: 'root',
    meta: { sluice: { repair: { on_stuck: 'retry' } } },
  };
  const [id = ''] = (await api.root('POST', '/rules/', wish)).body as string[];
  await api.root('POST', '/rses/B-DISK/attr/tier', { value: '1' });
  await api.root('DELETE', '/rses/A-DISK/attr/tier');
  await drift();
  for (const drift of ['replace', 'keep']) {
    const meta = { sluice: { repair: { on_stuck: 'retry', drift } } };
    await api.root('PUT', `/rules/${id}`, { options: { meta } });
    expect((await explain(`/rules/${id}`)).facts['drift_policy']).toBe(drift);
  }
  const { facts, remedies } = await explain(`/rules/${id}`);
  expect(facts).toMatchObject({ drift_policy: 'keep', drift: [{ rse: 'A-DISK', copies: 1 }] });
  expect((await explain('/rses/A-DISK')).lines.join()).toMatch(/Drift: 1 rule holds 1 copy here/);
  const [remedy] = remedies;
  expect(remedy?.what).toMatch(/^place the drifted copies anew/);
  if (remedy) await api.root(remedy.method, remedy.path, remedy.body);
  expect((await explain(`/rules/${id}`)).facts['drift_policy']).toBe('replace');
  expect((await api.root('GET', `/rules/${id}`)).body).toMatchObject({
    repair: { on_stuck: 'retry', drift: 'replace' },
  });
  await drift();
  const locks = (await api.root('GET', `/rules/${id}/locks`)).body as {
    rse: string;
    state: string;
  }[];
  expect(locks.map(({ rse, state }) => `${rse} ${state}`).sort()).toEqual([
    'A-DISK OK',
    'B-DISK REPLICATING',
  ]);
});
