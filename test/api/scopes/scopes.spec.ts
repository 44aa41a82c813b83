import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { type Call, startApi, type TestApi } from '../../support/api.js';
import { hold } from '../../support/sessions.js';
import { addDids } from '../../../src/dids/index.js';

let api: TestApi;
let alice: Call;
let bob: Call;
beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  bob = await api.person('bob');
  await api.root('POST', '/rses/DISK', {});
  await api.root('POST', '/accounts/alice/limits/local/DISK', { bytes: -1 });
});
afterAll(() => api.close());

let made = 0;
const scopeOf = async (account: string): Promise<string> => {
  const scope = `s${made++}`;
  await api.root('POST', `/accounts/${account}/scopes/${scope}`);
  return scope;
};
const fact = async (answer: ReturnType<Call>) => {
  const { status, headers } = await answer;
  return [status, headers['exceptionclass']];
};
const owners = async () =>
  (await api.root('GET', '/scopes/owner')).body as { scope: string; account: string }[];

describe('a scope', () => {
  it('is given away by its owner, who then has no say any more', async () => {
    const scope = await scopeOf('alice');
    expect(await fact(bob('PUT', `/scopes/bob/${scope}`))).toEqual([403, 'AccessDenied']);
    expect(await fact(alice('PUT', `/scopes/bob/${scope}`))).toEqual([201, undefined]);
    expect(await owners()).toContainEqual({ scope, account: 'bob' });
    expect(await fact(alice('PUT', `/scopes/alice/${scope}`))).toEqual([403, 'AccessDenied']);
  });

  it('goes to an account that is there and ACTIVE', async () => {
    const scope = await scopeOf('alice');
    expect(await fact(alice('PUT', `/scopes/nobody/${scope}`))).toEqual([404, 'AccountNotFound']);
    await api.root('POST', '/accounts/gone', { type: 'USER', email: null });
    await api.root('DELETE', '/accounts/gone');
    expect(await fact(alice('PUT', `/scopes/gone/${scope}`))).toEqual([404, 'AccountNotFound']);
    expect(await fact(api.root('POST', '/accounts/gone/scopes/s.gone'))).toEqual([
      404,
      'AccountNotFound',
    ]);
  });

  it('can be added and listed by the paths of older clients', async () => {
    expect(await fact(api.root('POST', '/scopes/alice/s.old'))).toEqual([201, undefined]);
    expect((await api.root('GET', '/scopes/alice/scopes')).body).toContain('s.old');
  });
});

describe('a closed scope', () => {
  it('takes no new names, by whatever way, of whomever', async () => {
    const scope = await scopeOf('alice');
    expect(await fact(alice('PUT', `/scopes/${scope}`, { status: 'CLOSED' }))).toEqual([
      200,
      undefined,
    ]);
    const file = { scope, name: 'f', bytes: 1, adler32: '00000001' };
    for (const call of [alice, api.root]) {
      const ways = [
        call('POST', `/dids/${scope}/ds`, { type: 'DATASET' }),
        call('POST', '/dids', [{ scope, name: 'ds', type: 'DATASET' }]),
        call('POST', '/replicas', { rse: 'DISK', files: [file] }),
      ];
      for (const way of ways) expect(await fact(way)).toEqual([409, 'UnsupportedOperation']);
    }
    expect((await api.root('GET', `/dids/${scope}/`)).body).toEqual([]);
  });

  it('lets what is in it go on', async () => {
    const scope = await scopeOf('alice');
    const file = { scope, name: 'f', bytes: 1, adler32: '00000001' };
    await alice('POST', '/replicas', { rse: 'DISK', files: [file] });
    await alice('POST', `/dids/${scope}/ds`, { type: 'DATASET' });
    await alice('PUT', `/scopes/${scope}`, { status: 'closed' });
    expect(await fact(alice('POST', `/dids/${scope}/ds/dids`, { dids: [file] }))).toEqual([
      201,
      undefined,
    ]);
    expect(await fact(alice('POST', '/replicas', { rse: 'DISK', files: [file] }))).toEqual([
      201,
      undefined,
    ]);
  });

  it('is shown as such, and opens again', async () => {
    const scope = await scopeOf('alice');
    await alice('PUT', `/scopes/${scope}`, { status: 'CLOSED' });
    expect((await bob('GET', `/scopes/${scope}`)).body).toMatchObject({
      scope,
      account: 'alice',
      status: 'CLOSED',
      closed_at: expect.stringMatching(/UTC$/),
    });
    await alice('PUT', `/scopes/${scope}`, { status: 'OPEN' });
    const { body } = await bob('GET', `/scopes/${scope}`);
    expect(body).toMatchObject({ status: 'OPEN', closed_at: null });
    expect(await fact(alice('POST', `/dids/${scope}/ds`, { type: 'DATASET' }))).toEqual([
      201,
      undefined,
    ]);
  });

  it.each([
    [{ status: 'DELETED' }, 'ValueError'],
    [{ status: 7 }, 'InvalidObject'],
    [{}, 'KeyError'],
    [undefined, 'ValueError'],
  ])('is not made by %j', async (body, exception) => {
    const scope = await scopeOf('alice');
    expect(await fact(alice('PUT', `/scopes/${scope}`, body))).toEqual([400, exception]);
  });
});

describe('deleting a scope', () => {
  it('frees its name, where nothing is in it', async () => {
    const scope = await scopeOf('alice');
    expect(await fact(bob('DELETE', `/scopes/${scope}`))).toEqual([403, 'AccessDenied']);
    expect(await fact(alice('DELETE', `/scopes/${scope}`))).toEqual([200, undefined]);
    expect(await fact(alice('GET', `/scopes/${scope}`))).toEqual([404, 'ScopeNotFound']);
    expect(await fact(api.root('DELETE', `/scopes/${scope}`))).toEqual([404, 'ScopeNotFound']);
    expect(await fact(api.root('POST', `/accounts/bob/scopes/${scope}`))).toEqual([201, undefined]);
    const noted = await api.db.read((tx) =>
      rows(tx, sql`SELECT action FROM audit WHERE subject = ${scope} ORDER BY created_at`),
    );
    expect(noted.map((row) => (row as { action: string }).action)).toEqual([
      'scope.add',
      'scope.delete',
      'scope.add',
    ]);
  });

  it('is refused where something is', async () => {
    const scope = await scopeOf('alice');
    await alice('POST', `/dids/${scope}/ds`, { type: 'DATASET' });
    expect(await fact(alice('DELETE', `/scopes/${scope}`))).toEqual([409, 'UnsupportedOperation']);
  });

  it('waits for a name that is being added, and is refused then', async () => {
    const scope = await scopeOf('alice');
    const adding = await hold(api.db, (tx) =>
      addDids(tx, 1, [{ scope, name: 'ds', type: 'D', monotonic: false }]),
    );
    const deleting = fact(alice('DELETE', `/scopes/${scope}`));
    await adding.release();
    expect(await deleting).toEqual([409, 'UnsupportedOperation']);
  });
});
