import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import { listRoutes } from '../../src/routes.js';
import { type Call, startApi, type TestApi } from '../support/api.js';
import { BODIES, file, OPEN, order, rule } from './attempts.js';

const HEADERS = {
  'X-Rucio-Username': 'x',
  'X-Rucio-Password': 'x',
  'X-Rucio-Email': 'a@b.example',
};

const attempts = Object.keys(BODIES);
const routeOf = (attempt: string): string => attempt.replace(/\?.*/, '');
const unlisted = (await listRoutes())
  .filter(({ method }) => method !== 'GET')
  .map(({ method, path }) => `${method} ${path}`)
  .filter((route) => !OPEN.has(route) && !attempts.map(routeOf).includes(route));

let api: TestApi;
let mallory: Call;
let ruleId = '';
beforeAll(async () => {
  api = await startApi();
  const alice = await api.person('alice');
  await api.root('POST', '/accounts/alice/scopes/user.alice');
  await api.root('POST', '/rses/DISK', {});
  await api.root('POST', '/accounts/alice/limits/local/DISK', { bytes: -1 });
  await alice('POST', '/dids/user.alice/ds', { type: 'DATASET', dids: [file], rse: 'DISK' });
  [ruleId = ''] = (await alice('POST', '/rules', rule)).body as string[];
  await alice('POST', '/subscriptions/alice/order', order);
  mallory = await api.person('mallory');
});
afterAll(() => api.close());

const filled = (path: string): string =>
  path
    .replace(/(?<=subscriptions\/:account\/):name/, 'order')
    .replace(/:(\w+)/g, (_, name: string) => {
      const known: Record<string, string> = {
        account: 'alice',
        scope: 'user.alice',
        name: 'ds',
        id: ruleId,
      };
      if (/rse|source|destination|expression/.test(name)) return 'DISK';
      return known[name] ?? 'own';
    });

const send = (call: Call, attempt: string, body: unknown) => {
  const [method = '', path = ''] = attempt.split(' ');
  return call(method as Method, filled(path), body, HEADERS);
};

describe('an account that has nothing', () => {
  it.each(attempts)('may not %s', async (attempt) => {
    const { status, headers } = await send(mallory, attempt, BODIES[attempt]);
    expect([status, headers['exceptionclass']]).toEqual([403, 'AccessDenied']);
  });

  it('gets nothing done by a route that is not listed here', async () => {
    for (const route of unlisted) {
      expect([route, (await send(mallory, route, {})).status < 300]).toEqual([route, false]);
    }
  });
});

describe('nobody', () => {
  it.each([...attempts, ...unlisted])('may %s without a token', async (attempt) => {
    const { status, headers } = await send(api.anonymous, attempt, BODIES[attempt]);
    expect([status, headers['exceptionclass']]).toEqual([400, 'ValueError']);
  });
});
