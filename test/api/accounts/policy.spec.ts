import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY_SWITCHES } from '../../../src/vocabulary/index.js';
import { type Call, startApi, type TestApi } from '../../support/api.js';

/** What the switches change, seen through the door: each a request and who sends it. */
type Try = [
  who: 'alice' | 'anna' | 'root',
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
];

const HELD = 'GET /accounts/alice/limits/local';

async function lake(policy: Record<string, boolean>): Promise<TestApi & { calls: Calls }> {
  const api = await startApi({ overrides: { policy } });
  const { root } = api;
  const [alice, anna] = [await api.person('alice'), await api.person('anna')];
  await api.person('bob');
  await root('POST', '/accounts/anna/attr/admin', { value: 'true' });
  await root('POST', '/accounts/root/scopes/mock');
  for (const rse of ['DISK', 'CERN-SCRATCHDISK']) await root('POST', `/rses/${rse}`, {});
  await root('POST', '/accounts/alice/limits/local/DISK', { bytes: -1 });
  await root('POST', '/dids/mock/ds', { type: 'DATASET' });
  return { ...api, calls: { alice, anna, root } };
}
type Calls = Readonly<Record<'alice' | 'anna' | 'root', Call>>;

const file = (rse: string, name: string) => ({
  rse,
  files: [{ scope: 'mock', name, bytes: 1, adler32: '00000001' }],
});
const rule = {
  dids: [{ scope: 'mock', name: 'ds' }],
  account: 'alice',
  copies: 1,
  rse_expression: 'DISK',
};
const order = {
  options: {
    filter: { scope: ['mock'] },
    replication_rules: [{ rse_expression: 'DISK', copies: 1 }],
    comments: 'x',
    lifetime: null,
  },
};

/** Whether each is allowed: here, and by Rucio's generic policy. */
const attempts: [what: string, here: boolean, there: boolean, body: unknown, ...Try][] = [
  [HELD, false, true, undefined, 'alice', 'GET', '/accounts/bob/limits/local'],
  ['shares', false, true, undefined, 'alice', 'GET', '/rses/DISK/accounts/usage'],
  ['quota', true, false, file('DISK', 'f1'), 'alice', 'POST', '/replicas'],
  ['scratch', false, true, file('CERN-SCRATCHDISK', 'f2'), 'alice', 'POST', '/replicas'],
  ['order', true, false, order, 'alice', 'POST', '/subscriptions/alice/own'],
  ['playground', true, false, { meta: { run_number: 1 } }, 'alice', 'POST', '/dids/mock/ds/meta'],
  [
    'requests',
    true,
    false,
    undefined,
    'alice',
    'GET',
    '/requests/list?src_rse=DISK&dst_rse=DISK&request_states=Q',
  ],
  [
    'bad',
    true,
    false,
    { pfns: ['https://x.example/y'], reason: 'x', state: 'BAD', expires_at: null },
    'anna',
    'POST',
    '/replicas/bad/pfns',
  ],
  ['delete', true, false, file('DISK', 'f3'), 'anna', 'DELETE', '/replicas'],
  ['accounts', true, false, { type: 'USER', email: null }, 'anna', 'POST', '/accounts/carol'],
];

describe.each([
  ['as it comes', {}, 1],
  ["as Rucio's generic", Object.fromEntries(POLICY_SWITCHES.map((name) => [name, false])), 2],
] as const)('the policy %s', (_, policy, column) => {
  let api: Awaited<ReturnType<typeof lake>>;
  beforeAll(async () => {
    api = await lake(policy);
  });
  afterAll(() => api.close());

  it.each(attempts)('%s', async (...attempt) => {
    const [, , , body, who, method, path] = attempt;
    const { headers } = await api.calls[who](method, path, body);
    expect(headers['exceptionclass'] !== 'AccessDenied').toBe(attempt[column]);
  });

  it('rules of one’s own', async () => {
    const [id] = (await api.calls.alice('POST', '/rules/', rule)).body as string[];
    const { headers } = await api.calls.alice('DELETE', `/rules/${id}`, {});
    expect(headers['exceptionclass'] !== 'AccessDenied').toBe(column === 1);
  });
});
