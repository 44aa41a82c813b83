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
/** Institutes with a disk and a tape each. */
const INSTITUTES: Readonly<Record<string, string>> = {
  LYON: 'EU',
  CASERTA: 'EU',
  RABAT: 'AF',
  SYDNEY: 'OC',
};
const RUNS = ['run_0001', 'run_0002', 'run_0003', 'run_0004'];
const WISH = 'type=DISK:2;type=TAPE:1;distinct=continent';

/** Every role in one process, over storages in memory. Each chapter goes on from the last. */
describe('raw data of KM3NeT on three continents', () => {
  let api: TestApi;
  let lake: MemoryLake;
  const rules = new Map<string, string>();

  beforeAll(async () => {
    const tuning = Object.fromEntries(DAEMONS.map((name) => [name, soon]));
    api = await startApi({
      roles: ['all'],
      overrides: { jobs: { pollSeconds: 1 }, daemons: { tuning } },
    });
    lake = await memoryLake(api.root, `km3net-${process.pid}`);
    // The shore station is no candidate: it says neither what it is nor where.
    await lake.rse('SHORE-DISK');
    for (const institute of Object.keys(INSTITUTES)) await join(institute);
  });
  afterAll(() => api.close());

  async function join(institute: string): Promise<void> {
    for (const type of ['DISK', 'TAPE']) {
      const attributes = {
        type,
        institute,
        continent: INSTITUTES[institute] ?? 'NA',
      };
      await lake.rse(`${institute}-${type}`, attributes, { rse_type: type });
    }
  }
  const ok = async (...request: Parameters<TestApi['root']>) => {
    const answer = await api.root(...request);
    if (answer.status >= 300) throw new Error(`${request[1]}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const areOk = () =>
    eventually('every rule is OK', async () => {
      const states = await Promise.all([...rules.values()].map((rule) => lake.ruleState(rule)));
      return states.every((state) => state === 'OK');
    });
  const continentOf = (rse: string) => INSTITUTES[rse.replace(/-.*/, '')] ?? 'NA';
  /** Where a run has good copies, without the shore. */
  const placesOf = async (run: string) =>
    Object.entries(await lake.copies(`${run}.root`))
      .filter(([rse, state]) => rse !== 'SHORE-DISK' && state === 'AVAILABLE')
      .map(([rse]) => rse)
      .toSorted();
  const expectConstraints = async () => {
    for (const run of RUNS) {
      const places = await placesOf(run);
      expect(places.filter((rse) => rse.endsWith('-DISK'))).toHaveLength(2);
      expect(places.filter((rse) => rse.endsWith('-TAPE'))).toHaveLength(1);
      expect(new Set(places.map(continentOf)).size).toBe(3);
      for (const rse of places) expect(lake.content(rse, `${run}.root`)).toBe(`hits of ${run}`);
    }
  };

  it('come there by one rule a run', async () => {
    for (const run of RUNS) {
      await lake.upload('SHORE-DISK', run, {
        [`${run}.root`]: `hits of ${run}`,
      });
      rules.set(run, await lake.rule(run, 3, WISH));
    }
    await areOk();
    await expectConstraints();
  });

  it('leave the shore when the rules are OK', async () => {
    for (const run of RUNS) {
      const replicas = [{ scope: 'km3net', name: `${run}.root`, rse: 'SHORE-DISK' }];
      await ok('POST', '/replicas/tombstone', { replicas });
    }
    await eventually('the shore is empty', () => lake.storage('SHORE-DISK').list().length === 0);
    await expectConstraints();
  });

  it('find no place while a continent has nobody else, and say so', async () => {
    const refused = await api.root('POST', '/rules', {
      dids: RUNS.map((name) => ({ scope: 'km3net', name })),
      copies: 4,
      rse_expression: 'type=DISK:4;distinct=continent',
    });
    expect([refused.status, refused.headers['exceptionclass']]).toEqual([
      409,
      'InsufficientTargetRSEs',
    ]);
    expect(refused.text).toMatch(/continent/);
  });

  it('stay three when an institute leaves for good and another has come', async () => {
    await join('MONTREAL');
    const jobs: string[] = [];
    for (const rse of ['SYDNEY-DISK', 'SYDNEY-TAPE']) {
      jobs.push(((await ok('POST', '/jobs', { kind: 'drain', rse })) as { id: string }).id);
    }
    let fewest = Infinity;
    await eventually('both are drained', async () => {
      for (const run of RUNS) fewest = Math.min(fewest, (await placesOf(run)).length);
      const states = await Promise.all(
        jobs.map(async (id) => ((await ok('GET', `/jobs/${id}`)) as { state: string }).state),
      );
      return states.every((state) => state === 'DONE');
    });
    expect(fewest).toBe(3);
    await areOk();
    await eventually('nothing stands there', () =>
      ['SYDNEY-DISK', 'SYDNEY-TAPE'].every((rse) => lake.storage(rse).list().length === 0),
    );
    await expectConstraints();
    for (const run of RUNS) {
      expect((await placesOf(run)).some((rse) => rse.startsWith('SYDNEY'))).toBe(false);
    }
  });

  it('need it no more: the institute is taken off the list', async () => {
    for (const rse of ['SYDNEY-DISK', 'SYDNEY-TAPE']) {
      await eventually(
        `${rse} is deleted`,
        async () => (await api.root('DELETE', `/rses/${rse}`)).status === 200,
      );
    }
    await areOk();
    await expectConstraints();
  });
});
