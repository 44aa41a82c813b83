import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listRoutes } from '../../src/routes.js';
import { type Known, recordedFor, tellStory } from '../fuzz/story.js';
import { type Witness, witness } from '../fuzz/witness.js';
import { type Call, startApi, type TestApi } from '../support/api.js';

/** What everybody may leave here, whoever they are; jobs in their own name. */
const ANYBODY = [
  'POST /jobs',
  'POST /jobs/schedules',
  'POST /nongrid_traces',
  'POST /replicas/suspicious',
  'POST /traces',
];

const routes = await listRoutes();
const writing = routes.filter(({ method }) => method !== 'GET');

let api: TestApi;
let writes: Witness;
let known: Known;
let mallory: Call;

beforeAll(async () => {
  api = await startApi();
  known = await tellStory(api);
  await api.root('POST', '/accounts/mallory', { type: 'USER', email: null });
  await api.root('POST', '/accounts/mallory/identities', {
    identity: 'mallory',
    authtype: 'USERPASS',
    password: 'malice',
    email: null,
  });
  mallory = await api.as('mallory', 'malice');
  writes = await witness(api.db);
});
afterAll(() => api.close());

/** A route's path with values of the story. */
const filled = (path: string): string =>
  path.replace(/:(\w+)/g, (_, name: string, at: number) => {
    const there = known[`${path.slice(0, at)}:${name}`] ?? known[name];
    return there?.[0] ?? 'x';
  });

/** Right requests for a route: as recorded, and with a body that each of them could have. */
function requests(method: string, path: string) {
  const recorded = recordedFor(method, path);
  const own = { path: filled(path), body: recorded[0]?.body };
  return [...recorded, own].map((request) => ({
    path: request.path.includes('{') ? own.path : request.path,
    body: request.body,
  }));
}

describe('an account without any right', () => {
  it.each(writing)('changes nothing by $method $path', async ({ method, path }) => {
    if (ANYBODY.includes(`${method} ${path}`)) return;
    for (const request of requests(method, path)) {
      await writes.written();
      const answer = await mallory(method as 'POST', request.path, request.body);
      const outcome = { request, written: await writes.written(), status: answer.status };
      expect(outcome).toMatchObject({ request, written: [] });
      expect(answer.status).toBeLessThan(500);
    }
  });

  it('sees no settings, no secrets of storages, and no limits of others', async () => {
    await api.root('POST', '/rses/WIRE-DISK-2/protocols/davs', {
      impl: 'x',
      hostname: 'secret.example',
      port: 443,
      prefix: '/',
      extended_attributes: {
        token: 'hush-token',
        s3: { accessKey: 'k', secretKey: 'hush-secret' },
      },
    });
    for (const path of [
      '/rses/WIRE-DISK-2',
      '/rses/WIRE-DISK-2/protocols',
      '/rses/WIRE-DISK-2/protocols/davs',
    ]) {
      const told = (await mallory('GET', path)).text;
      expect(told).toContain('secret.example');
      expect(told).not.toContain('hush');
      expect((await api.root('GET', path)).text).toContain('hush');
    }
    for (const path of [
      '/config',
      '/config/wire',
      '/accounts/root/limits/local',
      '/accounts/root/usage/local',
    ]) {
      expect([path, (await mallory('GET', path)).status]).toEqual([path, 403]);
    }
  });
});
