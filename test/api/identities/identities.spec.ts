import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, ROOT_PASSWORD, startApi, type TestApi } from '../../support/api.js';

const DN = '/DC=ch/DC=example/CN=Alice A';
let api: TestApi;
let alice: Call;
beforeAll(async () => {
  api = await startApi();
  for (const account of ['alice', 'group']) {
    await api.root('POST', `/accounts/${account}`, { type: 'USER', email: null });
    for (const [authtype, identity] of [
      ['X509', DN],
      ['USERPASS', 'alice'],
    ]) {
      const body = { identity, authtype, email: null, default: account === 'alice' };
      const path = `/accounts/${account}/identities`;
      await api.root('POST', path, { ...body, password: ROOT_PASSWORD });
    }
  }
  alice = await api.as('alice');
});
afterAll(() => api.close());

const query = (key: string, type: string) =>
  alice('GET', `/identities/accounts?identity_key=${encodeURIComponent(key)}&type=${type}`);

describe('the accounts of an identity', () => {
  it('are told by query and by path, names with slashes too', async () => {
    expect((await query(DN, 'X509')).body).toEqual(['alice', 'group']);
    expect((await query('alice', 'userpass')).body).toEqual(['alice', 'group']);
    const path = `/identities/${encodeURIComponent(DN)}/X509/accounts`;
    expect((await alice('GET', path)).body).toEqual(['alice', 'group']);
    expect((await query('nobody', 'USERPASS')).body).toEqual([]);
  });

  it.each([
    ['/identities/accounts', 'identity_key'],
    ['/identities/accounts?identity_key=alice', 'type'],
    ['/identities/accounts?identity_key=&type=X509', 'identity_key'],
    ['/identities/accounts?identity_key=alice&type=PIN', 'X509, GSS'],
  ])('%s is a ValueError that names %s', async (path, named) => {
    const answer = await alice('GET', path);
    expect([answer.status, answer.headers.exceptionclass]).toEqual([400, 'ValueError']);
    expect(answer.text).toContain(named);
  });
});

describe('an identity by headers', () => {
  const headers = { 'X-Rucio-Username': 'alice2', 'X-Rucio-Password': 'secret' };
  const email = { 'X-Rucio-Email': 'a@b.example' };

  it('lets a user name speak for an account', async () => {
    const path = '/identities/alice/userpass';
    const answer = await api.root('PUT', path, undefined, { ...headers, ...email });
    expect(answer.status).toBe(201);
    const second = await api.as('alice', 'secret', 'alice2');
    expect((await second('GET', '/accounts/whoami')).body).toMatchObject({ account: 'alice' });
  });

  it('wants all of them, and an admin', async () => {
    const path = '/identities/alice/userpass';
    const without = await api.root('PUT', path, undefined, headers);
    expect([without.status, without.headers.exceptionclass]).toEqual([400, 'ValueError']);
    const own = await alice('PUT', path, undefined, { ...headers, ...email });
    expect([own.status, own.headers.exceptionclass]).toEqual([403, 'AccessDenied']);
  });

  it.each(['x509', 'gss'])('of type %s has to be named otherwise', async (type) => {
    const answer = await api.root('PUT', `/identities/alice/${type}`);
    expect([answer.status, answer.headers.exceptionclass]).toEqual([409, 'UnsupportedOperation']);
    expect(answer.text).toContain('POST /accounts/alice/identities');
  });
});
