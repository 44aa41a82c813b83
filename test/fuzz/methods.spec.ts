import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listRoutes } from '../../src/routes.js';
import { startApi, type TestApi } from '../support/api.js';
import { sendRaw } from './send-raw.js';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'TRACE'];
const routes = await listRoutes();
const paths = [...new Set(routes.map(({ path }) => path))];
const served = (path: string) =>
  new Set(routes.filter((route) => route.path === path).map(({ method }) => method));
/** The path with every parameter filled in. */
const filled = (path: string) => path.replace(/:\w+/g, 'x');

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('a method that a path does not take', () => {
  it.each(paths)('%s: is 405 and told which it takes, with and without a slash', async (path) => {
    const others = METHODS.filter((method) => !served(path).has(method));
    for (const method of others) {
      for (const url of [filled(path), `${filled(path)}/`]) {
        // A more general route may take the method: then it is that route's answer.
        const answer = await sendRaw(api.url, { method, path: url, headers: {} });
        expect(answer.status).toBeLessThan(500);
        if (answer.status !== 405) continue;
        expect(answer.headers['exceptionclass']).toBe('MethodNotAllowed');
        expect(String(answer.headers['allow']).split(', ')).toEqual(
          expect.arrayContaining([...served(path)]),
        );
        expect(String(answer.headers['allow']).split(', ')).not.toContain(method);
      }
    }
  });

  it('is 405 for PATCH on every path', async () => {
    for (const path of paths) {
      const answer = await sendRaw(api.url, { method: 'PATCH', path: filled(path), headers: {} });
      expect([path, answer.status]).toEqual([path, 405]);
    }
  });
});
