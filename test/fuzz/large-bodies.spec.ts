import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listRoutes } from '../../src/routes.js';
import { ROOT_PASSWORD, startApi, type TestApi } from '../support/api.js';
import { sendRaw } from './send-raw.js';
import { KNOWN } from './story.js';
import { type Witness, witness } from './witness.js';

const SIZE = 10_000_000;

/** One long text, many small things, one long key. */
const bodies: readonly string[] = [
  JSON.stringify({ dids: 'x'.repeat(SIZE), options: 'x' }),
  `{"dids": [${Array.from({ length: SIZE / 40 }, (_, i) => `{"scope": "wire", "name": "ds${i}"}`).join(', ')}]}`,
  `{"${'k'.repeat(SIZE)}": 1}`,
];

const routes = (await listRoutes()).filter(({ method }) => method !== 'GET');

let api: TestApi;
let writes: Witness;
let token: string;
beforeAll(async () => {
  api = await startApi();
  const answer = await api.anonymous('GET', '/auth/userpass', undefined, {
    'X-Rucio-Account': 'root',
    'X-Rucio-Username': 'root',
    'X-Rucio-Password': ROOT_PASSWORD,
  });
  token = answer.headers['x-rucio-auth-token'] ?? '';
  writes = await witness(api.db);
});
afterAll(() => api.close());

describe('ten million bytes to', () => {
  it.each(routes.map((route, at) => ({ ...route, body: bodies[at % bodies.length] ?? '' })))(
    '$method $path are answered, and refused without a trace',
    async ({ method, path, body }) => {
      await writes.written();
      const { status, text, whole } = await sendRaw(api.url, {
        method,
        path: path.replace(/:([^/]+)/g, (_, name: string) => KNOWN[name]?.[0] ?? 'x'),
        headers: { 'X-Rucio-Auth-Token': token },
        body,
      });
      expect({ whole, text: status < 500 ? '' : text }).toEqual({ whole: true, text: '' });
      if (status >= 400) expect(await writes.written()).toEqual([]);
    },
  );
});
