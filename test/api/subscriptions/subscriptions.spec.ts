import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';

let api: TestApi;
let alice: Call;
let bob: Call;

beforeAll(async () => {
  api = await startApi({ roles: ['judge'] });
  alice = await api.person('alice');
  bob = await api.person('bob');
  await api.root('POST', '/accounts/alice/scopes/data');
  for (const rse of ['A-DISK', 'B-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: -1 });
  }
});
afterAll(() => api.close());

const order = (more: object = {}) => ({
  options: {
    filter: { datatype: ['RAW'], scope: ['data'] },
    replication_rules: [{ copies: 2, rse_expression: 'A-DISK|B-DISK' }],
    comments: 'raw data twice',
    lifetime: null,
    retroactive: false,
    dry_run: false,
    priority: null,
    ...more,
  },
});
const refusal = ({ status, text }: Answer) => ({ status, ...(JSON.parse(text) as object) });
const linesOf = async (path: string) => {
  const { status, body } = await api.root('GET', path);
  expect(status).toBe(200);
  return body as Record<string, unknown>[];
};
const states = async (name: string) =>
  (await api.root('GET', `/subscriptions/alice/${name}/rules/states`)).body;

describe('a standing order', () => {
  it('gives every new dataset that it is about its rules, within moments', async () => {
    const added = await alice('POST', '/subscriptions/alice/raw', order());
    expect(added).toMatchObject({ status: 201, text: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(await states('raw')).toEqual([['alice', 'raw', null, 0]]);

    await alice('POST', '/dids/data/run1', { type: 'DATASET', meta: { datatype: 'RAW' } });
    await alice('POST', '/dids/data/plots', { type: 'DATASET' });
    await eventually('the rule is OK', async () =>
      JSON.stringify(await states('raw')).includes('["alice","raw","OK",1]'),
    );
    const [rule, ...more] = await linesOf('/subscriptions/alice/raw/rules');
    expect(more).toEqual([]);
    expect(rule).toMatchObject({
      name: 'run1',
      copies: 2,
      account: 'alice',
      activity: 'User Subscriptions',
      comments: 'raw data twice',
      subscription_id: added.text,
    });
  });

  it('looks again at what is described a moment later, and at what somebody shows it', async () => {
    await alice('POST', '/dids/data/plots/meta/datatype', { value: 'RAW' });
    await eventually('a second rule', async () =>
      JSON.stringify(await states('raw')).includes('["alice","raw","OK",2]'),
    );
    const [meta] = (await linesOf('/subscriptions/alice/raw/rules')).slice(1);
    await alice('DELETE', `/rules/${String(meta?.['id'])}`, {});
    await eventually('the rule has gone', async () =>
      JSON.stringify(await states('raw')).includes('["alice","raw","OK",1]'),
    );
    await alice('POST', '/dids/data/plots/meta/is_new', { value: true });
    await eventually('the rule is back', async () =>
      JSON.stringify(await states('raw')).includes('["alice","raw","OK",2]'),
    );
  });

  it('says what it could not do, and does it when it can', async () => {
    await alice(
      'POST',
      '/subscriptions/alice/far',
      order({
        filter: { pattern: 'far.*' },
        replication_rules: [{ copies: 1, rse_expression: 'C-DISK' }],
      }),
    );
    await alice('POST', '/dids/data/far1', { type: 'DATASET' });
    const listed = async () => (await linesOf('/subscriptions/alice/far'))[0];
    await eventually('it is told', async () => (await listed())?.['waiting'] === 1);
    expect((await listed())?.['last_error']).toMatch(/^InvalidRSEExpression: .*C-DISK/);
    expect(await linesOf('/subscriptions/alice/far/backlog')).toMatchObject([
      { scope: 'data', name: 'far1', did_type: 'DATASET', rule: 1, next_try: expect.any(String) },
    ]);
    await api.root('POST', '/rses/C-DISK', {});
    await api.root('POST', '/accounts/alice/limits/local/C-DISK', { bytes: -1 });
    await eventually(
      'the rule is there',
      async () => JSON.stringify(await states('far')).includes('"far","OK",1'),
      20_000,
    );
    expect(await listed()).not.toHaveProperty('waiting');
  });
});

describe('files', () => {
  const isNew = async () => {
    const found = await api.db.read((tx) =>
      rows<{ name: string; isNew: boolean | null }>(
        tx,
        sql`SELECT name, is_new AS "isNew" FROM dids WHERE type = 'F' ORDER BY name`,
      ),
    );
    return Object.fromEntries(found.map((row) => [row.name, row.isNew]));
  };
  const file = (name: string) => ({ scope: 'data', name, bytes: 1, adler32: '00000001' });

  it('are shown to subscriptions where one asks for them, however they are registered', async () => {
    const upload = (name: string) =>
      api.root('POST', '/replicas', { rse: 'A-DISK', files: [file(name)] });
    await upload('f1');
    expect(await isNew()).toEqual({ f1: null });
    await alice(
      'POST',
      '/subscriptions/alice/files',
      order({
        filter: { did_type: 'FILE' },
        replication_rules: [{ copies: 1, rse_expression: 'B-DISK' }],
      }),
    );
    await upload('f2');
    const dids = [file('f3')];
    await api.root('POST', '/dids/data/box', { type: 'DATASET', dids, rse: 'A-DISK' });
    await eventually('both have rules', async () => {
      const found = await linesOf('/subscriptions/alice/files/rules');
      return (
        found
          .map(({ name }) => name)
          .sort()
          .join() === 'f2,f3'
      );
    });
    expect(await isNew()).toEqual({ f1: null, f2: false, f3: false });
    const meta = (name: string) => api.root('GET', `/dids/data/${name}/meta`);
    expect([(await meta('f1')).body, (await meta('f2')).body]).toMatchObject([
      { is_new: true },
      { is_new: false },
    ]);
  });
});

describe('who may order what', () => {
  it('an account for itself, admins for all', async () => {
    expect((await bob('POST', '/subscriptions/alice/bobs', order())).status).toBe(403);
    expect((await bob('PUT', '/subscriptions/alice/raw', order())).status).toBe(403);
    expect((await api.root('POST', '/subscriptions/bob/roots', order())).status).toBe(201);
    expect((await bob('PUT', '/subscriptions/bob/roots', { options: { state: 'I' } })).status).toBe(
      201,
    );
  });

  it.each([{ account: 'bob' }, { locked: 'True' }])('but not rules with %j', async (more) => {
    const replication_rules = [{ copies: 1, rse_expression: 'A-DISK', ...more }];
    const answer = await alice('POST', '/subscriptions/alice/more', order({ replication_rules }));
    expect(refusal(answer)).toMatchObject({ status: 403, ExceptionClass: 'AccessDenied' });
    const change = { options: { replication_rules } };
    expect((await alice('PUT', '/subscriptions/alice/raw', change)).status).toBe(403);
  });

  it('is written down', async () => {
    const audited = await api.db.read((tx) =>
      rows<{ subject: string }>(
        tx,
        sql`SELECT subject FROM audit WHERE action = 'subscription.change' ORDER BY created_at`,
      ),
    );
    expect(audited).toEqual([{ subject: 'bob:roots' }]);
  });
});

describe('what is refused', () => {
  const rule = { copies: 1, rse_expression: 'A-DISK' };
  it.each([
    [{ filter: { pattern: '(' } }, 400, 'InvalidObject', 'filter.name'],
    [{ filter: { pattern: '(a)\\1' } }, 400, 'InvalidObject', 'filter.pattern'],
    [{ filter: { datatype: 'RAW' } }, 400, 'InvalidObject', 'datatype'],
    [{ replication_rules: [] }, 400, 'InvalidObject', 'replication_rules'],
    [
      { replication_rules: [{ ...rule, copies: 'x' }] },
      400,
      'InvalidObject',
      'replication_rules[0].copies',
    ],
    [
      { replication_rules: [{ ...rule, rse_expression: 'a==b' }] },
      400,
      'InvalidRSEExpression',
      'a==b',
    ],
    [{ replication_rules: [{ ...rule, account: 'nobody' }] }, 404, 'AccountNotFound', 'nobody'],
    [{ lifetime: -1 }, 400, 'InvalidObject', 'lifetime'],
    [{ priority: 'first' }, 400, 'InvalidObject', 'priority'],
    [{ filter: { pattern: 'x'.repeat(70_000) } }, 400, 'InvalidObject', 'filter'],
  ])('%#: with the name of what is wrong', async (more, status, name, field) => {
    const answer = await api.root('POST', '/subscriptions/alice/odd', order(more));
    expect(refusal(answer)).toEqual({
      status,
      ExceptionClass: name,
      ExceptionMessage: expect.stringContaining(field),
    });
    const changed = await api.root('PUT', '/subscriptions/alice/raw', { options: more });
    expect(refusal(changed)).toMatchObject({ status, ExceptionClass: name });
  });

  it('leaves no subscription behind', async () => {
    expect((await api.root('GET', '/subscriptions/alice/odd')).status).toBe(404);
    expect((await api.root('GET', '/subscriptions/*/r*')).body).toMatchObject([
      { name: 'raw', state: 'ACTIVE' },
      { name: 'roots', state: 'INACTIVE' },
    ]);
  });
});
