import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { shift } from '../../support/shift.js';
import { ruleCalls } from './rule-calls.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let root: Call;
const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
const RUNS = ['run1', 'run2', 'run3', 'run4', 'run5'];

beforeAll(async () => {
  api = await startApi();
  root = api.root;
  await root('POST', '/accounts/root/scopes/lab');
  await root('POST', '/accounts/carol', { type: 'USER', email: 'carol@example.org' });
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) {
    await root('POST', `/rses/${rse}`, {});
    await root('POST', `/accounts/root/limits/local/${rse}`, { bytes: 100_000 });
    await root('POST', `/rses/${rse}/attr/weight`, { value: '2' });
  }
  for (const run of RUNS) {
    const dids = ['a', 'b'].map((part) => ({
      ...{ scope: 'lab', name: `${run}.${part}` },
      ...{ bytes: 10, adler32: '00000001' },
    }));
    await root('POST', `/dids/lab/${run}`, { type: 'DATASET', dids, rse: 'A-DISK' });
  }
});
afterAll(() => api.close());

const { rule, ...calls } = ruleCalls(() => root, { copies: 1, account: 'root' });
const wish = (name: string, rse_expression: string, more: object = {}) =>
  calls.wish(name, { rse_expression, ...more });
const add = (name: string, rse_expression: string, more: object = {}) =>
  calls.add(name, { rse_expression, ...more });
const lines = ({ body }: Answer) => body as Record<string, unknown>[];
const refusal = ({ status, headers }: Answer) => `${status} ${headers['exceptionclass']}`;

describe('a rule that is made with every field', () => {
  const every = {
    copies: 2,
    account: 'root',
    weight: 'weight',
    lifetime: 3600,
    grouping: 'ALL',
    locked: true,
    source_replica_expression: 'A-DISK',
    activity: 'Debug',
    notify: 'P',
    purge_replicas: true,
    ignore_availability: true,
    comment: 'all of it',
    ask_approval: false,
    asynchronous: true,
    delay_injection: 0,
    priority: 4,
    meta: '{"task": 1}',
    split_container: false,
  };

  it('shows them all again, under the names that clients read', async () => {
    const id = await add('run1', 'A-DISK|B-DISK', every);
    expect(await rule(id)).toMatchObject({
      ...{ id, account: 'root', scope: 'lab', name: 'run1', did_type: 'DATASET' },
      ...{ state: 'INJECT', error: null, rse_expression: 'A-DISK|B-DISK', copies: 2 },
      ...{ weight: 'weight', grouping: 'ALL', locked: true, source_replica_expression: 'A-DISK' },
      ...{ activity: 'Debug', notification: 'PROGRESS', purge_replicas: true },
      ...{ ignore_availability: true, ignore_account_limit: false, comments: 'all of it' },
      ...{ priority: 4, meta: '"{\\"task\\": 1}"', split_container: false, subscription_id: null },
      ...{ child_rule_id: null, eol_at: null, stuck_at: null, deleted_at: null },
      ...{ locks_ok_cnt: 0, locks_replicating_cnt: 0, locks_stuck_cnt: 0 },
    });
    const { expires_at, created_at } = await rule(id);
    expect(Date.parse(String(expires_at)) - Date.parse(String(created_at))).toBe(3_600_000);
    await shift(api.db, judgeInjector(config));
    expect(await rule(id)).toMatchObject({ state: 'REPLICATING', locks_ok_cnt: 2 });
  });

  it('is found by each of its columns', async () => {
    const filters = [
      'account=root&priority=4',
      'weight=weight&locked=true',
      'activity=Debug&did_type=D',
      'grouping=A&notification=P',
      'comments=all%20of%20it',
      'source_replica_expression=A-DISK&copies=2',
      'purge_replicas=True&ignore_availability=1',
      'scope=l*&name=run1&created_after=2020-01-01T00:00:00',
      'rse_expression=A-DISK%7CB-DISK&state=R',
    ];
    for (const filter of filters) {
      const found = lines(await root('GET', `/rules/?${filter}`));
      expect([filter, found.map(({ name }) => name)]).toEqual([filter, ['run1']]);
    }
    expect(lines(await root('GET', '/rules/?scope=lab&state=S'))).toEqual([]);
  });

  it('with none but the needed ones has the defaults of the field', async () => {
    expect(await rule(await add('run2', 'A-DISK'))).toMatchObject({
      ...{ state: 'OK', grouping: 'DATASET', notification: 'NO', activity: 'User Subscriptions' },
      ...{ priority: 3, locked: false, expires_at: null, weight: null, comments: null, meta: null },
    });
  });

  it('without one of those is refused by the name of what is missing', async () => {
    for (const key of ['dids', 'copies', 'rse_expression']) {
      const { [key]: _, ...body } = wish('run2', 'B-DISK') as Record<string, unknown>;
      const answer = await root('POST', '/rules/', body);
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(key)]);
    }
  });

  it.each([
    ['copies', { copies: 0 }, 'InvalidValueForKey'],
    ['an activity that nobody knows', { activity: 'Gardening' }, 'InvalidObject'],
    ['a comment of 251 characters', { comment: 'x'.repeat(251) }, 'InvalidObject'],
    ['meta of 4,000 characters', { meta: 'x'.repeat(4000) }, 'InvalidObject'],
    [
      'sources that are no RSEs',
      { source_replica_expression: 'NO-DISK' },
      'InvalidSourceReplicaExpression',
    ],
    ['an expression that is none', { rse_expression: 'A-DISK&&' }, 'InvalidRSEExpression'],
    ['an account that is none', { account: 'nobody' }, 'AccountNotFound'],
  ])('with %s is refused', async (_, more, exception) => {
    const answer = await root('POST', '/rules/', wish('run3', 'B-DISK', more));
    expect(answer.headers['exceptionclass']).toBe(exception);
  });
});

describe('an update', () => {
  it('gives the rule to an account that exists, with what it is charged for', async () => {
    const id = await add('run3', 'A-DISK');
    const to = (account: string) => root('PUT', `/rules/${id}`, { options: { account } });
    expect(refusal(await to('nobody'))).toBe('404 AccountNotFound');
    expect((await to('carol')).status).toBe(200);
    expect(await rule(id)).toMatchObject({ account: 'carol' });
    const [usage] = lines(await root('GET', '/accounts/carol/usage/local'));
    expect(usage).toMatchObject({ rse: 'A-DISK', bytes: 20, files: 2 });
  });

  it('clears an end with null, and is refused by the name of an option that does not exist', async () => {
    const id = await add('run3', 'B-DISK', { lifetime: 60 });
    await root('PUT', `/rules/${id}`, { options: { lifetime: null } });
    expect(await rule(id)).toMatchObject({ expires_at: null });
    const answer = await root('PUT', `/rules/${id}`, { options: { colour: 'blue' } });
    expect([refusal(answer), answer.text]).toEqual([
      '400 InputValidationError',
      expect.stringContaining('colour'),
    ]);
    const state = await root('PUT', `/rules/${id}`, { options: { state: 'happy' } });
    expect(refusal(state)).toBe('409 UnsupportedOperation');
  });
});

describe('a rule that is moved', () => {
  it('takes comment, notification, lifetime and the rest along; priority and meta begin anew', async () => {
    const id = await add('run4', 'A-DISK', {
      ...{ comment: 'keep', notify: 'Y', activity: 'Debug', grouping: 'ALL', lifetime: 3600 },
      ...{ priority: 5, meta: '{"task": 1}', purge_replicas: true },
    });
    const moved = await root('POST', `/rules/${id}/move`, {
      rule_id: id,
      rse_expression: 'B-DISK',
      override: { activity: 'Express', copies: 1 },
    });
    const child = JSON.parse(moved.text) as string;
    expect(await rule(child)).toMatchObject({
      ...{ comments: 'keep', notification: 'YES', activity: 'Express', grouping: 'ALL' },
      ...{ purge_replicas: true, priority: 3, meta: null, rse_expression: 'B-DISK' },
    });
    expect((await rule(child))['expires_at']).toEqual(expect.any(String));
    expect(await rule(id)).toMatchObject({ child_rule_id: child });
  });
});

describe('the past of a rule', () => {
  it('is told by its id and by its DID, after its end too', async () => {
    const id = await add('run5', 'A-DISK', { lifetime: 1 });
    const now = async () => lines(await root('GET', `/rules/${id}/history`));
    expect(await now()).toEqual([
      {
        ...{ updated_at: expect.any(String), state: 'OK' },
        ...{ locks_ok_cnt: 2, locks_replicating_cnt: 0, locks_stuck_cnt: 0 },
      },
    ]);
    await shift(api.db, judgeCleaner(config), { now: new Date(Date.now() + 2000) });
    expect(refusal(await root('GET', `/rules/${id}`))).toBe('404 RuleNotFound');
    expect(await now()).toHaveLength(1);
    const second = await add('run5', 'B-DISK');
    const full = lines(await root('GET', '/rules/lab/run5/history'));
    expect(
      full.map(({ rule_id, rse_expression, account }) => [rule_id, rse_expression, account]),
    ).toEqual([
      [id, 'A-DISK', 'root'],
      [second, 'B-DISK', 'root'],
    ]);
    expect(Object.keys(full[0] ?? {}).sort()).toEqual([
      ...['account', 'created_at', 'locks_ok_cnt', 'locks_replicating_cnt', 'locks_stuck_cnt'],
      ...['rse_expression', 'rule_id', 'state', 'updated_at'],
    ]);
  });

  it('of a rule that never was is empty, and its locks too', async () => {
    const id = '0'.repeat(32);
    expect((await root('GET', `/rules/${id}/history`)).text).toBe('');
    expect((await root('GET', `/rules/${id}/locks`)).text).toBe('');
    expect(refusal(await root('GET', `/rules/${id}`))).toBe('404 RuleNotFound');
  });
});
