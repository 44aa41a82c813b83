import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import fc from 'fast-check';
import { type Answer, startApi, type TestApi } from '../support/api.js';
import { type Witness, witness } from './witness.js';

let api: TestApi;
let writes: Witness;

beforeAll(async () => {
  api = await startApi();
  await ok('POST', '/accounts/root/scopes/km3net');
  for (const rse of ['SHORE-DISK', 'EU-DISK']) {
    await ok('POST', `/rses/${rse}`, {});
    await ok('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
  }
  for (const run of ['run1', 'run2']) await ok('POST', `/dids/km3net/${run}`, { type: 'DATASET' });
  await ok('POST', '/replicas', { rse: 'SHORE-DISK', files: files('old', 20) });
  await ok('POST', '/dids/km3net/run1/dids', { dids: named('old', 10) });
  writes = await witness(api.db);
});
afterAll(() => api.close());

async function ok(method: Method, path: string, body?: unknown): Promise<Answer> {
  const answer = await api.root(method, path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer;
}

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ scope: 'km3net', name: `${prefix}${i}` }));
const files = (prefix: string, count: number) =>
  named(prefix, count).map((file) => ({ ...file, bytes: 100, adler32: '00000001' }));

/** The list with another item at one place. */
const withAt = <T>(list: readonly T[], at: number, item: object): unknown[] =>
  list.map((right, i) => (i === at ? { ...right, ...item } : right));

interface Bulk {
  readonly what: string;
  readonly method: Method;
  readonly path: string;
  /** The request whose item number `at` of `count` is the wrong one. */
  readonly body: (count: number, at: number) => unknown;
}

const rule = { copies: 1, rse_expression: 'EU-DISK', grouping: 'DATASET' };
const dataset = { type: 'DATASET', meta: { run_number: 1, own: 'x' }, lifetime: 3600 };

const bulks: readonly Bulk[] = [
  {
    what: 'datasets, one of which is there already',
    method: 'POST',
    path: '/dids',
    body: (count, at) =>
      withAt(named('new', count), at, { name: 'run1' }).map((did) => ({
        ...(did as object),
        ...dataset,
      })),
  },
  {
    what: 'datasets, one of a scope that does not exist',
    method: 'POST',
    path: '/dids',
    body: (count, at) =>
      withAt(named('new', count), at, { scope: 'nowhere' }).map((did) => ({
        ...(did as object),
        ...dataset,
      })),
  },
  {
    what: 'datasets, one with metadata that cannot be',
    method: 'POST',
    path: '/dids',
    body: (count, at) =>
      withAt(
        named('new', count).map((did) => ({ ...did, ...dataset })),
        at,
        { meta: { run_number: 'x' } },
      ),
  },
  {
    what: 'datasets with rules, one of which cannot be',
    method: 'POST',
    path: '/dids',
    body: (count, at) =>
      withAt(
        named('new', count).map((did) => ({ ...did, ...dataset, rules: [rule] })),
        at,
        { rules: [rule, { ...rule, rse_expression: 'NOWHERE' }] },
      ),
  },
  {
    what: 'a dataset with its files, one of which contradicts the catalogue',
    method: 'POST',
    path: '/dids/km3net/new',
    body: (count, at) => ({
      ...dataset,
      rse: 'EU-DISK',
      dids: withAt(files('fresh', count), at, { name: 'old3', bytes: 7 }),
      rules: [rule],
    }),
  },
  {
    what: 'files to a dataset, one of which nobody knows',
    method: 'POST',
    path: '/dids/km3net/run2/dids',
    body: (count, at) => ({ dids: withAt(named('old', count), at, { name: 'unknown' }) }),
  },
  {
    what: 'attachments, the content of one of which is there already',
    method: 'POST',
    path: '/dids/attachments',
    body: (count, at) => ({
      attachments: Array.from({ length: count }, (_, i) => ({
        scope: 'km3net',
        name: i === at ? 'run1' : 'run2',
        dids: [{ scope: 'km3net', name: `old${i === at ? 0 : 10 + i}` }],
      })),
    }),
  },
  {
    what: 'attachments with their copies, one at an RSE that does not exist',
    method: 'POST',
    path: '/dids/attachments',
    body: (count, at) => ({
      attachments: files('fresh', count).map((file, i) => ({
        scope: 'km3net',
        name: 'run2',
        dids: [file],
        rse: i === at ? 'NOWHERE' : 'EU-DISK',
      })),
    }),
  },
  {
    what: 'names to detach, one of which is not in the dataset',
    method: 'DELETE',
    path: '/dids/km3net/run1/dids',
    body: (count, at) => ({ dids: withAt(named('old', count), at, { name: 'unknown' }) }),
  },
  {
    what: 'copies, one of which contradicts the catalogue',
    method: 'POST',
    path: '/replicas',
    body: (count, at) => ({
      rse: 'EU-DISK',
      files: withAt(files('fresh', count), at, { name: 'old5', adler32: 'ffffffff' }),
    }),
  },
  {
    what: 'copies, one of a name that is a dataset',
    method: 'POST',
    path: '/replicas',
    body: (count, at) => ({
      rse: 'EU-DISK',
      files: withAt(files('fresh', count), at, { name: 'run1' }),
    }),
  },
  {
    what: 'states of copies, one of which is not there',
    method: 'PUT',
    path: '/replicas',
    body: (count, at) => ({
      rse: 'SHORE-DISK',
      files: withAt(
        named('old', count).map((file) => ({ ...file, state: 'U' })),
        at,
        { name: 'unknown' },
      ),
    }),
  },
  {
    what: 'copies to delete, one of which is not there',
    method: 'DELETE',
    path: '/replicas',
    body: (count, at) => ({
      rse: 'SHORE-DISK',
      files: withAt(named('old', count), at, { name: 'unknown' }),
    }),
  },
  {
    what: 'tombstones, one for a copy that is not there',
    method: 'POST',
    path: '/replicas/tombstone',
    body: (count, at) => ({
      replicas: withAt(
        named('old', count).map((file) => ({ ...file, rse: 'SHORE-DISK' })),
        at,
        { rse: 'EU-DISK' },
      ),
    }),
  },
  {
    what: 'metadata of many, one of which nobody knows',
    method: 'POST',
    path: '/dids/bulkdidsmeta',
    body: (count, at) => ({
      dids: withAt(
        named('old', count).map((file) => ({ ...file, meta: { run_number: 5, own: 'y' } })),
        at,
        { name: 'unknown' },
      ),
    }),
  },
  {
    what: 'metadata of many, one of which cannot be',
    method: 'POST',
    path: '/dids/bulkdidsmeta',
    body: (count, at) => ({
      dids: withAt(
        named('old', count).map((file) => ({ ...file, meta: { own: 'z' } })),
        at,
        { meta: { own: 'z', events: 'many' } },
      ),
    }),
  },
  {
    what: 'rules for many, one of which nobody knows',
    method: 'POST',
    path: '/rules',
    body: (count, at) => ({ ...rule, dids: withAt(named('old', count), at, { name: 'unknown' }) }),
  },
  {
    what: 'settings, one of which cannot be stored',
    method: 'POST',
    path: '/config',
    body: (count, at) => ({
      fuzz: Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`option${i}`, i === at ? '\0' : 'x']),
      ),
    }),
  },
];

describe('nothing is written of', () => {
  it.each(bulks)('$what: $method $path', async ({ method, path, body }) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 10 }), fc.nat(), async (count, place) => {
        await writes.written();
        const { status, text } = await api.root(method, path, body(count, place % count));
        expect({ status, text: status < 400 || status >= 500 ? text : '' }).toEqual({
          status: expect.any(Number),
          text: '',
        });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(await writes.written()).toEqual([]);
      }),
      { numRuns: 8, seed: 20261121, endOnFailure: true },
    );
  });
});

describe('the same requests without the wrong item', () => {
  it('are written, so that the stories above can fail', async () => {
    await writes.written();
    await ok(
      'POST',
      '/dids',
      named('right', 3).map((did) => ({ ...did, ...dataset, rules: [rule] })),
    );
    expect(await writes.written()).toEqual(
      expect.arrayContaining(['dids INSERT 3', 'did_meta INSERT 3', 'rules INSERT 3']),
    );
  });
});
