import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { type MemoryLake, memoryLake } from './memory-lake.js';

const CENTRES = ['CSCS', 'DESY', 'INAF', 'PIC'];
const RSES = CENTRES.flatMap((site) => [`${site}-DISK`, `${site}-POOL`]);
const NIGHTS = Array.from({ length: 8 }, (_, at) => `night_${at}`);
const PLACEMENT = { parts: [{ copies: 2, rse_expression: 'tier=1' }], distinct: ['site'] };

/** Every role in one process, over storages in memory. Each chapter goes on from the last. */
describe('two copies at different ones of the four data centres of CTAO', () => {
  let api: TestApi;
  let lake: MemoryLake;

  beforeAll(async () => {
    api = await startApi({ roles: ['all'] });
    lake = await memoryLake(api.root, `ctao-${process.pid}`, 'cta');
    await lake.rse('LAPALMA-DISK', { tier: '0', site: 'LAPALMA' });
    for (const rse of RSES) {
      await lake.rse(rse, { tier: '1', site: rse.replace(/-.*/, '') });
    }
  });
  afterAll(() => api.close());

  const keep = async (night: string) => {
    await lake.upload('LAPALMA-DISK', night, { [`${night}.fits`]: 'showers' });
    const wish = { dids: [{ scope: 'cta', name: night }], placement: PLACEMENT };
    return await api.root('POST', '/rules', wish);
  };
  const isOk = (rule: string) =>
    eventually('the rule is OK', async () => (await lake.ruleState(rule)) === 'OK');
  /** The centres where a night is, without the telescope's own. */
  const centresOf = async (night: string) =>
    Object.keys(await lake.copies(`${night}.fits`))
      .filter((rse) => rse !== 'LAPALMA-DISK')
      .map((rse) => rse.replace(/-.*/, ''))
      .toSorted();
  const allow = async (site: string, write: boolean) => {
    for (const rse of RSES.filter((name) => name.startsWith(site))) {
      await api.root('PUT', `/rses/${rse}`, { availability_write: write });
    }
  };

  it('come about for every night, never twice at one centre', async () => {
    const used = new Set<string>();
    for (const night of NIGHTS) {
      const answer = await keep(night);
      expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
      await isOk((answer.body as [string])[0]);
      const centres = await centresOf(night);
      expect(new Set(centres).size).toBe(2);
      centres.forEach((centre) => used.add(centre));
    }
    expect(used.size).toBeGreaterThan(2);
  });

  it('come about while a centre is away, without it', async () => {
    await allow('DESY', false);
    for (const night of ['dark_0', 'dark_1', 'dark_2']) {
      const answer = await keep(night);
      await isOk((answer.body as [string])[0]);
      const centres = await centresOf(night);
      expect(new Set(centres).size).toBe(2);
      expect(centres).not.toContain('DESY');
    }
  });

  it('are refused where only one centre is left, with what would be possible', async () => {
    for (const site of ['INAF', 'PIC']) await allow(site, false);
    const refused = await keep('lonely');
    expect([refused.status, refused.headers['exceptionclass']]).toEqual([
      409,
      'InsufficientTargetRSEs',
    ]);
    expect(refused.text).toMatch(/site/);
    expect(await lake.copies('lonely.fits')).toEqual({ 'LAPALMA-DISK': 'AVAILABLE' });
    for (const site of ['DESY', 'INAF', 'PIC']) await allow(site, true);
    const { body } = await api.root('POST', '/rules', {
      dids: [{ scope: 'cta', name: 'lonely' }],
      placement: PLACEMENT,
    });
    await isOk((body as [string])[0]);
    expect(new Set(await centresOf('lonely')).size).toBe(2);
  });
});
