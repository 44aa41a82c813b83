import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../../support/api.js';

const PATH = '/lifetime_exceptions/';
const EXPIRES = 'Fri, 24 Jul 2099 16:01:23 UTC';

let api: TestApi;
let user: Call;
beforeAll(async () => {
  api = await startApi();
  const { root } = api;
  user = await api.person('alice');
  await api.person('bob');
  await root('POST', '/accounts/root/scopes/km3net');
  for (const name of ['old', 'older', 'young']) {
    await root('POST', `/dids/km3net/${name}`, { type: 'DATASET' });
  }
  await root('POST', '/dids/km3net/old/meta/eol_at', { value: '2030-01-01' });
  await root('POST', '/dids/km3net/older/meta/eol_at', { value: '2029-01-01' });
});
afterAll(() => api.close());

const dids = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name }));
const wish = (...names: string[]) => ({
  dids: dids(...names),
  account: 'alice',
  pattern: 'km3net:*',
  comments: 'still needed',
  expires_at: EXPIRES,
});
const errorOf = ({ text }: { text: string }) =>
  (JSON.parse(text) as { ExceptionClass: string }).ExceptionClass;

describe('lifetime exceptions', () => {
  it('cannot be asked for without a cut-off date', async () => {
    const answer = await user('POST', PATH, wish('old'));
    expect([answer.status, errorOf(answer)]).toEqual([409, 'UnsupportedOperation']);
  });

  it('are asked for what ends before the cut-off, one wish for one kind of data', async () => {
    await api.root('POST', '/config', { lifetime_model: { cutoff_date: '2050-01-01' } });
    const { status, body } = await user('POST', PATH, wish('old', 'older', 'young', 'nothing'));
    expect(status).toBe(201);
    const { exceptions, unknown, not_affected } = body as Record<string, object>;
    expect(Object.keys(exceptions as object)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(Object.values(exceptions as object)).toEqual([
      dids('old', 'older').map((did) => ({ ...did, did_type: 'DATASET' })),
    ]);
    expect(unknown).toEqual([{ scope: 'km3net', name: 'nothing', did_type: 'DATASET' }]);
    expect(not_affected).toEqual([{ scope: 'km3net', name: 'young', did_type: 'DATASET' }]);
  });

  it('are not asked for twice while nobody has decided', async () => {
    const answer = await user('POST', PATH, wish('older'));
    expect([answer.status, errorOf(answer)]).toEqual([409, 'LifetimeExceptionDuplicate']);
  });

  it('are asked for oneself only, unless one is an admin', async () => {
    const bob = await api.as('bob');
    expect(errorOf(await bob('POST', PATH, wish('old')))).toBe('AccessDenied');
    const { status } = await api.root('POST', PATH, { ...wish('old'), account: 'bob' });
    expect(status).toBe(201);
  });

  it('are listed, all of them or one, and decided by admins', async () => {
    const [first] = (await user('GET', PATH)).body as Record<string, unknown>[];
    expect(first).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...{ scope: 'km3net', name: 'old', did_type: 'DATASET', account: 'alice' },
      ...{ pattern: 'km3net:*', comments: 'still needed', state: 'WAITING' },
      created_at: expect.stringMatching(/UTC$/),
      expires_at: EXPIRES,
    });
    const path = `${PATH}${String(first?.['id'])}`;
    expect((await user('GET', path)).body).toHaveLength(2);
    expect(errorOf(await user('PUT', path, { state: 'A' }))).toBe('AccessDenied');
    expect((await api.root('PUT', path, { state: 'A' })).status).toBe(201);
    expect((await user('GET', path)).body).toMatchObject([
      { state: 'APPROVED' },
      { state: 'APPROVED' },
    ]);
    expect((await api.root('PUT', path, { state: 'R' })).status).toBe(201);
  });

  it.each([
    ['GET', `${PATH}${'0'.repeat(32)}`, undefined, 404, 'LifetimeExceptionNotFound'],
    ['GET', `${PATH}nothing`, undefined, 404, 'LifetimeExceptionNotFound'],
    ['PUT', `${PATH}${'0'.repeat(32)}`, { state: 'A' }, 404, 'LifetimeExceptionNotFound'],
    ['PUT', `${PATH}${'0'.repeat(32)}`, { state: 'W' }, 409, 'UnsupportedOperation'],
    ['PUT', `${PATH}${'0'.repeat(32)}`, {}, 400, 'KeyError'],
    ['POST', PATH, { dids: 'all' }, 400, 'InvalidObject'],
    ['POST', PATH, { dids: [], expires_at: 'soon' }, 400, 'InvalidObject'],
    ['POST', PATH, { dids: [], account: 'nobody' }, 404, 'AccountNotFound'],
  ] as const)('%s %s with %j is refused', async (method, path, body, status, error) => {
    const answer = await api.root(method, path, body);
    expect([answer.status, errorOf(answer)]).toEqual([status, error]);
  });

  it('last no longer than any may', async () => {
    await api.root('POST', '/config', { lifetime_model: { max_extension: '30' } });
    await api.root('POST', '/dids/km3net/young/meta/eol_at', { value: '2029-01-01' });
    await user('POST', PATH, wish('young'));
    const listed = (await user('GET', PATH)).body as { name: string; expires_at: string }[];
    const { expires_at } = listed.find(({ name }) => name === 'young') ?? {};
    const days = (Date.parse(expires_at ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  });
});
