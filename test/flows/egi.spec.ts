import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { type MemoryLake, memoryLake } from './memory-lake.js';

const soon = { periodSeconds: 0.1 };
const DAEMONS = [
  'foreman',
  'reaper',
  'abacus',
  'judge-cleaner',
  'judge-evaluator',
  'judge-injector',
];
const KEPT = 40;
const ALONE = 20;
const names = (tag: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${tag}_${String(at).padStart(4, '0')}.dat`);
const bytesOf = (name: string) => `the bytes of ${name}`;

/**
 * Every role in one process, over storages in memory. Each chapter goes on from the last. The same with
 * 10^5 files is a path of the bench.
 */
describe('a storage element of EGI is taken out of service', () => {
  let api: TestApi;
  let lake: MemoryLake;
  let rules: string[] = [];

  beforeAll(async () => {
    const tuning = Object.fromEntries(DAEMONS.map((name) => [name, soon]));
    api = await startApi({
      roles: ['all'],
      overrides: { jobs: { pollSeconds: 1 }, daemons: { tuning } },
    });
    lake = await memoryLake(api.root, `egi-${process.pid}`, 'biomed');
    for (const rse of ['OLD-SE', 'NEW-SE', 'FAR-SE']) await lake.rse(rse, { vo: 'biomed' });
    const upload = (rse: string, dataset: string, files: string[]) =>
      lake.upload(rse, dataset, Object.fromEntries(files.map((name) => [name, bytesOf(name)])));
    await upload('OLD-SE', 'scans', names('scan', KEPT));
    await upload('OLD-SE', 'models', names('model', ALONE));
    rules = [await lake.rule('scans', 2, 'vo=biomed'), await lake.rule('models', 1, 'vo=biomed')];
    await areOk();
  });
  afterAll(() => api.close());

  const ok = async (...request: Parameters<TestApi['root']>) => {
    const answer = await api.root(...request);
    if (answer.status >= 300) throw new Error(`${request[1]}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const areOk = () =>
    eventually('every rule is OK', async () => {
      const states = await Promise.all(rules.map((rule) => lake.ruleState(rule)));
      return states.every((state) => state === 'OK');
    });
  const order = async (job: object): Promise<string> =>
    ((await ok('POST', '/jobs', job)) as { id: string }).id;
  const finished = (id: string) =>
    eventually(`job ${id} is done`, async () => {
      const job = (await ok('GET', `/jobs/${id}`)) as { state: string; error: string | null };
      if (job.state === 'FAILED') throw new Error(job.error ?? 'failed');
      return job.state === 'DONE' && job;
    });
  /** How many AVAILABLE copies each file of a dataset has. */
  const copiesOf = async (dataset: string) => {
    const dids = [{ scope: 'biomed', name: dataset }];
    const rows = (await ok('POST', '/replicas/list', { dids })) as { states: object }[];
    return rows.map(
      ({ states }) => Object.values(states).filter((it) => it === 'AVAILABLE').length,
    );
  };

  it('is drained, and at no moment a rule has fewer copies than it asks for', async () => {
    const id = await order({ kind: 'drain', rse: 'OLD-SE' });
    const fewest = { scans: Infinity, models: Infinity };
    await eventually('the job is done', async () => {
      fewest.scans = Math.min(fewest.scans, ...(await copiesOf('scans')));
      fewest.models = Math.min(fewest.models, ...(await copiesOf('models')));
      return ((await ok('GET', `/jobs/${id}`)) as { state: string }).state === 'DONE';
    });
    expect(fewest).toEqual({ scans: 2, models: 1 });
    await areOk();
    expect(await finished(id)).toMatchObject({ items: { failed: 0 } });
  });

  it('is empty then, and what was there stands elsewhere, byte for byte', async () => {
    await eventually('nothing stands there', () => lake.storage('OLD-SE').list().length === 0);
    for (const name of names('model', ALONE)) {
      const [rse = ''] = Object.keys(await lake.copies(name));
      expect(rse).not.toBe('OLD-SE');
      expect(lake.content(rse, name)).toBe(bytesOf(name));
    }
  });

  it('can be deleted, because nothing is left of it', async () => {
    await eventually(
      'no copy is known there',
      async () => (await api.root('DELETE', '/rses/OLD-SE')).status === 200,
    );
    expect((await api.root('GET', '/rses/OLD-SE')).status).toBe(404);
    await areOk();
  });

  it('and a study that is over is removed with all its copies, when its rule may go too', async () => {
    const content = { scope: 'biomed', name: 'scans' };
    const held = await order({ kind: 'delete_replicas', content });
    expect(await finished(held)).toMatchObject({ items: { total: 2 * KEPT, failed: 2 * KEPT } });
    const result = (await api.root('GET', `/jobs/${held}/result`)).text.trim().split(/\r?\n/);
    expect(result).toHaveLength(1 + 2 * KEPT);
    expect(result[1]).toContain(`held by rule ${rules[0]} of root`);

    const id = await order({ kind: 'delete_replicas', content, remove_rules: true });
    expect(await finished(id)).toMatchObject({ items: { done: 2 * KEPT, failed: 0 } });
    await eventually('its bytes are gone', () =>
      ['NEW-SE', 'FAR-SE'].every((rse) =>
        lake
          .storage(rse)
          .list()
          .every((path) => !path.includes('scan_')),
      ),
    );
    expect((await copiesOf('models')).every((copies) => copies === 1)).toBe(true);
    expect(await lake.ruleState(rules[1] ?? '')).toBe('OK');
  });
});
