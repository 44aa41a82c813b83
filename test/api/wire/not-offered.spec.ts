import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const PATHS = [
  '/opendata',
  '/opendata/dids',
  '/opendata/dids/?state=public',
  '/opendata/dids/scope/%2Fa%2Fb',
  '/opendata/public/dids/scope/name',
  '/vos',
  '/vos/',
  '/vos/abc',
  '/vos/abc/recover',
];

it.each(PATHS)('%s is not offered, by whatever method', async (path) => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
    for (const call of [api.root, api.anonymous]) {
      const answer = await call(method, path, method === 'GET' ? undefined : { a: 1 });
      expect([answer.status, answer.headers['exceptionclass']]).toEqual([
        501,
        'UnsupportedOperation',
      ]);
    }
  }
});

it('nothing else is', async () => {
  for (const path of ['/opendatas', '/vosges', '/scopes/vos']) {
    expect((await api.root('GET', path)).status).toBe(404);
  }
});
