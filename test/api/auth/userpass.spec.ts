import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT_PASSWORD, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  for (const account of ['one', 'two']) await api.person(account, { identity: 'shared' });
});
afterAll(() => api.close());

const logIn = (headers: Record<string, string>) =>
  api.anonymous('GET', '/auth/userpass', undefined, {
    'X-Rucio-Username': 'shared',
    'X-Rucio-Password': ROOT_PASSWORD,
    ...headers,
  });

describe('a login by user name and password', () => {
  it('answers with the token in a header, without two dots in it', async () => {
    const { status, headers, text } = await logIn({ 'X-Rucio-Account': 'two' });
    expect([status, text]).toEqual([200, '']);
    expect(headers['x-rucio-auth-account']).toBe('two');
    expect(headers['x-rucio-auth-token']).toMatch(/^sluice_[\w-]{43}$/);
    expect(headers['x-rucio-auth-token-expires']).toMatch(
      /^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} UTC$/,
    );
    expect(headers['cache-control']).toMatch(/no-store/);
  });

  it('asks which account is meant where there are several', async () => {
    const { status, headers, body } = await logIn({});
    expect([status, body]).toEqual([206, ['one', 'two']]);
    expect(headers['x-rucio-auth-accounts']).toBe('one,two');
    expect(headers['x-rucio-auth-token']).toBeUndefined();
  });

  it('does not tell the accounts of an identity to who has not its password', async () => {
    const { status, headers, text } = await logIn({ 'X-Rucio-Password': 'guess' });
    expect([status, headers.exceptionclass]).toEqual([401, 'CannotAuthenticate']);
    expect(text).not.toMatch(/\bone\b|\btwo\b/);
  });
});

describe('a token', () => {
  it('is dead as soon as its account is suspended', async () => {
    const two = await api.as('two', ROOT_PASSWORD, 'shared');
    expect((await two('GET', '/accounts/two')).status).toBe(200);
    await api.root('PUT', '/accounts/two', { status: 'SUSPENDED' });
    const after = await two('GET', '/accounts/two');
    expect([after.status, after.headers.exceptionclass]).toEqual([401, 'CannotAuthenticate']);
    await api.root('PUT', '/accounts/two', { status: 'ACTIVE' });
  });

  it('is dead as soon as its identity is taken away', async () => {
    const two = await api.as('two', ROOT_PASSWORD, 'shared');
    const identity = { identity: 'shared', authtype: 'userpass' };
    await api.root('DELETE', '/accounts/two/identities', identity);
    expect((await two('GET', '/accounts/two')).status).toBe(401);
  });

  it('says what it is good for', async () => {
    const answer = await api.root('GET', '/auth/validate');
    expect(answer.text).toMatch(/^account root, identity root \(USERPASS\), valid until .+ UTC$/);
  });
});
