import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  const { root } = api;
  await made(root, '/accounts/root/scopes/km3net', undefined);
  await made(root, '/accounts/shore', { type: 'SERVICE', email: null });
  await made(root, '/rses/SHORE-DISK', {});
  await made(root, '/dids/km3net/run1', { type: 'DATASET' });
  await made(root, '/accounts/root/limits/local/SHORE-DISK', { bytes: -1 });
});
afterAll(() => api.close());

async function made(call: Call, path: string, body: unknown): Promise<void> {
  const { status, text } = await call('POST', path, body);
  if (status !== 201) throw new Error(`${path}: ${status} ${text}`);
}

const file = { scope: 'km3net', name: 'f1', bytes: 1, adler32: '00000001' };
const rule = { dids: [{ scope: 'km3net', name: 'run1' }], copies: 1, rse_expression: 'SHORE-DISK' };
const protocol = { impl: 'x', hostname: 'a.example', port: 443, prefix: '/' };
const identity = { identity: 'shore', authtype: 'userpass', email: 'a@b.example', password: 'x' };
const wordless = { toString: 1, valueOf: null };
const change = { kind: 'change', change: { priority: 5 } };
const long = { scope: 'km3net', filters: { name: 'x'.repeat(65_536) } };
const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ x: inner }), 1);

type Case = readonly [
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: unknown,
  field: string,
  exception: string,
];

const bodies: readonly Case[] = [
  ['POST', '/accounts/new', { type: 'USER', email: 'a\0b' }, 'email has a NUL', 'InvalidObject'],
  ['POST', '/config', { section: { option: 'a\0b' } }, 'section.option has a NUL', 'InvalidObject'],
  [
    'POST',
    '/dids/bulkfiles',
    { dids: [{ scope: 'km3net', name: 'a\0' }] },
    'dids[0].name has a NUL',
    'InvalidObject',
  ],
  [
    'POST',
    '/dids/km3net/run1/meta',
    { meta: { own: { 'a\0': 1 } } },
    'meta.own.a? has a NUL',
    'InvalidObject',
  ],
  ['POST', '/accounts/new', undefined, 'body', 'ValueError'],
  ['POST', '/accounts/new', ['USER'], 'body', 'TypeError'],
  ['POST', '/accounts/new', deep, 'levels', 'ValueError'],
  ['POST', '/accounts/new', { email: null }, 'type', 'KeyError'],
  ['POST', '/accounts/new', { type: 'ROBOT', email: null }, 'ROBOT', 'InvalidAccountType'],
  ['POST', '/accounts/new', { type: 'USER', email: 7 }, 'email', 'InvalidObject'],
  ['POST', '/accounts/NEW', { type: 'USER', email: null }, 'account', 'InvalidObject'],
  ['PUT', '/accounts/shore', { colour: 'blue' }, 'colour', 'ValueError'],
  ['PUT', '/accounts/shore', { status: 'ASLEEP' }, 'status', 'ValueError'],
  ['POST', '/accounts/shore/identities', { ...identity, email: undefined }, 'email', 'KeyError'],
  [
    'POST',
    '/accounts/shore/identities',
    { ...identity, authtype: 'PIN' },
    'authtype',
    'InvalidObject',
  ],
  ['POST', '/accounts/shore/limits/local/SHORE-DISK', { bytes: 'many' }, 'bytes', 'InvalidObject'],
  ['POST', '/accounts/shore/limits/local/SHORE-DISK', {}, 'bytes', 'KeyError'],
  ['POST', '/accounts/shore/attr/tier', { value: [] }, 'value', 'InvalidObject'],
  ['POST', '/rses/NEW', { rse_type: 'CLOUD' }, 'rse_type', 'InvalidObject'],
  ['POST', '/rses/NEW', { latitude: 91 }, 'latitude', 'InvalidObject'],
  ['POST', '/rses/NEW', { availability: 8 }, 'availability', 'InvalidObject'],
  ['PUT', '/rses/SHORE-DISK', { colour: 'blue' }, 'colour', 'InputValidationError'],
  ['POST', '/rses/SHORE-DISK/attr/tier', { value: null }, 'value', 'InvalidObject'],
  [
    'POST',
    '/rses/SHORE-DISK/protocols/https',
    { ...protocol, port: 70000 },
    'port',
    'InvalidObject',
  ],
  [
    'POST',
    '/rses/SHORE-DISK/protocols/https',
    { ...protocol, hostname: 'a b' },
    'hostname',
    'InvalidObject',
  ],
  [
    'PUT',
    '/rses/SHORE-DISK/limits',
    { name: 'MinFreeSpace', value: 1.5 },
    'value',
    'InvalidObject',
  ],
  ['POST', '/rses/SHORE-DISK/distances/SHORE-DISK', { distance: -1 }, 'distance', 'InvalidObject'],
  ['POST', '/dids/km3net/new', {}, 'type', 'KeyError'],
  ['POST', '/dids/km3net/new', { type: 'HEAP' }, 'HEAP', 'InvalidObject'],
  [
    'POST',
    '/dids/km3net/new',
    { type: 'DATASET', dids: [{ name: 'f1' }] },
    'dids[0].scope',
    'InvalidObject',
  ],
  ['POST', '/dids', [{ type: 'DATASET', scope: 'km3net' }], '[0].name', 'InvalidObject'],
  [
    'POST',
    '/dids/km3net/new',
    { type: 'DATASET', meta: { run_number: 'x' } },
    'run_number',
    'InvalidValueForKey',
  ],
  ['POST', '/dids/km3net/run1/dids', { dids: 'f1' }, 'dids', 'InvalidObject'],
  [
    'POST',
    '/dids/km3net/run1/dids',
    { dids: [{ ...file, bytes: -1 }] },
    'dids[0].bytes',
    'InvalidObject',
  ],
  [
    'POST',
    '/dids/km3net/run1/dids',
    { dids: [{ ...file, adler32: 'xyz' }] },
    'adler32',
    'InvalidObject',
  ],
  [
    'POST',
    '/dids/attachments',
    { attachments: [{ scope: 'km3net', dids: [] }] },
    'attachments[0].name',
    'InvalidObject',
  ],
  ['PUT', '/dids/km3net/run1/status', { open: 'yes' }, 'open', 'InvalidObject'],
  ['PUT', '/dids/km3net/run1/status', { shut: true }, 'shut', 'UnsupportedStatus'],
  ['POST', '/dids/km3net/run1/meta', { recursive: true }, 'meta', 'KeyError'],
  [
    'POST',
    '/dids/bulkdidsmeta',
    { dids: [{ scope: 'km3net', name: 'run1' }] },
    'dids[0].meta',
    'InvalidObject',
  ],
  ['POST', '/replicas', { files: [file] }, 'rse', 'KeyError'],
  ['POST', '/replicas', { rse: 'SHORE-DISK', files: [] }, 'files', 'InvalidObject'],
  [
    'POST',
    '/replicas',
    { rse: 'SHORE-DISK', files: [{ ...file, adler32: 'xyz' }] },
    'files[0].adler32',
    'InvalidObject',
  ],
  [
    'POST',
    '/replicas',
    { rse: 'SHORE-DISK', files: [{ ...file, colour: 'blue' }] },
    'files[0].colour',
    'InvalidObject',
  ],
  [
    'POST',
    '/replicas',
    { rse: 'SHORE-DISK', files: [file, { ...file, state: 'X' }] },
    'files[1].state',
    'InvalidObject',
  ],
  ['POST', '/replicas/list', { dids: [{ scope: 'km3net' }] }, 'dids[0].name', 'InvalidObject'],
  ['POST', '/replicas/list', { sort: 'alphabet' }, 'sort', 'SortingAlgorithmNotSupported'],
  ['POST', '/rules', { ...rule, copies: 'two' }, 'copies', 'InvalidObject'],
  ['POST', '/rules', { ...rule, rse_expression: undefined }, 'rse_expression', 'KeyError'],
  ['POST', '/rules', { ...rule, grouping: 'PAIR' }, 'grouping', 'InvalidObject'],
  ['POST', '/rules', { ...rule, activity: 'Nap' }, 'activity', 'InvalidObject'],
  ['POST', '/rules', { ...rule, lifetime: 'long' }, 'lifetime', 'InvalidObject'],
  ['POST', '/rules', { ...rule, dids: [{ scope: 'km3net' }] }, 'dids[0].name', 'InvalidObject'],
  ['POST', '/rules', { ...rule, rse_expression: 'tier==1' }, 'tier==1', 'InvalidRSEExpression'],
  ['POST', '/jobs', { kind: wordless }, 'kind', 'InvalidObject'],
  ['POST', '/jobs', { kind: 'replicate', query: long, to: '*' }, 'query.filters', 'InvalidObject'],
  [
    'POST',
    '/jobs',
    { ...change, rules: { ids: Array.from({ length: 10_001 }, () => '0'.repeat(32)) } },
    'rules.ids',
    'InvalidObject',
  ],
  [
    'POST',
    '/jobs/schedules',
    { cron: '0 0 30 2 *', job: { ...change, rules: { scope: 'km3net' } } },
    'cron',
    'InvalidObject',
  ],
  ['POST', '/meta_conventions/key', { key_type: 'SOME' }, 'SOME', 'UnsupportedKeyType'],
];

const queries: readonly (readonly [path: string, field: string, exception: string])[] = [
  ['/rses?expression=%00', 'expression', 'ValueError'],
  ['/rses/%00', "'rse' has a NUL", 'ValueError'],
  ['/accounts?account_type=ROBOT', 'ROBOT', 'InvalidAccountType'],
  ['/rses?expression=tier%3D%3D1', 'tier==1', 'InvalidRSEExpression'],
  ['/rules?colour=blue', 'colour', 'InvalidObject'],
  ['/rules?state=OPEN', 'state', 'InvalidObject'],
  ['/rules?created_after=yesterday', 'created_after', 'InvalidObject'],
  ['/dids/km3net/dids/search?filters=%5B%7B', 'filters', 'DIDFilterSyntaxError'],
  ['/dids/km3net/dids/search?long=perhaps', 'long', 'TypeError'],
  ['/dids/km3net/dids/search?limit=-1', 'limit', 'ValueError'],
  ['/dids/km3net/run1?dynamic_depth=HEAP', 'dynamic_depth', 'ValueError'],
  ['/dids/km3net/run1/meta?plugin=MONGO', 'MONGO', 'UnsupportedMetadataPlugin'],
  ['/replicas/bad/states?limit=none', 'limit', 'ValueError'],
  ['/replicas/suspicious?younger_than=yesterday', 'younger_than', 'InvalidObject'],
  ['/credentials/signurl?rse=SHORE-DISK', 'url', 'ValueError'],
  ['/credentials/signurl?rse=SHORE-DISK&url=x&op=burn', 'op', 'ValueError'],
  ['/credentials/signurl?rse=SHORE-DISK&url=x&lifetime=0', 'lifetime', 'ValueError'],
];

describe('a refusal names', () => {
  it.each(bodies)('%s %s with %j: %s as %s', async (method, path, body, field, exception) => {
    const answer = await api.root(method, path, body);
    const told = JSON.parse(answer.text) as Record<string, string>;
    expect(told.ExceptionClass).toBe(exception);
    expect(told.ExceptionMessage).toContain(field);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it.each(queries)('GET %s: %s as %s', async (path, field, exception) => {
    const answer = await api.root('GET', path);
    const told = JSON.parse(answer.text) as Record<string, string>;
    expect([told.ExceptionClass, answer.status < 500]).toEqual([exception, true]);
    expect(told.ExceptionMessage).toContain(field);
  });
});

it('a trace is taken whatever stands in its fields', async () => {
  const trace = { eventType: 'get', scope: wordless, filename: 'f1', clientState: wordless };
  expect((await api.anonymous('POST', '/traces/', trace)).status).toBe(201);
});
