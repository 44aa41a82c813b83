import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Call, ROOT_PASSWORD, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let name = '';
let made = 0;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/rses/DISK', {});
});
beforeEach(async () => {
  name = `user${made++}`;
  await api.person(name, { email: `${name}@x.example` });
});
afterAll(() => api.close());

const fact = async (answer: ReturnType<Call>) => {
  const { status, headers } = await answer;
  return [status, headers['exceptionclass']];
};
const shown = async () => (await api.root('GET', `/accounts/${name}`)).body as object;
const NOT_FOUND = [404, 'AccountNotFound'];
const OK = [200, undefined];

describe.each([
  ['banned', 'SUSPENDED', () => api.root('PUT', `/accounts/${name}`, { status: 'SUSPENDED' })],
  ['deleted', 'DELETED', () => api.root('DELETE', `/accounts/${name}`)],
])('an account that is %s', (_, status, stop) => {
  it('stops at once, with living tokens too, and they do not come back with it', async () => {
    const user = await api.as(name);
    expect(await fact(user('GET', '/scopes/'))).toEqual(OK);
    expect(await fact(stop())).toEqual(OK);
    expect(await fact(user('GET', '/scopes/'))).toEqual([401, 'CannotAuthenticate']);
    await expect(api.as(name)).rejects.toThrow('401');
    await api.root('PUT', `/accounts/${name}`, { status: 'ACTIVE' });
    expect(await fact(user('GET', '/scopes/'))).toEqual([401, 'CannotAuthenticate']);
    expect(await fact((await api.as(name))('GET', '/scopes/'))).toEqual(OK);
  });

  it('is shown as such, with the time, and listed no more', async () => {
    await stop();
    const since = status === 'DELETED' ? 'deleted_at' : 'suspended_at';
    expect(await shown()).toMatchObject({ status, [since]: expect.stringMatching(/^\d{4}-/) });
    expect((await api.root('GET', `/accounts?account=${name}`)).body).toEqual([]);
  });

  it('is given nothing: no identity, attribute, limit, scope or rule', async () => {
    await stop();
    const identity = { identity: 'x', authtype: 'X509', email: null };
    const gifts = [
      api.root('POST', `/accounts/${name}/identities`, identity),
      api.root('POST', `/accounts/${name}/attr/tier`, { value: '1' }),
      api.root('POST', `/accounts/${name}/limits/local/DISK`, { bytes: 1 }),
      api.root('POST', `/accounts/${name}/limits/global/DISK`, { bytes: 1 }),
      api.root('POST', `/accounts/${name}/scopes/s${made}`),
      api.root('POST', '/rules/', {
        dids: [{ scope: 'mock', name: 'x' }],
        account: name,
        copies: 1,
        rse_expression: 'DISK',
      }),
    ];
    for (const gift of gifts) expect(await fact(gift)).toEqual(NOT_FOUND);
  });

  it('can be looked at still, and what it had be taken away', async () => {
    await api.root('POST', `/accounts/${name}/attr/tier`, { value: '1' });
    await stop();
    expect(await fact(api.root('GET', `/accounts/${name}/attr/`))).toEqual(OK);
    expect(await fact(api.root('GET', `/accounts/${name}/identities`))).toEqual(OK);
    expect(await fact(api.root('DELETE', `/accounts/${name}/attr/tier`))).toEqual(OK);
    const identity = { identity: name, authtype: 'USERPASS' };
    expect(await fact(api.root('DELETE', `/accounts/${name}/identities`, identity))).toEqual(OK);
  });
});

describe('a deleted account', () => {
  it('keeps its name, and is not deleted again', async () => {
    await api.root('DELETE', `/accounts/${name}`);
    expect(await fact(api.root('DELETE', `/accounts/${name}`))).toEqual(NOT_FOUND);
    const again = api.root('POST', `/accounts/${name}`, { type: 'USER', email: null });
    expect(await fact(again)).toEqual([409, 'Duplicate']);
  });
});

describe('identities and accounts', () => {
  it('belong to each other in any number', async () => {
    await api.root('POST', `/accounts/${name}-group`, { type: 'GROUP', email: null });
    for (const identity of [name, `${name}-second`]) {
      await api.root('POST', `/accounts/${name}-group/identities`, {
        identity,
        authtype: 'USERPASS',
        email: null,
        password: 'of the second',
      });
    }
    const whoami = async (call: Call) =>
      ((await call('GET', '/accounts/whoami')).body as { account: string }).account;
    // One that is there already keeps its password.
    expect(await whoami(await api.as(`${name}-group`, ROOT_PASSWORD, name))).toBe(`${name}-group`);
    const second = await api.as(`${name}-group`, 'of the second', `${name}-second`);
    expect(await whoami(second)).toBe(`${name}-group`);
    const { body } = await api.root('GET', `/accounts?identity=${name}`);
    expect((body as { account: string }[]).map(({ account }) => account)).toEqual([
      name,
      `${name}-group`,
    ]);
  });
});
