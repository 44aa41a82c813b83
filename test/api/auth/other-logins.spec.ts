import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT_PASSWORD, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  for (const account of ['one', 'two']) await api.person(account, { identity: 'shared' });
});
afterAll(() => api.close());

describe('a way to log in that there is not', () => {
  it.each([
    ['x509', 'CannotAuthenticate'],
    ['x509_proxy', 'CannotAuthenticate'],
    ['x509/webui', 'CannotAuthenticate'],
    ['gss', 'CannotAuthenticate'],
    ['ssh', 'CannotAuthenticate'],
    ['ssh_challenge_token', 'CannotAuthenticate'],
    ['saml', 'CannotAuthenticate'],
    ['oidc', 'CannotAuthenticate'],
    ['oidc_code', 'CannotAuthenticate'],
    ['oidc_redirect', 'CannotAuthenticate'],
    ['oidc_refresh', 'CannotAuthorize'],
  ])('%s says what to do instead, also to who reads headers only', async (way, exception) => {
    for (const slash of ['', '/']) {
      const answer = await api.anonymous('GET', `/auth/${way}${slash}`);
      expect([answer.status, answer.headers.exceptionclass]).toEqual([401, exception]);
      expect(answer.headers.exceptionmessage).toMatch(/(userpass, with user name|log in again)/);
      expect(JSON.parse(answer.text)).toMatchObject({ ExceptionClass: exception });
    }
  });
});

describe('one user name for several accounts', () => {
  const logIn = (headers: Record<string, string>) =>
    api.anonymous('GET', '/auth/userpass', undefined, {
      'X-Rucio-Username': 'shared',
      'X-Rucio-Password': ROOT_PASSWORD,
      ...headers,
    });

  it('is a choice for whoever can choose', async () => {
    const { status, headers, body } = await logIn({
      'X-Rucio-Allow-Return-Multiple-Accounts': 'True',
    });
    expect([status, body]).toEqual([206, ['one', 'two']]);
    expect(headers['x-rucio-auth-accounts']).toBe('one,two');
    expect(headers['content-type']).toBe('application/json');
  });

  it('is an error that names them for whoever says that it cannot', async () => {
    const { status, headers } = await logIn({ 'X-Rucio-Allow-Return-Multiple-Accounts': 'false' });
    expect([status, headers.exceptionclass]).toEqual([401, 'CannotAuthenticate']);
    expect(headers.exceptionmessage).toMatch(/one, two$/);
    expect(headers['x-rucio-auth-token']).toBeUndefined();
  });

  it('is told in the headers of 206 too, which is all that the official client shows', async () => {
    const { headers } = await logIn({});
    expect(headers.exceptionclass).toBe('CannotAuthenticate');
    expect(headers.exceptionmessage).toMatch(/one, two$/);
  });

  it('is no choice any more where only one of them is ACTIVE', async () => {
    await api.root('PUT', '/accounts/two', { status: 'SUSPENDED' });
    const { status, headers } = await logIn({});
    expect([status, headers['x-rucio-auth-account']]).toEqual([200, 'one']);
    await api.root('PUT', '/accounts/two', { status: 'ACTIVE' });
  });
});
