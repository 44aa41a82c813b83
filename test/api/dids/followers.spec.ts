import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ok, refused, type World, world } from './world.js';

const PATH = '/dids/km3net/%2Fruns%2F1/follow';

let w: World;
beforeAll(async () => {
  w = await world();
  await ok(w.root('POST', '/dids/km3net/%2Fruns%2F1', { type: 'DATASET' }));
});
afterAll(() => w.close());

const followers = async () => (await ok(w.root('GET', PATH))).body;

it('accounts follow DIDs, and stop to', async () => {
  expect((await ok(w.alice('POST', PATH, { account: 'alice' }))).status).toBe(201);
  await ok(w.alice('POST', PATH, { account: 'alice' }));
  await ok(w.root('POST', PATH, { account: 'root' }));
  expect(await followers()).toEqual([{ user: 'alice' }, { user: 'root' }]);
  expect((await ok(w.root('DELETE', PATH, { account: 'alice' }))).status).toBe(200);
  expect(await followers()).toEqual([{ user: 'root' }]);
});

it('nobody follows on behalf of others, admins apart', async () => {
  expect(await refused(w.alice('POST', PATH, { account: 'root' }))).toBe('403 AccessDenied');
  expect(await refused(w.alice('DELETE', PATH, { account: 'root' }))).toBe('403 AccessDenied');
});

it.each<[string, unknown, string]>([
  [PATH, {}, '400 KeyError'],
  [PATH, { account: 'nobody' }, '404 AccountNotFound'],
  ['/dids/km3net/nothing/follow', { account: 'root' }, '404 DataIdentifierNotFound'],
])('POST %s %j is %s', async (path, body, fact) => {
  expect(await refused(w.root('POST', path, body))).toBe(fact);
});

it('the status of a DID is read where it is set', async () => {
  const at = async (path: string) => (await ok(w.root('GET', `/dids/km3net/${path}`))).body;
  expect(await at('%2Fruns%2F1/status')).toEqual(await at('%2Fruns%2F1'));
});
