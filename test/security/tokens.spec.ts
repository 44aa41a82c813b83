import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/clock.js';
import { listRoutes } from '../../src/routes.js';
import { type Answer, type Call, ROOT_PASSWORD, startApi, type TestApi } from '../support/api.js';

/** What the contract lets everybody do: the wire's own list, and where storages find our keys. */
const PUBLIC = [
  'GET /.well-known/openid-configuration',
  'GET /auth/gss',
  'GET /auth/oidc',
  'GET /auth/oidc_code',
  'GET /auth/oidc_redirect',
  'GET /auth/oidc_refresh',
  'GET /auth/saml',
  'GET /auth/ssh',
  'GET /auth/ssh_challenge_token',
  'GET /auth/userpass',
  'GET /auth/x509',
  'GET /auth/x509/webui',
  'GET /auth/x509_proxy',
  'GET /jwks',
  'GET /ping',
  'GET /redirect/:scope/:name',
  'GET /redirect/:scope/:name/metalink',
  'POST /nongrid_traces',
  'POST /traces',
];
const routes = await listRoutes();
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const guarded = routes.filter((route) => !PUBLIC.includes(nameOf(route)));
const filled = (path: string) => path.replace(/:\w+/g, 'x');

class MovingClock extends Clock {
  offsetMs = 0;
  override now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }
}

const clock = new MovingClock();
let api: TestApi;
let alice: Call;
const people = ['alice', 'banned', 'deleted', 'stripped', 'changed', 'late'];

beforeAll(async () => {
  api = await startApi({ clock });
  for (const account of people) {
    await ok(api.root('POST', `/accounts/${account}`, { type: 'USER', email: null }));
    await ok(api.root('POST', `/accounts/${account}/identities`, identityOf(account)));
  }
  alice = await api.as('alice', 'wonderland');
});
afterAll(() => api.close());

const identityOf = (account: string) => ({
  identity: account,
  authtype: 'USERPASS',
  password: 'wonderland',
  email: null,
});

async function ok(call: Promise<Answer>): Promise<Answer> {
  const answer = await call;
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
}

const said = ({ status, headers }: Answer) => `${status} ${headers['exceptionclass'] ?? ''}`;

describe('without a good token', () => {
  it('everything is refused but what the contract names', async () => {
    const open: string[] = [];
    for (const route of routes) {
      const answer = await api.anonymous(route.method as 'GET', filled(route.path));
      if (said(answer) !== '400 ValueError' || !answer.text.includes('Token must be set')) {
        open.push(nameOf(route));
      }
    }
    expect(open.sort()).toEqual(PUBLIC);
  });

  it.each([
    ['an unknown token', 'sluice_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['a token of another shape', 'root-root-unknown-0123456789abcdef'],
    ['a JWT that nobody signed', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.'],
    ['SQL', "' OR true --"],
    ['a hash instead of a token', 'a'.repeat(64)],
    ['a very long token', 'x'.repeat(3000)],
  ])('%s opens nothing', async (_, token) => {
    for (const { method, path } of guarded) {
      const answer = await api.anonymous(method as 'GET', filled(path), undefined, {
        'X-Rucio-Auth-Token': token,
      });
      expect([method, path, said(answer)]).toEqual([method, path, '401 CannotAuthenticate']);
    }
  });

  it('a bearer token, a cookie or a query is no token', async () => {
    const { headers } = await login('alice');
    const token = headers['x-rucio-auth-token'] ?? '';
    for (const given of [
      api.anonymous('GET', '/rses', undefined, { Authorization: `Bearer ${token}` }),
      api.anonymous('GET', '/rses', undefined, { Cookie: `X-Rucio-Auth-Token=${token}` }),
      api.anonymous('GET', `/rses?X-Rucio-Auth-Token=${token}`),
    ]) {
      expect(said(await given)).toBe('400 ValueError');
    }
  });

  it('the body is not even looked at', async () => {
    for (const { method, path } of guarded.filter((route) => route.method !== 'GET')) {
      const answer = await api.anonymous(method as 'POST', filled(path), { type: 7 });
      expect(answer.text).toContain('Token must be set');
    }
  });
});

const login = (username: string, account?: string, password = 'wonderland') =>
  api.anonymous('GET', '/auth/userpass', undefined, {
    'X-Rucio-Username': username,
    'X-Rucio-Password': password,
    ...(account !== undefined && { 'X-Rucio-Account': account }),
  });

describe('a login ends at once', () => {
  it('when the account is banned, and comes back with it', async () => {
    const banned = await api.as('banned', 'wonderland');
    await ok(api.root('PUT', '/accounts/banned', { status: 'SUSPENDED' }));
    expect(said(await banned('GET', '/rses'))).toBe('401 CannotAuthenticate');
    expect(said(await login('banned', 'banned'))).toBe('401 CannotAuthenticate');
    await ok(api.root('PUT', '/accounts/banned', { status: 'ACTIVE' }));
    expect((await login('banned', 'banned')).status).toBe(200);
  });

  it('when the account is deleted', async () => {
    const deleted = await api.as('deleted', 'wonderland');
    await ok(api.root('DELETE', '/accounts/deleted'));
    expect(said(await deleted('GET', '/rses'))).toBe('401 CannotAuthenticate');
    expect(said(await login('deleted', 'deleted'))).toBe('401 CannotAuthenticate');
  });

  it('when the identity that began it is taken away', async () => {
    const stripped = await api.as('stripped', 'wonderland');
    await ok(
      api.root('DELETE', '/accounts/stripped/identities', {
        identity: 'stripped',
        authtype: 'USERPASS',
      }),
    );
    expect(said(await stripped('GET', '/rses'))).toBe('401 CannotAuthenticate');
    expect(said(await login('stripped', 'stripped'))).toBe('401 CannotAuthenticate');
  });

  it('when its hour is over', async () => {
    const late = await api.as('late', 'wonderland');
    expect((await late('GET', '/rses')).status).toBe(200);
    clock.offsetMs = 3_601_000;
    expect(said(await late('GET', '/rses'))).toBe('401 CannotAuthenticate');
    expect(said(await late('GET', '/auth/validate'))).toBe('401 CannotAuthenticate');
    clock.offsetMs = 0;
  });
});

describe('an account acts as itself alone', () => {
  const me = async (call: Call, headers = {}) =>
    ((await call('GET', '/accounts/whoami', undefined, headers)).body as { account: string })
      .account;

  it('whatever the headers say', async () => {
    expect(await me(alice, { 'X-Rucio-Account': 'root' })).toBe('alice');
    expect(await me(alice, { 'X-Rucio-Account': 'root', 'X-Rucio-Username': 'root' })).toBe(
      'alice',
    );
  });

  it('and cannot log in to another', async () => {
    expect(said(await login('alice', 'root'))).toBe('401 CannotAuthenticate');
    expect(said(await login('alice', 'banned'))).toBe('401 CannotAuthenticate');
    expect(said(await login('root', 'root', 'wonderland'))).toBe('401 CannotAuthenticate');
    expect((await login('root', 'root', ROOT_PASSWORD)).status).toBe(200);
  });

  it('is told the same whether a name exists or not', async () => {
    const unknown = await login('nobody', 'alice', 'x');
    const known = await login('alice', 'alice', 'x');
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
  });

  it('cannot make itself more than it is', async () => {
    const tries: readonly (readonly [Parameters<Call>[0], string, unknown])[] = [
      ['POST', '/accounts/alice/attr/admin', { key: 'admin', value: 'true' }],
      ['POST', '/accounts/alice/attr/register-X', { key: 'register-X', value: true }],
      ['POST', '/accounts/root/identities', identityOf('alice')],
      ['POST', '/accounts/root/identities', { ...identityOf('mine'), default: true }],
      ['DELETE', '/accounts/root/identities', { identity: 'root', authtype: 'USERPASS' }],
      ['POST', '/accounts/alice/limits/global/*', { bytes: -1 }],
      ['POST', '/accounts/alice/scopes/mine', undefined],
      ['PUT', '/accounts/root', { status: 'SUSPENDED' }],
      ['DELETE', '/accounts/root', undefined],
      ['PUT', '/config/policy/permission/none', undefined],
    ];
    for (const [method, path, body] of tries) {
      expect([path, said(await alice(method, path, body))]).toEqual([path, '403 AccessDenied']);
    }
  });
});
