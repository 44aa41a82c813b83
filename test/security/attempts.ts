/*
 * Every route that changes something, asked by an account that has nothing, about things of somebody
 * else. The bodies are such that the owner would be served.
 */
const did = { scope: 'user.alice', name: 'ds' };
const SIZED = { bytes: 1, adler32: '00000001' };
export const file = { scope: 'user.alice', name: 'f1', ...SIZED };
const at = { rse: 'DISK', files: [{ ...file, state: 'A' }] };
const copy = { scope: file.scope, name: file.name, rse: 'DISK' };
const identity = { identity: 'x', authtype: 'X509', email: null };
const protocol = { impl: 'x', hostname: 'a.example', port: 1, prefix: '/' };
export const order = {
  options: { filter: {}, replication_rules: [{ rse_expression: 'DISK', copies: 1 }] },
};
export const rule = { dids: [did], account: 'alice', copies: 1, rse_expression: 'DISK' };
const grown = { dids: [{ ...file, name: 'f2' }], rse: 'DISK' };
const pfns = ['https://disk.example/f1'];
const limit = { name: 'MinFreeSpace', value: 1 };

export const BODIES: Readonly<Record<string, unknown>> = {
  'POST /accounts/:account': { type: 'USER', email: null },
  'PUT /accounts/:account': { status: 'SUSPENDED' },
  'DELETE /accounts/:account': undefined,
  'POST /accounts/:account/attr/:key': { value: 'true' },
  'DELETE /accounts/:account/attr/:key': undefined,
  'POST /accounts/:account/identities': identity,
  'DELETE /accounts/:account/identities': identity,
  'POST /accounts/:account/limits/global/:expression': { bytes: -1 },
  'DELETE /accounts/:account/limits/global/:expression': undefined,
  'POST /accounts/:account/limits/local/:rse': { bytes: -1 },
  'DELETE /accounts/:account/limits/local/:rse': undefined,
  'POST /accounts/:account/scopes/:scope': undefined,
  'POST /config': { a: { b: 1 } },
  'PUT /config/:section/:option/:value': undefined,
  'DELETE /config/:section': undefined,
  'DELETE /config/:section/:option': undefined,
  'POST /dids': [{ ...did, name: 'new', type: 'DATASET' }],
  'POST /dids/:scope/:name': { type: 'DATASET' },
  'POST /dids/:scope/:name/dids': grown,
  'DELETE /dids/:scope/:name/dids': { dids: [file] },
  'POST /dids/:scope/:name/meta': { meta: { run_number: 1 } },
  'DELETE /dids/:scope/:name/meta?key=own': undefined,
  'POST /dids/:scope/:name/meta/:key': { value: 1 },
  'PUT /dids/:scope/:name/status': { open: false },
  'POST /dids/attachments': [{ ...did, ...grown }],
  'POST /dids/bulkdidsmeta': { dids: [{ ...did, meta: { run_number: 1 } }] },
  'POST /dirac/addfiles': { lfns: [{ lfn: '/user.alice/d/f', rse: 'DISK', ...SIZED }] },
  'POST /heartbeats': { executable: 'x', hostname: 'h', pid: 1 },
  'PUT /identities/:account/gss': undefined,
  'PUT /identities/:account/userpass': undefined,
  'PUT /identities/:account/x509': undefined,
  'POST /meta_conventions/:key': { key_type: 'ALL' },
  'POST /meta_conventions/:key/values': { value: 1 },
  'POST /replicas': at,
  'PUT /replicas': at,
  'DELETE /replicas': at,
  'POST /replicas/bad': { reason: 'x', replicas: [copy] },
  'POST /replicas/bad/dids': { reason: 'x', dids: [did], rse: 'DISK', state: 'BAD' },
  'POST /replicas/bad/pfns': { reason: 'x', pfns, state: 'BAD' },
  'POST /replicas/quarantine': { rse: 'DISK', replicas: [{ path: '/x' }] },
  'POST /replicas/tombstone': { replicas: [copy] },
  'POST /rses/:rse': {},
  'PUT /rses/:rse': { volatile: true },
  'DELETE /rses/:rse': undefined,
  'POST /rses/:rse/attr/:key': { value: 1 },
  'DELETE /rses/:rse/attr/:key': undefined,
  'PUT /rses/:rse/limits': limit,
  'DELETE /rses/:rse/limits': limit,
  'POST /rses/:rse/protocols/:scheme': protocol,
  'PUT /rses/:rse/protocols/:scheme': { prefix: '/' },
  'DELETE /rses/:rse/protocols/:scheme': undefined,
  'PUT /rses/:rse/usage': { source: 'storage', used: 1 },
  'POST /rses/:source/distances/:destination': { distance: 1 },
  'PUT /rses/:source/distances/:destination': { distance: 1 },
  'DELETE /rses/:source/distances/:destination': undefined,
  'POST /rules': rule,
  'PUT /rules/:id': { options: { comment: 'x' } },
  'DELETE /rules/:id': {},
  'POST /rules/:id/move': { rse_expression: 'DISK' },
  'POST /rules/:id/reduce': { copies: 1 },
  'PUT /scopes/:account/:scope': undefined,
  'POST /scopes/:account/:scope': undefined,
  'PUT /scopes/:scope': { status: 'CLOSED' },
  'DELETE /scopes/:scope': undefined,
  'POST /subscriptions/:account/:name': order,
  'PUT /subscriptions/:account/:name': order,
};

/** What is sent by POST and changes nothing of anybody's. */
export const OPEN = new Set([
  'POST /dids/bulkfiles',
  'POST /dids/bulkmeta',
  'POST /locks/bulk_locks_for_dids',
  'POST /nongrid_traces',
  'POST /replicas/datasets_bulk',
  'POST /replicas/dids',
  'POST /replicas/list',
  'POST /replicas/suspicious',
  'POST /traces',
]);
