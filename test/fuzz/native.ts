import { rows, sql } from '../../src/db/index.js';
import { type TestApi } from '../support/api.js';

/** A right request, as a client sends it. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

const dids = [{ scope: 'wire', name: 'ds1' }];
const rule = { dids, copies: 1, rse_expression: 'WIRE-DISK-1', activity: 'Staging' };
const placement = {
  parts: [
    { copies: 1, rse_expression: 'tier=1', weight: 'capacity' },
    { copies: 1, rse_expression: 'WIRE-TAPE' },
  ],
  distinct: ['site'],
  maxSkew: 1,
};
const phases = [
  { for: '30d', copies: 1, rse_expression: 'WIRE-DISK-1', weight: 'capacity' },
  { until_idle: 7_776_000, copies: 1, rse_expression: 'WIRE-TAPE', grouping: 'ALL' },
  { placement },
];
const repair = { on_stuck: 'elsewhere', attempts: 3, after: 60, drift: 'replace' };
const standing = { rse_expression: 'tier=1', copies: 1, lifetime: 3600, activity: 'Staging' };
const filter = { scope: ['wire'], pattern: 'ds.*', did_type: ['DATASET'] };
const notify = {
  sluice: { notify: { group_by: { files: 2, key: 'run_number' }, flush_after: 60 } },
};
const query = { scope: 'wire', filters: [{ name: 'ds*' }], type: 'dataset' };
const drain = { kind: 'drain', rse: 'WIRE-DISK-2', targets: 'tier=1', keep_copies: true };

const get = (path: string): Request => ({ method: 'GET', path });
const post = (path: string, ...bodies: unknown[]): Request[] =>
  bodies.map((body) => ({ method: 'POST', path, body }));
const put = (path: string, ...bodies: unknown[]): Request[] =>
  bodies.map((body) => ({ method: 'PUT', path, body }));

/** Every kind of job, as it is ordered. */
export const JOBS: readonly object[] = [
  { kind: 'replicate', query, from: 'tier=1', to: 'WIRE-TAPE', only_available: true, comment: 'x' },
  { kind: 'replicate', content: dids[0], rule: { phases, activity: 'Staging', lifetime: 60 } },
  { kind: 'replicate', dids, copies: 1, to: 'tier=1', into: { scope: 'wire', name: 'gathered' } },
  drain,
  { kind: 'delete_replicas', dids, rse_expression: 'WIRE-DISK-2', remove_rules: true },
  {
    kind: 'change',
    rules: { scope: 'wire', name: 'ds*', account: 'root', state: 'OK', activity: 'Staging' },
    change: { priority: 4, comment: 'x', lifetime: 60, purge_replicas: true },
  },
  { kind: 'change', rules: { ids: ['0'.repeat(32)] }, change: { activity: 'Staging' } },
  { kind: 'rebalance', from: 'tier=1', to: '*', threshold: 90, target: 80, bytes_max: 1000 },
];

/** Right requests of the routes, and with the fields, that Rucio does not have. */
export const NATIVE: readonly Request[] = [
  ...post(
    '/rules/plan',
    rule,
    { dids, placement, account: 'root' },
    { dids, phases, lifetime: 60 },
    { ...rule, rse_expression: 'tier=1:1;WIRE-TAPE:1;distinct=site;maxSkew=1' },
    { rules: [rule, { ...rule, grouping: 'NONE', weight: 'capacity' }] },
    { rse_leaves: 'WIRE-DISK-2' },
    { subscription: { account: 'root', name: 'older' } },
    { subscription: { filter, replication_rules: [standing] } },
  ),
  ...post(
    '/rules',
    { ...rule, repair },
    { dids, placement },
    { dids, phases },
    { ...rule, copies: 2, meta: { sluice: { placement, repair }, own: 1 } },
    { ...rule, meta: { sluice: { phases } } },
  ),
  ...put(
    '/rules/{id}',
    { options: { phases, repair } },
    { options: { phases: null, meta: { sluice: { repair } } } },
  ),
  ...post('/rules/{id}/move', { rse_expression: 'tier=1', override: { placement } }),
  ...post('/rules/{id}/reduce', { copies: 2, placement }),
  ...post('/rules/{id}/restore', { lifetime: 3600, copy_again: true }),
  get('/rules/{id}/explain'),
  get('/dids/wire/ds1/explain'),
  get('/replicas/wire/rep1.root/WIRE-DISK-1/explain'),
  get('/rses/WIRE-DISK-1/explain'),
  get('/requests/{id}/explain'),
  get('/accounts/wire-alice/explain'),
  ...post('/jobs', ...JOBS),
  get('/jobs?account=root&kind=drain&state=QUEUED&limit=5'),
  get('/jobs/{id}'),
  get('/jobs/{id}/result?state=FAILED'),
  get('/jobs/{id}/plan'),
  ...post('/jobs/schedules', { cron: '0 3 * * 1', time_zone: 'Europe/Paris', job: drain }),
  ...put('/jobs/schedules/{id}', { cron: '*/5 1-3 1,15 * *', time_zone: 'UTC', enabled: false }),
  ...post(
    '/subscriptions/root/fresh',
    { options: { filter, replication_rules: [{ ...standing, placement }], retroactive: true } },
    { options: { filter, replication_rules: [{ ...standing, phases }], lifetime: 1 } },
    { options: { filter: { ...filter, did_type: ['FILE'] }, replication_rules: [notify] } },
  ),
  ...put('/subscriptions/root/told', { options: { filter, replication_rules: [notify] } }),
  ...post(
    '/subscriptions/root/older/backfill',
    { dry_run: true },
    { per_minute: 600, again: true },
  ),
  ...put('/subscriptions/root/older/backfill', { state: 'PAUSED', per_minute: 7 }),
  get('/subscriptions/root/older/backfill'),
  get('/subscriptions/root/older/matches?again=true'),
  get('/subscriptions/root/told/tasks?state=NEW'),
  get('/subscriptions/root/told/tasks/1'),
  get('/subscriptions/root/told/tasks/1/dids'),
  ...post('/subscriptions/root/told/tasks/claim', { count: 1, consumer: 'x', lease_seconds: 60 }),
  ...post('/subscriptions/root/told/tasks/flush', undefined),
  ...put('/subscriptions/root/told/tasks/1', {
    state: 'RUNNING',
    from: 'ASSIGNED',
    consumer: 'x',
    external_id: '7',
    error: 'none',
    lease_seconds: 60,
  }),
];

/** Ids of what there is beside rules, by where a path has them: `/jobs/:id`. */
export type NativeIds = Readonly<Record<string, readonly string[]>>;

/** Makes one of everything that Rucio does not have, over what its story has made. */
export async function tellNative({ root, db }: TestApi): Promise<NativeIds> {
  const made = async (path: string, body?: unknown): Promise<void> => {
    const { status, text } = await root('POST', path, body);
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  };
  for (const job of JOBS) await made('/jobs', job);
  await made('/jobs/schedules', { cron: '0 3 * * 1', job: drain });
  await made('/subscriptions/root/older', { options: { filter, replication_rules: [standing] } });
  await made('/subscriptions/root/told', { options: { filter, replication_rules: [notify] } });
  for (const name of ['older', 'told']) await made(`/subscriptions/root/${name}/backfill`, {});
  const ids = (of: ReturnType<typeof sql>) =>
    db.read(async (tx) => {
      const found = await rows<{ id: string }>(
        tx,
        sql`SELECT replace(x.uid::text, '-', '') AS id FROM ${of} x ORDER BY x.id`,
      );
      return found.map(({ id }) => id);
    });
  return {
    '/jobs/:id': await ids(sql`jobs`),
    '/jobs/schedules/:id': await ids(sql`job_schedules`),
    '/requests/:id': await ids(sql`requests`),
  };
}
