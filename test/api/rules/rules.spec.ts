import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { conveyorFinisher } from '../../../src/daemons/conveyor/finisher.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { shift } from '../../support/shift.js';
import { ruleCalls } from './rule-calls.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let alice: Call;
let bob: Call;

const files = (...names: string[]) =>
  names.map((name) => ({ scope: 'lab', name, bytes: 10, adler32: '00000001' }));

beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  bob = await api.person('bob');
  await api.root('POST', '/accounts/alice/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/rses/${rse}/protocols/https`, {
      hostname: `${rse.toLowerCase()}.example`,
      port: 443,
      prefix: '/d/',
      impl: 'webdav',
      domains: { wan: { read: 1, write: 1, delete: 1 } },
    });
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 1000 });
  }
  for (const run of ['run1', 'run2', 'run3', 'run4', 'run5']) {
    await api.root('POST', `/dids/lab/${run}`, {
      type: 'DATASET',
      dids: files(`${run}.a`, `${run}.b`),
      rse: 'A-DISK',
    });
  }
});
afterAll(() => api.close());

const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
/** One shift of the finisher. */
const finish = () => shift(api.db, conveyorFinisher(config));
const always = { copies: 1, account: 'alice', grouping: 'DATASET' };
const { rule, ...calls } = ruleCalls(() => alice, always);
const wish = (name: string, rse_expression: string, more: object = {}) =>
  calls.wish(name, { rse_expression, ...more });
const add = (name: string, rse_expression: string, more: object = {}) =>
  calls.add(name, { rse_expression, ...more });
const lines = (answer: Answer) => answer.body as Record<string, unknown>[];
const refusal = ({ status, headers }: Answer) => `${status} ${headers['exceptionclass']}`;

describe('whose rules', () => {
  it('everybody adds their own, admins any, and locked ones only admins', async () => {
    expect(refusal(await bob('POST', '/rules/', wish('run1', 'A-DISK')))).toBe('403 AccessDenied');
    expect(refusal(await alice('POST', '/rules/', wish('run1', 'A-DISK', { locked: true })))).toBe(
      '403 AccessDenied',
    );
    const answer = await api.root('POST', '/rules/', wish('run1', 'A-DISK', { locked: true }));
    expect(answer.status).toBe(201);
  });

  it('owners change and delete theirs; nobody else does', async () => {
    const id = await add('run1', 'B-DISK');
    const comment = { options: { comment: 'mine' } };
    expect(refusal(await bob('PUT', `/rules/${id}`, comment))).toBe('403 AccessDenied');
    expect(refusal(await bob('DELETE', `/rules/${id}`, {}))).toBe('403 AccessDenied');
    expect((await alice('PUT', `/rules/${id}`, comment)).status).toBe(200);
    expect((await alice('DELETE', `/rules/${id}`, {})).status).toBe(200);
    expect(await rule(id)).toMatchObject({ comments: 'mine', state: 'REPLICATING' });
    expect((await rule(id))['expires_at']).not.toBeNull();
  });

  it('owners neither lock their rules, give them away, nor approve them', async () => {
    const id = await add('run1', 'C-DISK', { ask_approval: true });
    for (const options of [{ locked: true }, { account: 'bob' }, { approve: true }]) {
      expect(refusal(await alice('PUT', `/rules/${id}`, { options }))).toBe('403 AccessDenied');
    }
    expect((await api.root('PUT', `/rules/${id}`, { options: { approve: false } })).status).toBe(
      200,
    );
    expect(refusal(await alice('GET', `/rules/${id}`))).toBe('404 RuleNotFound');
  });

  it('what was changed, and by whom, is recorded', async () => {
    const id = await add('run1', 'B-DISK|C-DISK');
    await alice('PUT', `/rules/${id}`, { options: { priority: 5, lifetime: 60 } });
    const noted = await api.db.read((tx) =>
      rows<{ action: string; change: object }>(
        tx,
        sql`SELECT action, change FROM audit WHERE subject = ${id}`,
      ),
    );
    expect(noted).toEqual([
      { action: 'rule.change', change: expect.objectContaining({ priority: 5, lifetime: 60 }) },
    ]);
  });
});

describe('a rule', () => {
  it('comes with a new dataset', async () => {
    const rules = [{ account: 'alice', copies: 1, rse_expression: 'C-DISK', lifetime: 86_400 }];
    const made = await alice('POST', '/dids/lab/uploads', { type: 'DATASET', rules });
    expect(made.status).toBe(201);
    const [listed] = lines(await alice('GET', '/dids/lab/uploads/rules'));
    expect(listed).toMatchObject({ rse_expression: 'C-DISK', state: 'OK', account: 'alice' });
    const wrong = await alice('POST', '/dids/lab/uploads2', { type: 'DATASET', rules: [{}] });
    expect(refusal(wrong)).toBe('400 InvalidObject');
    expect((await alice('GET', '/dids/lab/uploads2')).status).toBe(404);
  });

  it('is for several DIDs at once, all or none', async () => {
    const dids = ['run2', 'run3'].map((name) => ({ scope: 'lab', name }));
    const both = { ...wish('', 'A-DISK'), dids };
    expect((await alice('POST', '/rules/', both)).body).toHaveLength(2);
    const more = { ...wish('', 'B-DISK'), dids: [...dids, { scope: 'lab', name: 'none' }] };
    expect(refusal(await alice('POST', '/rules/', more))).toBe('404 DataIdentifierNotFound');
    expect(lines(await alice('GET', '/rules/?scope=lab&name=run2'))).toHaveLength(1);
  });

  it('a negative lifetime expires it at once', async () => {
    const id = await add('run3', 'C-DISK');
    expect((await alice('PUT', `/rules/${id}`, { options: { lifetime: -86_400 } })).status).toBe(
      200,
    );
    expect(Date.parse(String((await rule(id))['expires_at']))).toBeLessThan(Date.now());
  });

  it('set suspended with its transfers cancelled has stuck locks and no requests', async () => {
    const id = await add('run2', 'C-DISK');
    const options = { state: 'suspended', cancel_requests: true };
    expect((await alice('PUT', `/rules/${id}`, { options })).status).toBe(200);
    expect(await rule(id)).toMatchObject({
      state: 'SUSPENDED',
      locks_stuck_cnt: 2,
      locks_replicating_cnt: 0,
    });
    const analysis = (await alice('GET', `/rules/${id}/analysis`)).body as { transfers: object[] };
    expect(analysis.transfers).toHaveLength(2);
    expect(analysis.transfers[0]).toMatchObject({
      name: 'run2.a',
      rse: 'C-DISK',
      cause: 'CANCELLED',
      sources: [['A-DISK', true]],
    });
  });

  it('is explained in the words that the command line prints', async () => {
    const id = await add('run5', 'C-DISK');
    const analysis = async () =>
      (await alice('GET', `/rules/${id}/analysis`)).body as {
        rule_error: string;
        transfers: Record<string, unknown>[];
      };
    expect(await analysis()).toEqual({ rule_error: expect.any(String), transfers: [] });
    await api.db.tx(async (tx) => {
      const lies = sql`cause = 'SOURCE_CHECKSUM', error = 'adler32 differs', expected = 'adler32:00000001',
        found = 'adler32:0000beef', source_rse_id = (SELECT id FROM rses WHERE name = 'A-DISK'), submitted_at = now()`;
      await execute(
        tx,
        sql`UPDATE requests q SET state = 'F', ${lies}
             WHERE rse_id = (SELECT id FROM rses WHERE name = 'C-DISK')
               AND did_id = (SELECT id FROM dids WHERE name = 'run5.a')`,
      );
    });
    await finish();
    await api.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE requests SET state = 'N', cause = 'NO_SOURCE', error = 'no available copy'
             WHERE attempt = 1 AND did_id = (SELECT id FROM dids WHERE name = 'run5.a')`,
      ),
    );
    await finish();
    const { rule_error, transfers } = await analysis();
    expect(rule_error).toBe('adler32 differs; no other copy can be read');
    expect(transfers).toEqual([
      expect.objectContaining({
        scope: 'lab',
        name: 'run5.a',
        rse: 'C-DISK',
        attempts: 1,
        last_error:
          'SOURCE_CHECKSUM: adler32 differs; no other copy can be read; expected adler32:00000001; found adler32:0000beef',
        last_source: 'A-DISK',
        sources: [],
        cause: 'SOURCE_CHECKSUM',
        expected: 'adler32:00000001',
        found: 'adler32:0000beef',
        stuck: true,
      }),
    ]);
    for (const key of ['last_time', 'stuck_since', 'next_try']) {
      expect(transfers[0]?.[key]).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} UTC$/);
    }
  });

  it('takes every option of an update', async () => {
    const id = await add('run5', 'B-DISK');
    const options = {
      comment: 'other',
      lifetime: 7200,
      activity: 'Debug',
      source_replica_expression: 'A-DISK',
      priority: 5,
      eol_at: '2030-01-01T00:00:00',
      meta: '{"task": 2}',
      purge_replicas: true,
      boost_rule: true,
      state: 'STUCK',
      cancel_requests: true,
      child_rule_id: null,
    };
    expect((await alice('PUT', `/rules/${id}`, { options })).status).toBe(200);
    expect(await rule(id)).toMatchObject({
      comments: 'other',
      activity: 'Debug',
      source_replica_expression: 'A-DISK',
      priority: 5,
      eol_at: 'Tue, 01 Jan 2030 00:00:00 UTC',
      purge_replicas: true,
      state: 'STUCK',
    });
    expect((await rule(id))['stuck_at']).not.toBeNull();
    const wrong = { source_replica_expression: 'NO-DISK' };
    expect(refusal(await alice('PUT', `/rules/${id}`, { options: wrong }))).toBe(
      '400 InvalidSourceReplicaExpression',
    );
    const gardening = { activity: 'Gardening' };
    expect(refusal(await alice('PUT', `/rules/${id}`, { options: gardening }))).toBe(
      '400 InvalidObject',
    );
    const long = { comment: 'x'.repeat(251) };
    expect(refusal(await alice('PUT', `/rules/${id}`, { options: long }))).toBe(
      '400 InvalidObject',
    );
  });

  it('asks for approval of one RSE only', async () => {
    const several = { ask_approval: true };
    expect(refusal(await alice('POST', '/rules/', wish('run5', 'A-DISK|C-DISK', several)))).toBe(
      '409 InvalidReplicationRule',
    );
  });

  it('moves: a new one takes its place and the old one waits for it', async () => {
    const id = await add('run3', 'B-DISK', { comment: 'precious' });
    const moved = await alice('POST', `/rules/${id}/move`, {
      rule_id: id,
      rse_expression: 'B-DISK|C-DISK&C-DISK',
      override: { lifetime: 600 },
    });
    expect(moved.status).toBe(201);
    const child = JSON.parse(moved.text) as string;
    expect(await rule(child)).toMatchObject({ comments: 'precious', state: 'REPLICATING' });
    expect(await rule(id)).toMatchObject({ child_rule_id: child });
    expect(refusal(await alice('DELETE', `/rules/${id}`, {}))).toBe('409 UnsupportedOperation');
    const stray = { rule_id: id, rse_expression: 'A-DISK', override: { colour: 'blue' } };
    expect(refusal(await alice('POST', `/rules/${id}/move`, stray))).toBe(
      '409 UnsupportedOperation',
    );
  });

  it('is reduced where fewer copies are there already, and only then', async () => {
    await api.root('POST', '/replicas', { rse: 'B-DISK', files: files('run4.a', 'run4.b') });
    const id = await add('run4', 'A-DISK|B-DISK', { copies: 2 });
    const reduce = (copies: number, exclude_expression: string) =>
      alice('POST', `/rules/${id}/reduce`, { copies, exclude_expression });
    expect(refusal(await reduce(2, 'A-DISK'))).toBe('409 RuleReplaceFailed');
    expect(refusal(await reduce(1, 'A-DISK|B-DISK'))).toBe('409 RuleReplaceFailed');
    const reduced = await reduce(1, 'A-DISK');
    expect(reduced.status).toBe(200);
    expect(await rule(JSON.parse(reduced.text) as string)).toMatchObject({
      state: 'OK',
      copies: 1,
      rse_expression: '(A-DISK|B-DISK)\\(A-DISK)',
    });
  });

  it('holds dataset locks', async () => {
    await api.root('PUT', '/dids/lab/run2/status', { open: false });
    const [lock] = lines(await alice('GET', '/locks/lab/run2?did_type=dataset')).filter(
      ({ rse }) => rse === 'A-DISK',
    );
    expect(lock).toMatchObject({ state: 'OK', account: 'alice', length: 2, bytes: 20 });
    const at = lines(await alice('GET', '/locks/A-DISK?did_type=dataset'));
    expect(at.map(({ name }) => name)).toEqual(expect.arrayContaining(['run2', 'run3']));
    const bulk = await alice('POST', '/locks/bulk_locks_for_dids', {
      dids: [
        { scope: 'lab', name: 'run2', type: 'dataset' },
        { scope: 'lab', name: 'none' },
      ],
    });
    expect(lines(bulk).every(({ name }) => name === 'run2')).toBe(true);
    expect(refusal(await alice('GET', '/locks/NO-DISK?did_type=dataset'))).toBe('404 RSENotFound');
  });

  it('is listed with the bytes of a closed dataset', async () => {
    const [listed] = lines(await alice('GET', '/rules/?scope=lab&name=run2&state=O'));
    expect(listed).toMatchObject({ bytes: 20, locks_ok_cnt: 2 });
  });
});

describe('whatever a client sends', () => {
  const anything = fc.oneof(
    fc.anything({ maxDepth: 2, withBigInt: false }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\0', '\ud800', -1, 0, 1e300, true, null, [], {}),
  );
  const body = (keys: string[]) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, anything])), { requiredKeys: [] });
  const count = () => api.db.read(async (tx) => (await rows(tx, sql`SELECT id FROM rules`)).length);

  it('a body is refused with a class, and nothing is left behind', async () => {
    const before = await count();
    const base = wish('run1', 'A-DISK&B-DISK');
    await fc.assert(
      fc.asyncProperty(
        body([
          ...Object.keys(base),
          'weight',
          'lifetime',
          'notify',
          'meta',
          'comment',
          'activity',
          'priority',
          'delay_injection',
          'source_replica_expression',
          'subscription_id',
        ]),
        async (over) => {
          const answer = await alice('POST', '/rules/', { ...base, ...over });
          expect([answer.status, answer.headers['exceptionclass']]).toEqual([
            expect.not.stringMatching(/^5/),
            expect.any(String),
          ]);
          expect(answer.status).toBeGreaterThanOrEqual(400);
          expect(answer.status).toBeLessThan(500);
        },
      ),
      { numRuns: 30 },
    );
    expect(await count()).toBe(before);
  });

  it('options, filters and paths never end in a 500', async () => {
    const id = await add('run3', 'A-DISK|C-DISK');
    const options = [
      'comment',
      'lifetime',
      'state',
      'activity',
      'priority',
      'child_rule_id',
      'eol_at',
      'meta',
      'source_replica_expression',
      'purge_replicas',
    ];
    const filters = [
      'scope',
      'name',
      'state',
      'account',
      'created_before',
      'copies',
      'locked',
      'activity',
      'id',
      'colour',
    ];
    await fc.assert(
      fc.asyncProperty(
        body(options),
        fc.constantFrom(...filters),
        fc.string({ unit: 'grapheme' }),
        async (change, filter, value) => {
          const update = await alice('PUT', `/rules/${id}`, { options: change });
          const list = await alice('GET', `/rules/?${filter}=${encodeURIComponent(value)}`);
          const one = await alice('GET', `/rules/${encodeURIComponent(value) || '-'}`);
          for (const answer of [update, list, one]) expect(answer.status).toBeLessThan(500);
        },
      ),
      { numRuns: 20 },
    );
  });
});
