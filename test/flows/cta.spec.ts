import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { one, sql } from '../../src/db/index.js';
import { invariants } from '../model/invariants.js';
import { startApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { type MemoryLake, memoryLake } from './memory-lake.js';

const soon = { periodSeconds: 0.1 };
const DAEMONS = ['reaper', 'undertaker', 'abacus', 'judge-cleaner', 'judge-evaluator'];

/** Three nights at the telescope; of each observation two files. */
const NIGHTS = [
  { observation: 2001, start: '2026-03-01T21:30:00', bytes: 300 },
  { observation: 2002, start: '2026-03-02T22:10:00', bytes: 500 },
  { observation: 2003, start: '2026-04-05T20:45:00', bytes: 700 },
] as const;
const rawOf = (observation: number): string[] => [
  `dl0_${observation}_tel1.fits`,
  `dl0_${observation}_tel2.fits`,
];
const CHOSEN = [2001, 2002];
const CHOSEN_BYTES = 2 * (300 + 500);
const SCIENCE = 'photons, '.repeat(20);

/** Every role in one process, over storages in memory. Each chapter goes on from the last. */
describe('a reprocessing of two observations of CTAO', () => {
  let api: TestApi;
  let lake: MemoryLake;
  let stage: string[] = [];
  let cache = '';

  beforeAll(async () => {
    const tuning = Object.fromEntries(DAEMONS.map((name) => [name, soon]));
    api = await startApi({ roles: ['all'], overrides: { daemons: { tuning } } });
    lake = await memoryLake(api.root, `cta-${process.pid}`, 'cta');
    await lake.rse('ORM-TAPE', { role: 'archive' }, { rse_type: 'TAPE' });
    await lake.rse('PIC-DISK', { role: 'work' }, { rse_type: 'DISK' });
    await lake.rse('PIC-CACHE', { role: 'cache' }, { rse_type: 'DISK' });
    await lake.rse('DESY-DISK', { role: 'science' }, { rse_type: 'DISK' });
    for (const { observation, start, bytes } of NIGHTS) {
      const files = Object.fromEntries(rawOf(observation).map((name) => [name, 'x'.repeat(bytes)]));
      const meta = { datatype: 'DL0', observation, start };
      await lake.upload('ORM-TAPE', `obs_${observation}`, files, meta);
      await ok('POST', `/dids/cta/obs_${observation}/meta`, { meta });
      await lake.rule(`obs_${observation}`, 1, 'ORM-TAPE');
    }
  });
  afterAll(() => api.close());

  const ok = async (...request: Parameters<TestApi['root']>) => {
    const answer = await api.root(...request);
    if (answer.status >= 300) throw new Error(`${request[1]}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const dids = (...names: string[]) => names.map((name) => ({ scope: 'cta', name }));
  const chosen = () => dids(...CHOSEN.map((observation) => `obs_${observation}`));
  const isOk = (...rules: string[]) =>
    eventually(`rules ${rules.join(', ')} are OK`, async () => {
      const states = await Promise.all(rules.map((rule) => lake.ruleState(rule)));
      return states.every((state) => state === 'OK');
    });

  /** The AVAILABLE bytes of datasets on RSEs of a type. */
  async function volume(type: 'DISK' | 'TAPE', ...datasets: { scope: string; name: string }[]) {
    const rses = (await ok('GET', `/rses?expression=rse_type%3D${type}`)) as { rse: string }[];
    const names = rses.map(({ rse }) => rse);
    const copies = (await ok('POST', '/replicas/datasets_bulk', { dids: datasets })) as {
      rse: string;
      available_bytes: number;
    }[];
    return copies
      .filter(({ rse }) => names.includes(rse))
      .reduce((sum, { available_bytes: bytes }) => sum + bytes, 0);
  }

  it('finds the raw data by observation and time, and how much of it is where', async () => {
    const filters = [
      {
        datatype: 'DL0',
        'observation.gte': 2001,
        'start.gte': '2026-03-01',
        'start.lt': '2026-04',
      },
    ];
    const query = encodeURIComponent(JSON.stringify(filters));
    const path = `/dids/cta/dids/search?type=dataset&long=1&filters=${query}`;
    const found = (await ok('GET', path)) as { name: string; bytes: number; length: number }[];
    expect(found.map(({ name }) => name)).toEqual(['obs_2001', 'obs_2002']);
    expect(found.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(CHOSEN_BYTES);
    expect(await volume('TAPE', ...chosen())).toBe(CHOSEN_BYTES);
    expect(await volume('DISK', ...chosen())).toBe(0);
  });

  it('stages it for a while by one rule a dataset', async () => {
    const wish = { dids: chosen(), copies: 1, rse_expression: 'role=work', lifetime: 86_400 };
    stage = (await ok('POST', '/rules', { ...wish, activity: 'Staging' })) as string[];
    await isOk(...stage);
    expect(await volume('DISK', ...chosen())).toBe(CHOSEN_BYTES);
    expect(await volume('TAPE', ...chosen())).toBe(CHOSEN_BYTES);
    expect(await ok('GET', `/rules/${stage[0]}`)).toMatchObject({ expires_at: expect.any(String) });
  });

  it('writes what is needed only on the way to a cache, for a while', async () => {
    const files = { 'dl1_2001.h5': 'images', 'dl1_2002.h5': 'more images' };
    await lake.upload('PIC-CACHE', 'dl1_tmp', files, { datatype: 'DL1' });
    cache = await lake.rule('dl1_tmp', 1, 'role=cache', { lifetime: 86_400 });
    expect(await lake.ruleState(cache)).toBe('OK');
    await ok('POST', '/dids/cta/dl1_tmp/meta', { meta: { lifetime: 86_400 } });
  });

  it('registers new data with what it is and what it was made from', async () => {
    const meta = { datatype: 'DL3', observation: 2002, pipeline: 'v0.12' };
    await lake.upload('DESY-DISK', 'dl3_crab', { 'dl3_crab.fits': SCIENCE }, meta);
    const parents = dids('dl1_2001.h5', 'dl1_2002.h5');
    await ok('POST', '/dids/derived', [
      ...dids('dl3_crab.fits').map((did) => ({ ...did, parents })),
      ...CHOSEN.map((observation) => ({
        scope: 'cta',
        name: `dl1_${observation}.h5`,
        parents: dids(...rawOf(observation)),
      })),
    ]);
    await isOk(await lake.rule('dl3_crab', 2, 'role=science|role=archive'));
    expect(lake.content('ORM-TAPE', 'dl3_crab.fits')).toBe(SCIENCE);
  });

  it('lets go of the staged copies and the cache', async () => {
    for (const rule of [...stage, cache]) {
      await ok('PUT', `/rules/${rule}`, { options: { lifetime: 0 } });
    }
    await ok('POST', '/dids/cta/dl1_tmp/meta', { meta: { lifetime: -1 } });
    await eventually('disk and cache are empty', () =>
      ['PIC-DISK', 'PIC-CACHE'].every((rse) => lake.storage(rse).list().length === 0),
    );
    await eventually(
      'the dataset on the way is forgotten',
      async () => (await api.root('GET', '/dids/cta/dl1_tmp')).status === 404,
    );
    expect(await volume('TAPE', ...chosen())).toBe(CHOSEN_BYTES);
    expect(await volume('DISK', ...chosen())).toBe(0);
  });

  it('still knows from which raw data the result was made', async () => {
    const rows = (await ok('GET', '/dids/cta/dl3_crab.fits/ancestors')) as { name: string }[];
    const names = rows.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(CHOSEN.flatMap(rawOf)));
    const below = (await ok('GET', `/dids/cta/${rawOf(2001)[0]}/descendants`)) as object[];
    expect(below).toContainEqual(expect.objectContaining({ name: 'dl3_crab.fits' }));
  });

  it('counts at the end what really stands at the storages', async () => {
    const science = SCIENCE.length;
    const raw = 2 * NIGHTS.reduce((sum, { bytes }) => sum + bytes, 0);
    const expected = {
      'ORM-TAPE': raw + science,
      'DESY-DISK': science,
      'PIC-DISK': 0,
      'PIC-CACHE': 0,
    };
    for (const [rse, bytes] of Object.entries(expected)) {
      const stored = lake.storage(rse).list();
      const sizes = stored.map((path) => lake.storage(rse).get(path)?.length ?? 0);
      expect([rse, sizes.reduce((sum, size) => sum + size, 0)]).toEqual([rse, bytes]);
      const usage = (await ok('GET', `/rses/${rse}/usage`)) as { source: string; used: number }[];
      expect(usage.find(({ source }) => source === 'rucio')?.used ?? 0).toBe(bytes);
      const [charged] = (await ok('GET', `/accounts/root/usage/local/${rse}`)) as object[];
      expect(charged).toMatchObject({ rse, bytes });
    }
    await eventually('no invariant is broken', async () => (await broken()).length === 0);
  });

  /** What the catalogue says that cannot be. */
  async function broken(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { says, denials } of invariants) {
      const row = await api.db.read((tx) =>
        one(tx, sql`SELECT 1 AS one FROM (${denials}) x LIMIT 1`),
      );
      if (row) wrong.push(says);
    }
    return wrong;
  }
});
