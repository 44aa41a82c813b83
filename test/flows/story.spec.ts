import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { type MemoryLake, memoryLake } from './memory-lake.js';

const soon = { periodSeconds: 0.1 };
const run = { 'run1_L1.root': 'events, '.repeat(1000), 'run1_SN.root': 'a supernova, perhaps' };
const files = Object.keys(run);

/** Every role in one process, over storages in memory. Each chapter goes on from the last. */
describe('the life of a run', () => {
  let api: TestApi;
  let lake: MemoryLake;
  let shore: string;
  let world: string;

  beforeAll(async () => {
    const tuning = { reaper: soon, rescuer: soon, undertaker: soon, abacus: soon };
    api = await startApi({
      roles: ['all'],
      overrides: {
        daemons: { tuning: { ...tuning, 'judge-cleaner': soon, 'judge-repairer': soon } },
      },
    });
    lake = await memoryLake(api.root, `story-${process.pid}`);
    await lake.rse('SHORE-DISK', { tier: '0' });
    await lake.rse('EU-DISK', { tier: '1' });
    await lake.rse('NA-DISK', { tier: '1' });
  });
  afterAll(() => api.close());

  const isOk = (rule: string) => async () => (await lake.ruleState(rule)) === 'OK';

  it('is registered where it was taken, and kept there', async () => {
    await lake.upload('SHORE-DISK', 'run1', run);
    shore = await lake.rule('run1', 1, 'SHORE-DISK');
    expect(await lake.ruleState(shore)).toBe('OK');
  });

  it('is copied to two storages of tier 1 because a rule says so', async () => {
    world = await lake.rule('run1', 2, 'tier=1');
    expect(await lake.ruleState(world)).toBe('REPLICATING');
    await eventually('the rule is OK', isOk(world));
    for (const [file, content] of Object.entries(run)) {
      expect(lake.content('EU-DISK', file)).toBe(content);
      expect(lake.content('NA-DISK', file)).toBe(content);
    }
  });

  it('gets a good copy for one that went bad', async () => {
    const [file = ''] = files;
    lake.damage('EU-DISK', file);
    await api.root('POST', '/replicas/bad', {
      reason: 'a reader found noise',
      replicas: [{ scope: lake.scope, name: file, rse: 'EU-DISK' }],
    });
    await eventually(
      'the bytes are right again',
      () => lake.content('EU-DISK', file) === run['run1_L1.root'],
    );
    await eventually('the rule is OK again', isOk(world));
    expect(await lake.copies(file)).toMatchObject({ 'EU-DISK': 'AVAILABLE' });
  });

  it('stays where a rule protects it, and nowhere else', async () => {
    await api.root('PUT', `/rules/${world}`, { options: { lifetime: 0 } });
    await eventually('both storages are empty', () =>
      ['EU-DISK', 'NA-DISK'].every((rse) => lake.storage(rse).list().length === 0),
    );
    for (const file of files) {
      expect(await lake.copies(file)).toEqual({ 'SHORE-DISK': 'AVAILABLE' });
      expect(lake.content('SHORE-DISK', file)).toBe(run[file as keyof typeof run]);
    }
    expect((await api.root('GET', `/rules/${world}`)).status).toBe(404);
    expect(await lake.ruleState(shore)).toBe('OK');
  });
});
