import { readdirSync, readFileSync } from 'node:fs';
import { type Exchange } from '../../scripts/golden/exchange.mjs';
import { Replay } from '../../scripts/golden/replay.mjs';
import { rows, sql } from '../../src/db/index.js';
import { ROOT_PASSWORD, type TestApi } from '../support/api.js';
import { NATIVE, type Request, tellNative } from './native.js';

const wire = new URL('../golden/wire/', import.meta.url);

/** Right requests of routes that the story does not speak of. */
const unspoken: readonly Request[] = [
  get(
    '/credentials/signurl?rse=WIRE-DISK-1&svc=gcs&op=write&lifetime=60&url=https%3A%2F%2Fdisk1.wire.example%3A443%2Fdata%2Fwire%2F3d%2F3d%2Frep4.root',
  ),
  get(
    '/replicas/suspicious?rse_expression=tier%3D1&younger_than=2026-01-01T00%3A00%3A00&nattempts=1',
  ),
  get('/replicas/bad/states?state=B&rse=WIRE-DISK-1&younger_than=2026-01-01T00%3A00%3A00&limit=5'),
  get('/rses/WIRE-DISK-1/lfns2pfns?lfn=wire%3Arep1.root&scheme=https&domain=wan&operation=read'),
  get('/rses/WIRE-DISK-1/usage/history?source=sluice'),
  get('/redirect/wire/rep1.root?schemes=https&select=geoip&rse=WIRE-DISK-1&site=X'),
  get('/identities/wire-alice/userpass/accounts'),
  get('/locks/WIRE-DISK-1?did_type=dataset'),
  get('/subscriptions/root/raw/backlog'),
  {
    method: 'POST',
    path: '/replicas/bad',
    body: { reason: 'lost', replicas: [{ scope: 'wire', name: 'rep1.root', rse: 'WIRE-DISK-1' }] },
  },
  {
    method: 'POST',
    path: '/replicas/bad',
    body: {
      reason: 'lost',
      replicas: ['https://disk1.wire.example:443/data/wire/3d/3d/rep4.root'],
    },
  },
  {
    method: 'POST',
    path: '/replicas/bad/dids',
    body: { rse: 'WIRE-DISK-1', dids: [{ scope: 'wire', name: 'rep1.root' }], reason: 'x' },
  },
  {
    method: 'POST',
    path: '/replicas/suspicious',
    body: { reason: 'slow', pfns: ['https://disk1.wire.example:443/data/wire/3d/3d/rep4.root'] },
  },
  {
    method: 'POST',
    path: '/locks/bulk_locks_for_dids',
    body: { dids: [{ scope: 'wire', name: 'ds1' }] },
  },
  { method: 'POST', path: '/dids/bulkfiles', body: { dids: [{ scope: 'wire', name: 'ds1' }] } },
  {
    method: 'POST',
    path: '/rules/{id}/move',
    body: { rse_expression: 'WIRE-TAPE', override: { copies: 1 } },
  },
  {
    method: 'POST',
    path: '/rules/{id}/reduce',
    body: { copies: 1, exclude_expression: 'WIRE-TAPE' },
  },
  get('/export?distance=True'),
  {
    method: 'POST',
    path: '/import',
    body: {
      rses: {
        'WIRE-DISK-1': {
          attributes: { tier: 1 },
          protocols: [{ scheme: 'https', hostname: 'h.example', port: 443, impl: 'x' }],
          limits: { MinFreeSpace: 1 },
          qos_policies: ['FAST'],
        },
      },
      distances: { 'WIRE-DISK-1': { 'WIRE-TAPE': { distance: 1 } } },
      accounts: [{ account: 'wire-alice', email: null }],
    },
  },
  {
    method: 'PUT',
    path: '/requests/transfer_limits',
    body: { rse_expression: 'WIRE-DISK-1', activity: 'Staging', direction: 'S', max_transfers: 5 },
  },
  {
    method: 'DELETE',
    path: '/requests/transfer_limits',
    body: { rse_expression: 'WIRE-DISK-1', activity: 'Staging', direction: 'S' },
  },
  { method: 'POST', path: '/rses/WIRE-DISK-1/qos_policy/FAST' },
  {
    method: 'POST',
    path: '/traces',
    body: { eventType: 'download', scope: 'wire', filename: 'rep1.root', clientState: 'DONE' },
  },
  {
    method: 'DELETE',
    path: '/accounts/wire-filter/identities',
    body: { identity: 'wire-filter', authtype: 'USERPASS' },
  },
];

function get(path: string): Request {
  return { method: 'GET', path };
}

/** Every request of the golden story, in order: what a client sends when nothing is wrong with it. */
export const story: readonly Exchange[] = readdirSync(wire)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .flatMap((name) => {
    const { exchanges } = JSON.parse(readFileSync(new URL(name, wire), 'utf8')) as {
      exchanges: Exchange[];
    };
    return exchanges;
  });

/** What the accounts that the story makes log in with. */
export const STORY_PASSWORD = 'wire-secret-1';

/** Values of path parameters that are there, by the parameter's name, or by where it stands: `/jobs/:id`. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** What the story makes; rules have other ids at every telling. */
export const KNOWN: Known = {
  account: ['wire-alice', 'wire-filter', 'wire-group'],
  rse: ['WIRE-DISK-1', 'WIRE-DISK-2', 'WIRE-TAPE'],
  source: ['WIRE-DISK-1'],
  destination: ['WIRE-TAPE'],
  scope: ['wire'],
  name: ['ds1', 'top', 'run1.root', 'rep1.root', '%2Fkm3net%2Fraw%2Fds3'],
  scheme: ['https'],
};

/** Tells the story to a server, so that requests have something to be about. */
export async function tellStory(api: TestApi): Promise<Known> {
  const replay = new Replay({ url: api.url, username: 'root', password: ROOT_PASSWORD });
  for (const exchange of story) await replay.play(exchange);
  const rules = await api.db.read((tx) =>
    rows<{ id: string }>(tx, sql`SELECT replace(uid::text, '-', '') AS id FROM rules ORDER BY id`),
  );
  return {
    ...KNOWN,
    id: [...rules.map(({ id }) => id), '0'.repeat(32)],
    ...(await tellNative(api)),
  };
}

/** Right requests of one route, `/rses/:rse` matching `/rses/WIRE-DISK-1/`. */
export function recordedFor(method: string, route: string): Request[] {
  const pattern = new RegExp(`^${route.replace(/:[^/]+/g, '[^/?]+')}/?(\\?.*)?$`);
  return [...story, ...unspoken, ...NATIVE].filter(
    (request) => request.method === method && pattern.test(request.path),
  );
}
