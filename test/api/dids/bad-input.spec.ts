import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { only, sql } from '../../../src/db/index.js';
import { file, ok, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  const dids = [file('f1'), file('f2')];
  await ok(w.root('POST', '/dids/km3net/run1', { type: 'DATASET', rse: 'SHORE-DISK', dids }));
});
afterAll(() => w.close());

/** Everything that a call on names may write, counted. */
const written = () =>
  w.api.db.read((tx) =>
    only<Record<string, bigint>>(
      tx,
      sql`SELECT (SELECT count(*) FROM dids) AS dids, (SELECT count(*) FROM contents) AS contents,
            (SELECT count(*) FROM did_meta) AS meta, (SELECT count(*) FROM replicas) AS replicas,
            (SELECT count(*) FROM meta_keys) AS keys, (SELECT count(*) FROM updated_dids) AS told`,
    ),
  );

const named = { scope: 'km3net', name: 'f1' };
const described = {
  ...file('f3', { md5: 'd41d8cd98f00b204e9800998ecf8427e', state: 'A' }),
  meta: { guid: '2e1a6c1b0f3d4b8ea1a2b3c4d5e6f701', run_number: 1, own: { deep: [1] } },
};
const rule = { account: 'root', rse_expression: 'SHORE-DISK', copies: 1, grouping: 'DATASET' };
const dataset = {
  type: 'DATASET',
  statuses: { monotonic: true },
  meta: { a: 1 },
  lifetime: 1,
  rules: [rule],
};

/** Routes that write, each with a body that is right. */
const WRITES: readonly (readonly ['POST' | 'PUT' | 'DELETE', string, unknown])[] = [
  ['POST', '/dids', [{ scope: 'km3net', name: 'many', ...dataset, dids: [named] }]],
  ['POST', '/dids/km3net/new', { ...dataset, rse: 'SHORE-DISK', dids: [described] }],
  ['POST', '/dids/km3net/run1/dids', { rse: 'SHORE-DISK', dids: [described] }],
  ['DELETE', '/dids/km3net/run1/dids', { dids: [named] }],
  [
    'POST',
    '/dids/attachments',
    {
      attachments: [{ scope: 'km3net', name: 'run1', dids: [described], rse: 'SHORE-DISK' }],
      ignore_duplicate: true,
    },
  ],
  ['PUT', '/dids/km3net/run1/status', { open: true }],
  ['POST', '/dids/km3net/run1/meta', { meta: { eol_at: '2027-01-01' }, recursive: true }],
  ['POST', '/dids/km3net/run1/meta/run_number', { value: 1, recursive: false }],
  ['POST', '/dids/bulkdidsmeta', { dids: [{ ...named, meta: { hidden: true } }] }],
  ['POST', '/dids/bulkmeta', { dids: [named], inherit: true, plugin: 'ALL' }],
  ['POST', '/dids/bulkfiles', { dids: [named] }],
  ['POST', '/meta_conventions/key', { key_type: 'ALL', value_type: 'int', value_regexp: 'a+' }],
  ['POST', '/meta_conventions/key/', { value: 'x' }],
];

const word = fc.constantFrom(
  'km3net',
  'run1',
  'f1',
  'DATASET',
  'FILE',
  'SHORE-DISK',
  '',
  'é\u0000',
  '\ud800',
  '../..',
);
const key = fc.constantFrom(
  'scope',
  'name',
  'type',
  'dids',
  'rse',
  'meta',
  'rules',
  'bytes',
  'adler32',
  'md5',
  'state',
  'pfn',
  'value',
  'recursive',
  'open',
  'plugin',
  'attachments',
  'key_type',
  'lifetime',
  'statuses',
  'guid',
);
const { any: anything } = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    word,
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e308, 9007199254740993),
    fc.string(),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof({ weight: 9, arbitrary: key }, { weight: 1, arbitrary: fc.string() }),
      tie('any'),
      {
        maxKeys: 6,
      },
    ),
  ),
}));

/** Every place in a JSON value, as keys from the root. */
function places(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [at];
  return [at, ...Object.entries(value).flatMap(([name, item]) => places(item, [...at, name]))];
}

/** The value with one place filled otherwise. */
function spoil(value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown {
  if (first === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[first] = spoil(copy[first], rest, by);
  return copy;
}

const nearlyRight = (body: unknown) =>
  fc
    .tuple(fc.constantFrom(...places(body)), anything)
    .map(([place, value]) => spoil(body, place, value));

describe('whatever is sent', () => {
  it.each(WRITES)(
    '%s %s never fails by itself, and what it refuses it does not write',
    async (method, path, right) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(anything, nearlyRight(right)), async (body) => {
          const before = await written();
          const answer = await w.root(method, path, JSON.stringify(body));
          expect(answer.status).toBeLessThan(500);
          if (answer.status >= 400) {
            expect(answer.headers['exceptionclass']).toBeTruthy();
            expect(await written()).toEqual(before);
          }
        }),
        { numRuns: 30 },
      );
    },
  );

  it.each([
    '/dids/{}/dids/search?filters={}',
    '/dids/km3net/dids/search?filters={}&type={}&long={}',
    '/dids/{}?name={}&recursive={}',
    '/dids/{}/{}',
    '/dids/km3net/{}/meta?plugin={}',
    '/dids/km3net/{}/files',
    '/dids/km3net/{}/dids/history',
    '/dids/km3net/{}/parents',
    '/dids/{}/guid',
    '/dids/new?type={}',
    '/archives/km3net/{}/files',
    '/meta_conventions/{}/',
  ])('GET %s never fails by itself', async (pattern) => {
    const part = fc.oneof(word, fc.string(), fc.constantFrom(`[{'name': 'a*'}]`, `[{'a.b.c': 1}]`));
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          part.filter((text) => !/\p{Surrogate}/u.test(text)),
          { minLength: 3, maxLength: 3 },
        ),
        async (parts) => {
          const [...left] = parts;
          const path = pattern.replace(/\{\}/g, () => encodeURIComponent(left.shift() ?? ''));
          expect((await w.root('GET', path)).status).toBeLessThan(500);
        },
      ),
      { numRuns: 20 },
    );
  });
});
