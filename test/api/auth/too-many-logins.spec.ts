import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT_PASSWORD, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ overrides: { accounts: { passwordWorkers: 1, passwordQueueMax: 1 } } });
});
afterAll(() => api.close());

it('more logins than can wait are told to come back, and later ones are served', async () => {
  const headers = { 'X-Rucio-Username': 'root', 'X-Rucio-Password': ROOT_PASSWORD };
  const logIn = () => api.anonymous('GET', '/auth/userpass', undefined, headers);
  const answers = await Promise.all(Array.from({ length: 12 }, logIn));
  const refused = answers.filter(({ status }) => status === 503);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  expect(refused[0]?.headers.exceptionclass).toBe('ResourceTemporaryUnavailable');
  expect((await logIn()).status).toBe(200);
});
