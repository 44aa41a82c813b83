import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it('tells its version to anybody', async () => {
  const answer = await api.anonymous('GET', '/ping');
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
});
