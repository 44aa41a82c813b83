import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { necromancer } from '../../../src/daemons/necromancer.js';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { createLog } from '../../../src/log/index.js';
import { rows, sql } from '../../../src/db/index.js';
import { type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { file, ok, type World, world } from '../dids/world.js';

const DAY_MS = 86_400_000;
const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });

let w: World;
let root: Call;
beforeAll(async () => {
  w = await world();
  ({ root } = w);
  await shelf(w.api.db, 'FLAT', { scheme: 'https', attributes: { lfn2pfn_algorithm: 'identity' } });
});
afterAll(() => w.close());

let files = 0;
/** A new file with a copy at FLAT. */
async function fresh(more: object = {}): Promise<string> {
  const name = `f${(files += 1)}`;
  await ok(root('POST', '/replicas', { rse: 'FLAT', files: [file(name, more)] }));
  return name;
}
const pfn = (name: string) => `https://flat.example:443/data/km3net/${name}`;
const say = (name: string, state: string, inMs?: number) =>
  ok(
    root('POST', '/replicas/bad/pfns', {
      reason: 'cooling',
      pfns: [pfn(name)],
      state,
      expires_at:
        inMs === undefined ? null : new Date(Date.now() + inMs).toISOString().replace('Z', '000'),
    }),
  );
const put = (name: string, state: string) =>
  ok(root('PUT', '/replicas', { rse: 'FLAT', files: [{ scope: 'km3net', name, state }] }));
const state = async (name: string) => {
  const body = { dids: [{ scope: 'km3net', name }], all_states: true };
  const answer = await ok(root('POST', '/replicas/list', body));
  return (answer.body as { states: Record<string, string> }[])[0]?.states['FLAT'];
};
/** What was declared about the file, oldest first. */
const declared = (name: string) =>
  w.api.db.read((tx) =>
    rows<{ state: string; expiresAt: Date | null }>(
      tx,
      sql`SELECT b.state, b.expires_at AS "expiresAt" FROM bad_replicas b
            JOIN dids d ON d.id = b.did_id WHERE d.name = ${name} ORDER BY b.id`,
    ),
  );
const wakeAfter = (ms: number) =>
  necromancer(config).reconcile({
    db: w.api.db,
    signal: new AbortController().signal,
    log: createLog('silent'),
    now: new Date(Date.now() + ms),
    batch: 1000,
    worker: 'w',
  });

describe('a copy that is TEMPORARY_UNAVAILABLE', () => {
  it('is AVAILABLE again when its date has passed, and not before', async () => {
    const name = await fresh();
    await say(name, 'TEMPORARY_UNAVAILABLE', DAY_MS);
    await wakeAfter(DAY_MS / 2);
    expect(await state(name)).toBe('TEMPORARY_UNAVAILABLE');
    await wakeAfter(DAY_MS + 1000);
    expect(await state(name)).toBe('AVAILABLE');
    expect(await declared(name)).toMatchObject([{ state: 'R' }]);
  });

  it.each([
    ['somebody declares it AVAILABLE', (name: string) => say(name, 'AVAILABLE'), 'AVAILABLE'],
    ['an upload or its owner says so', (name: string) => put(name, 'A'), 'AVAILABLE'],
    ['it is declared BAD', (name: string) => say(name, 'BAD'), 'BAD'],
  ])('is so no more when %s', async (_, end, expected) => {
    const name = await fresh();
    await say(name, 'TEMPORARY_UNAVAILABLE', DAY_MS);
    await end(name);
    await wakeAfter(2 * DAY_MS);
    expect(await state(name)).toBe(expected);
    expect((await declared(name))[0]).toMatchObject({ state: 'R' });
  });

  it('has an end too where nobody said when: as late as anybody may say', async () => {
    const put30 = await fresh();
    await put(put30, 'T');
    const registered = await fresh({ state: 'T' });
    const end = Date.now() + config.replicas.restDaysMax * DAY_MS;
    for (const name of [put30, registered]) {
      expect(await state(name)).toBe('TEMPORARY_UNAVAILABLE');
      const [rest] = await declared(name);
      expect(rest?.state).toBe('T');
      expect(Math.abs((rest?.expiresAt?.getTime() ?? 0) - end)).toBeLessThan(60_000);
    }
    await wakeAfter(config.replicas.restDaysMax * DAY_MS + 60_000);
    expect([await state(put30), await state(registered)]).toEqual(['AVAILABLE', 'AVAILABLE']);
  });
});
