import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { nextPhases } from '../../../src/rules/index.js';
import { type Answer, startApi, type TestApi } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({
    roles: ['transmogrifier'],
    overrides: { subscriptions: { accountMax: 12 } },
  });
  await api.root('POST', '/accounts/root/scopes/data');
  for (const rse of ['A-DISK', 'B-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
  }
  const dids = ['run1', 'run2', 'run3'].map((name) => ({
    scope: 'data',
    name,
    type: 'DATASET',
    meta: { datatype: 'RAW' },
  }));
  await api.root('POST', '/dids', dids);
  await eventually('they are not new any more', async () => {
    const { body } = await api.root('GET', '/dids/data/run3/meta');
    return (body as { is_new: boolean }).is_new === false;
  });
});
afterAll(() => api.close());

const order = (more: object = {}) => ({
  options: {
    filter: { datatype: ['RAW'], scope: ['data'] },
    replication_rules: [{ copies: 1, rse_expression: 'A-DISK' }],
    ...more,
  },
});
const add = async (name: string, more: object = {}) => {
  const answer = await api.root('POST', `/subscriptions/root/${name}`, order(more));
  expect(answer.status).toBe(201);
  return answer.text;
};
const done = (name: string) =>
  eventually('the backfill is done', async () => {
    const { body } = await api.root('GET', `/subscriptions/root/${name}/backfill`);
    return (body as { state: string }).state === 'DONE';
  });
const refusal = ({ status, text }: Answer) => ({ status, ...(JSON.parse(text) as object) });

describe('a backfill', () => {
  it('is planned, listed, begun and watched', async () => {
    const id = await add('raw');
    const planned = await api.root('POST', '/subscriptions/root/raw/backfill', { dry_run: true });
    expect(planned).toMatchObject({
      status: 201,
      body: {
        dry_run: true,
        matched: 3,
        wanted: 3,
        per_minute: 600,
        minutes: 1,
        entries: [
          {
            rule: 1,
            copies: 1,
            rse_expression: 'A-DISK',
            dids: { wanted: 3, there: 0, ended: 0, fails: 0 },
            error: null,
          },
        ],
      },
    });
    const matches = (await api.root('GET', '/subscriptions/root/raw/matches')).body as object[];
    expect(matches).toHaveLength(3);
    expect(matches[0]).toEqual({
      scope: 'data',
      name: 'run1',
      did_type: 'DATASET',
      files: 0,
      bytes: 0,
      entries: [{ rule: 1, outcome: 'wanted', rules: ['1 on A-DISK'] }],
    });
    expect((await api.root('GET', '/subscriptions/root/raw/backfill')).status).toBe(404);

    const begun = await api.root('POST', '/subscriptions/root/raw/backfill', { per_minute: 6000 });
    expect(begun.body).toMatchObject({ subscription: 'raw', state: 'RUNNING', per_minute: 6000 });
    await done('raw');
    const watched = await api.root('GET', '/subscriptions/root/raw/backfill');
    expect(watched.body).toMatchObject({ matched: 3, rules: 3, failed: 0, progress: 100 });
    const rules = (await api.root('GET', '/subscriptions/root/raw/rules')).body;
    expect(rules).toMatchObject(
      ['run1', 'run2', 'run3'].map((name) => ({ name, subscription_id: id })),
    );
  });

  it('knows rules with phases as its own, in whichever phase they are', async () => {
    const phases = [{ for: '1d', rse_expression: 'A-DISK' }, { rse_expression: 'B-DISK' }];
    await add('phased', { replication_rules: [{ phases }] });
    const path = '/subscriptions/root/phased';
    const outcomes = async () => {
      const { body } = await api.root('GET', `${path}/matches`);
      return (body as { entries: { outcome: string }[] }[]).map(({ entries: [entry] }) => entry);
    };
    expect((await outcomes())[0]).toEqual({
      ...{ rule: 1, outcome: 'wanted', rules: ['1 on A-DISK, then 1 on B-DISK'] },
    });
    await api.root('POST', `${path}/backfill`, { per_minute: 6000 });
    await done('phased');
    expect((await outcomes()).map((it) => it?.outcome)).toEqual(['there', 'there', 'there']);
    await api.db.tx((tx) =>
      execute(tx, sql`UPDATE rules SET state = 'O', inject_at = NULL WHERE phases IS NOT NULL`),
    );
    const now = new Date(Date.now() + 2 * 86_400_000);
    const terms = { now, deleteGraceSeconds: 3600, phaseLookSeconds: 3600 };
    expect(await api.db.tx((tx) => nextPhases(tx, terms))).toEqual({ seen: 3, begun: 3 });
    expect((await outcomes()).map((it) => it?.outcome)).toEqual(['there', 'there', 'there']);
  });

  it('is paused, sped up and cancelled', async () => {
    await add('slow', { replication_rules: [{ copies: 1, rse_expression: 'B-DISK' }] });
    await api.root('POST', '/subscriptions/root/slow/backfill', { per_minute: 1 });
    const put = (body: object) => api.root('PUT', '/subscriptions/root/slow/backfill', body);
    expect((await put({ state: 'PAUSED' })).body).toMatchObject({ state: 'PAUSED', per_minute: 1 });
    expect((await put({ per_minute: 2 })).body).toMatchObject({ state: 'PAUSED', per_minute: 2 });
    expect((await put({ state: 'CANCELLED' })).body).toMatchObject({ state: 'CANCELLED' });
    expect(refusal(await put({ state: 'RUNNING' }))).toMatchObject({
      status: 409,
      ExceptionClass: 'UnsupportedOperation',
      ExceptionMessage: expect.stringContaining('is CANCELLED'),
    });
  });

  it('begins with a subscription that is retroactive, and with a change that makes it so', async () => {
    await add('all', {
      replication_rules: [{ copies: 1, rse_expression: 'A-DISK|B-DISK' }],
      retroactive: true,
    });
    await done('all');
    const listed = async () =>
      ((await api.root('GET', '/subscriptions/root/all')).body as object[])[0];
    expect(await listed()).toMatchObject({ retroactive: true, state: 'ACTIVE' });
    await api.root('PUT', '/subscriptions/root/all', {
      options: {
        retroactive: true,
        replication_rules: [{ copies: 2, rse_expression: 'A-DISK|B-DISK' }],
      },
    });
    await done('all');
    expect(await listed()).toMatchObject({ state: 'UPDATED' });
    const rules = (await api.root('GET', '/subscriptions/root/all/rules')).body;
    expect(rules).toHaveLength(6);
  });

  it('leaves its subscription in the history of rules', async () => {
    const [rule] = (await api.root('GET', '/subscriptions/root/raw/rules')).body as {
      id: string;
      subscription_id: string;
    }[];
    const history = await api.root('GET', `/rules/data/run1/history`);
    expect(history.body).toContainEqual(
      expect.objectContaining({ rule_id: rule?.id, subscription_id: rule?.subscription_id }),
    );
  });

  it.each([
    ['POST', {}, 'UnsupportedOperation', 'not in use'],
    ['POST', { per_minute: 0 }, 'InvalidObject', 'per_minute'],
    ['POST', { fast: true }, 'InvalidObject', 'fast'],
    ['PUT', { state: 'DONE' }, 'UnsupportedStatus', 'RUNNING, PAUSED or CANCELLED'],
    ['PUT', { state: 'RUNNING' }, 'SubscriptionNotFound', 'no backfill'],
  ] as const)('%s %j is refused in words', async (method, body, name, words) => {
    if (method === 'POST' && name === 'UnsupportedOperation') {
      await add('ended');
      await api.root('PUT', '/subscriptions/root/ended', { options: { state: 'I' } });
    }
    const answer = await api.root(method, '/subscriptions/root/ended/backfill', body);
    expect(refusal(answer)).toMatchObject({
      ExceptionClass: name,
      ExceptionMessage: expect.stringContaining(words),
    });
    expect(answer.status).toBeLessThan(500);
  });

  it('is for owners and admins, and there for a subscription that is there', async () => {
    const bob = await api.person('bob');
    const begun = await bob('POST', '/subscriptions/root/raw/backfill', {});
    expect(refusal(begun)).toMatchObject({ status: 403, ExceptionClass: 'AccessDenied' });
    expect((await bob('POST', '/subscriptions/root/raw/backfill', { dry_run: true })).status).toBe(
      201,
    );
    expect((await bob('POST', '/subscriptions/root/none/backfill', {})).status).toBe(404);
    expect((await bob('GET', '/subscriptions/root/none/matches')).status).toBe(404);
  });
});

describe('an account', () => {
  it('has so many subscriptions in use and no more', async () => {
    const count = async () =>
      ((await api.root('GET', '/subscriptions/root')).body as { state: string }[]).filter(
        ({ state }) => state !== 'INACTIVE',
      ).length;
    for (let at = await count(); at < 12; at++) await add(`filler${at}`);
    const refused = {
      status: 409,
      ExceptionClass: 'InsufficientAccountLimit',
      ExceptionMessage: expect.stringContaining('12 subscriptions in use'),
    };
    const more = await api.root('POST', '/subscriptions/root/more', order());
    expect(refusal(more)).toMatchObject(refused);
    const again = await api.root('PUT', '/subscriptions/root/ended', { options: { state: 'A' } });
    expect(refusal(again)).toMatchObject(refused);
    const change = { options: { comments: 'another' } };
    expect((await api.root('PUT', '/subscriptions/root/raw', change)).status).toBe(201);
    await api.root('PUT', '/subscriptions/root/raw', { options: { state: 'I' } });
    await add('more');
  });
});
