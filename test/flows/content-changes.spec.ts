import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../src/db/index.js';
import { startApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';

let api: TestApi;
/** The period is an hour: what happens within a second happens because somebody rang. */
beforeAll(async () => {
  api = await startApi({
    roles: ['judge-evaluator'],
    overrides: { daemons: { periodSeconds: 3600 } },
  });
  await api.root('POST', '/accounts/root/scopes/lab');
  await api.root('POST', '/rses/A-DISK', {});
  await api.root('POST', '/accounts/root/limits/local/A-DISK', { bytes: -1 });
  await api.root('POST', '/dids/lab/run', { type: 'DATASET' });
  for (const [name, child] of [
    ['month', 'run'],
    ['year', 'month'],
    ['all', 'year'],
  ] as const) {
    await api.root('POST', `/dids/lab/${name}`, {
      type: 'CONTAINER',
      dids: [{ scope: 'lab', name: child }],
    });
  }
  for (const name of ['run', 'month', 'year', 'all']) {
    await api.root('POST', '/rules/', {
      ...{ dids: [{ scope: 'lab', name }], copies: 1, rse_expression: 'A-DISK', account: 'root' },
    });
  }
});
afterAll(() => api.close());

const held = (name: string) =>
  api.db.read(async (tx) =>
    (
      await rows<{ rule: string }>(
        tx,
        sql`SELECT p.name AS rule FROM locks l JOIN rules r ON r.id = l.rule_id
              JOIN dids p ON p.id = r.did_id JOIN dids d ON d.id = l.did_id
             WHERE d.name = ${name} ORDER BY 1`,
      )
    ).map(({ rule }) => rule),
  );
const within = async (name: string, wanted: readonly string[]) => {
  const began = performance.now();
  await eventually(
    `the locks of ${name} are those of ${wanted.join(', ')}`,
    async () => (await held(name)).join() === wanted.join(),
  );
  return performance.now() - began;
};
const files = ['f1', 'f2'].map((name) => ({
  ...{ scope: 'lab', name, bytes: 10, adler32: '00000001' },
}));

describe('a change of content', () => {
  it('reaches the rules on the dataset and on everything above it within a second', async () => {
    const answer = await api.root('POST', '/dids/lab/run/dids', { dids: files, rse: 'A-DISK' });
    expect(answer.status).toBe(201);
    expect(await within('f1', ['all', 'month', 'run', 'year'])).toBeLessThan(1000);
  });

  it('that takes a file away does too', async () => {
    const dids = [{ scope: 'lab', name: 'f2' }];
    expect((await api.root('DELETE', '/dids/lab/run/dids', { dids })).status).toBe(200);
    expect(await within('f2', [])).toBeLessThan(1000);
    expect(await held('f1')).toHaveLength(4);
  });
});
