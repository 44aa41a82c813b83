/** The kinds of account that a request may come from, those with the fewest rights first. */
export const SENDERS = ['stranger', 'service', 'owner', 'admin', 'root'] as const;
export type Sender = (typeof SENDERS)[number];

export const EVERYBODY: readonly Sender[] = SENDERS;
export const OWNERS: readonly Sender[] = ['owner', 'admin', 'root'];
export const ADMINS: readonly Sender[] = ['admin', 'root'];
export const ROOT: readonly Sender[] = ['root'];

/** A right request about something of the owner's, and who may send it. */
export interface Right {
  /** As the router has it; `:id` is `:rule`, `:job` … where several nouns share a name. */
  readonly route: string;
  readonly may: readonly Sender[];
  readonly body?: unknown;
  /** The status of whoever may, where there is nothing that it could be about. */
  readonly refused?: number;
}

const right = (route: string, may: readonly Sender[], body?: unknown): Right => ({
  route,
  may,
  body,
});

const dids = [{ scope: 'user.alice', name: 'ds' }];
const rule = { dids, account: 'alice', copies: 1, rse_expression: 'DISK' };
const order = {
  filter: { scope: ['user.alice'] },
  replication_rules: [{ rse_expression: 'DISK', copies: 1 }],
};
const replicate = { kind: 'replicate', dids, to: 'DISK' };
const change = { kind: 'change', rules: { scope: 'user.alice' }, change: { priority: 5 } };
const wholeRse = { kind: 'drain', rse: 'DISK' };
const cron = '0 3 * * 1';

/** What changes or plans something, beyond what `attempts.ts` lists: the most of it Rucio does not have. */
export const RIGHTS: readonly Right[] = [
  right('POST /rules/plan', OWNERS, rule),
  right('POST /rules/plan', EVERYBODY, { ...rule, account: undefined }),
  right('POST /rules/plan', ADMINS, { ...rule, locked: true }),
  right('POST /rules/plan', ADMINS, {
    rules: [
      { ...rule, account: undefined },
      { ...rule, account: 'root' },
    ],
  }),
  right('POST /rules/plan', ADMINS, { rse_leaves: 'DISK' }),
  right('POST /rules/plan', OWNERS, { subscription: { account: 'alice', name: 'order' } }),
  right('POST /rules/plan', OWNERS, { subscription: { account: 'alice', ...order } }),
  right('POST /rules/:deleted/restore', OWNERS, {}),
  right('POST /rules/:gone/restore', OWNERS, {}),
  right('POST /jobs', EVERYBODY, replicate),
  right('POST /jobs', OWNERS, { ...replicate, rule: { account: 'alice' } }),
  right('POST /jobs', OWNERS, { ...replicate, into: { scope: 'user.alice', name: 'into' } }),
  right('POST /jobs', ADMINS, { ...replicate, rule: { locked: true } }),
  right('POST /jobs', EVERYBODY, change),
  right('POST /jobs', ADMINS, { kind: 'delete_replicas', dids }),
  right('POST /jobs', ADMINS, wholeRse),
  right('POST /jobs', ADMINS, { kind: 'rebalance' }),
  right('POST /jobs/:job/approve', ADMINS),
  right('DELETE /jobs/:job', OWNERS),
  right('POST /jobs/:job/resume', OWNERS),
  right('POST /jobs/schedules', EVERYBODY, { cron, job: change }),
  right('POST /jobs/schedules', ADMINS, { cron, job: wholeRse }),
  right('PUT /jobs/schedules/:schedule', OWNERS, { enabled: false }),
  right('DELETE /jobs/schedules/:schedule', OWNERS),
  right('POST /subscriptions/:account/order/backfill', EVERYBODY, { dry_run: true }),
  right('POST /subscriptions/:account/order/backfill', OWNERS, {}),
  right('PUT /subscriptions/:account/order/backfill', OWNERS, { per_minute: 1 }),
  right('POST /subscriptions/:account/told/tasks/flush', OWNERS),
  right('POST /subscriptions/:account/told/tasks/claim', OWNERS, {}),
  right('PUT /subscriptions/:account/told/tasks/1', OWNERS, { state: 'RUNNING' }),
  right('POST /dids/:scope/:name/derived', OWNERS, {
    parents: [{ scope: 'user.alice', name: 'f1' }],
  }),
  right('DELETE /dids/:scope/:name/derived', OWNERS, {
    parents: [{ scope: 'user.alice', name: 'f1' }],
  }),
  right('POST /dids/derived', OWNERS, [
    { scope: 'user.alice', name: 'ds', parents: [{ scope: 'user.alice', name: 'f1' }] },
  ]),
  right('POST /dids/sample', OWNERS, {
    input_scope: 'user.alice',
    input_name: 'ds',
    output_scope: 'user.alice',
    output_name: 'drawn',
    nbfiles: 1,
  }),
  right('POST /dids/:scope/:name/user.alice/redrawn/1/sample', OWNERS),
  { ...right('POST /dids/resurrect', ADMINS, dids), refused: 404 },
  right('POST /dids/:scope/:name/follow', OWNERS, { account: 'alice' }),
  right('DELETE /dids/:scope/:name/follow', OWNERS, { account: 'alice' }),
  // Asked for only where an administrator has set the cutoff date.
  {
    ...right('POST /lifetime_exceptions', OWNERS, {
      dids: [{ scope: 'user.alice', name: 'ds', did_type: 'DATASET' }],
      account: 'alice',
      pattern: null,
      comments: 'x',
      expires_at: '2030-01-01 00:00:00',
    }),
    refused: 409,
  },
  { ...right('PUT /lifetime_exceptions/:exception', ADMINS, { state: 'A' }), refused: 404 },
  right('PUT /rses/:rse/protocols/davs/a.example', ADMINS, { prefix: '/x' }),
  right('PUT /rses/:rse/protocols/davs/a.example/1', ADMINS, { prefix: '/y' }),
  right('DELETE /rses/:rse/protocols/davs/a.example/1', ADMINS),
  { ...right('DELETE /rses/:rse/protocols/davs/a.example', ADMINS), refused: 404 },
  right('POST /rses/:rse/qos_policy/FAST', ADMINS),
  right('DELETE /rses/:rse/qos_policy/FAST', ADMINS),
  right('POST /rses/:old/restore', ADMINS),
  right('PUT /requests/transfer_limits', ADMINS, { rse_expression: 'DISK', max_transfers: 5 }),
  right('DELETE /requests/transfer_limits', ADMINS, { rse_expression: 'DISK' }),
  right('POST /import', ROOT, { rses: {} }),
];

/** What can be read, and by whom. */
export const READS: Readonly<Record<string, readonly Sender[]>> = {
  '/accounts': EVERYBODY,
  '/accounts/:account': EVERYBODY,
  '/accounts/:account/attr': EVERYBODY,
  '/accounts/:account/explain': OWNERS,
  '/accounts/:account/identities': EVERYBODY,
  '/accounts/:account/limits': OWNERS,
  '/accounts/:account/limits/:rse': OWNERS,
  '/accounts/:account/limits/global': OWNERS,
  '/accounts/:account/limits/global/:expression': OWNERS,
  '/accounts/:account/limits/local': OWNERS,
  '/accounts/:account/limits/local/:rse': OWNERS,
  '/accounts/:account/rules': EVERYBODY,
  '/accounts/:account/scopes': EVERYBODY,
  '/accounts/:account/usage': OWNERS,
  '/accounts/:account/usage/:rse': OWNERS,
  '/accounts/:account/usage/global': OWNERS,
  '/accounts/:account/usage/global/:expression': OWNERS,
  '/accounts/:account/usage/history/:rse': OWNERS,
  '/accounts/:account/usage/local': OWNERS,
  '/accounts/:account/usage/local/:rse': OWNERS,
  '/accounts/whoami': EVERYBODY,
  '/archives/:scope/:name/files': EVERYBODY,
  '/auth/validate': EVERYBODY,
  '/config': ADMINS,
  '/config/:section': ADMINS,
  '/config/:section/:option': ADMINS,
  '/credentials/signurl': EVERYBODY,
  '/dids/:guid/guid': EVERYBODY,
  '/dids/:scope': EVERYBODY,
  '/dids/:scope/:name': EVERYBODY,
  '/dids/:scope/:name/ancestors': EVERYBODY,
  '/dids/:scope/:name/associated_rules': EVERYBODY,
  '/dids/:scope/:name/descendants': EVERYBODY,
  '/dids/:scope/:name/dids': EVERYBODY,
  '/dids/:scope/:name/dids/history': EVERYBODY,
  '/dids/:scope/:name/explain': EVERYBODY,
  '/dids/:scope/:name/files': EVERYBODY,
  '/dids/:scope/:name/follow': EVERYBODY,
  '/dids/:scope/:name/meta': EVERYBODY,
  '/dids/:scope/:name/parents': EVERYBODY,
  '/dids/:scope/:name/rules': EVERYBODY,
  '/dids/:scope/:name/status': EVERYBODY,
  '/dids/:scope/dids/search': EVERYBODY,
  '/dids/new': EVERYBODY,
  '/doctor': ADMINS,
  '/export': ROOT,
  '/heartbeats': ROOT,
  '/identities/:identity/:type/accounts': EVERYBODY,
  '/identities/accounts': EVERYBODY,
  '/jobs': EVERYBODY,
  '/jobs/:job': EVERYBODY,
  '/jobs/:job/plan': EVERYBODY,
  '/jobs/:job/result': EVERYBODY,
  '/jobs/schedules': EVERYBODY,
  '/jobs/schedules/:schedule': EVERYBODY,
  '/lifetime_exceptions': EVERYBODY,
  '/lifetime_exceptions/:id': EVERYBODY,
  '/locks/:rse': EVERYBODY,
  '/locks/:scope/:name': EVERYBODY,
  '/meta_conventions': EVERYBODY,
  '/meta_conventions/:key': EVERYBODY,
  '/meta_conventions/:key/values': EVERYBODY,
  '/replicas/:scope/:name': EVERYBODY,
  '/replicas/:scope/:name/:rse/explain': EVERYBODY,
  '/replicas/:scope/:name/datasets': EVERYBODY,
  '/replicas/:scope/:name/datasets_vp': EVERYBODY,
  '/replicas/bad/states': EVERYBODY,
  '/replicas/bad/summary': EVERYBODY,
  '/replicas/rse/:rse': EVERYBODY,
  '/replicas/suspicious': EVERYBODY,
  '/requests/:request/explain': EVERYBODY,
  '/requests/:scope/:name/:rse': EVERYBODY,
  '/requests/history/:scope/:name/:rse': EVERYBODY,
  '/requests/history/list': EVERYBODY,
  '/requests/list': EVERYBODY,
  '/requests/transfer_limits': ADMINS,
  '/rses': EVERYBODY,
  '/rses/:rse': EVERYBODY,
  '/rses/:rse/accounts/usage': ADMINS,
  '/rses/:rse/attr': EVERYBODY,
  '/rses/:rse/explain': EVERYBODY,
  '/rses/:rse/lfns2pfns': EVERYBODY,
  '/rses/:rse/limits': EVERYBODY,
  '/rses/:rse/protocols': EVERYBODY,
  '/rses/:rse/protocols/:scheme': EVERYBODY,
  '/rses/:rse/qos_policy': EVERYBODY,
  '/rses/:rse/usage': EVERYBODY,
  '/rses/:rse/usage/history': EVERYBODY,
  '/rses/:source/distances/:destination': EVERYBODY,
  '/rules': EVERYBODY,
  '/rules/:rule': EVERYBODY,
  '/rules/:rule/analysis': EVERYBODY,
  '/rules/:rule/explain': EVERYBODY,
  '/rules/:rule/history': EVERYBODY,
  '/rules/:rule/locks': EVERYBODY,
  '/rules/:scope/:name/history': EVERYBODY,
  '/scopes': EVERYBODY,
  '/scopes/:account/scopes': EVERYBODY,
  '/scopes/:scope': EVERYBODY,
  '/scopes/owner': EVERYBODY,
  '/subscriptions': EVERYBODY,
  '/subscriptions/:account': EVERYBODY,
  '/subscriptions/:account/order': EVERYBODY,
  '/subscriptions/:account/order/backfill': EVERYBODY,
  '/subscriptions/:account/order/backlog': EVERYBODY,
  '/subscriptions/:account/order/matches': EVERYBODY,
  '/subscriptions/:account/order/rules': EVERYBODY,
  '/subscriptions/:account/order/rules/states': EVERYBODY,
  '/subscriptions/:account/rules/states': EVERYBODY,
  '/subscriptions/:account/told/tasks': EVERYBODY,
  '/subscriptions/:account/told/tasks/1': EVERYBODY,
  '/subscriptions/:account/told/tasks/1/dids': EVERYBODY,
  '/subscriptions/id/:subscription': EVERYBODY,
  '/subscriptions/name/order': EVERYBODY,
};
