import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { shift } from '../../support/shift.js';
import { ruleCalls } from './rule-calls.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let alice: Call;
let bob: Call;

beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  bob = await api.person('bob');
  await api.root('POST', '/accounts/alice/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/rses/${rse}/protocols/https`, {
      hostname: `${rse.toLowerCase()}.example`,
      port: 443,
      prefix: '/d/',
      impl: 'webdav',
      domains: { wan: { read: 1, write: 1, delete: 1 } },
    });
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 100_000 });
  }
  for (const run of ['run1', 'run2', 'run3', 'run4', 'run5', 'run6', 'run7', 'run8']) {
    await api.root('POST', `/dids/lab/${run}`, {
      type: 'DATASET',
      dids: ['a', 'b'].map((file) => ({
        scope: 'lab',
        name: `${run}.${file}`,
        bytes: 10,
        adler32: '00000001',
      })),
      rse: 'A-DISK',
    });
  }
});
afterAll(() => api.close());

const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
const { wish, add, rule } = ruleCalls(() => alice, {
  ...{ copies: 1, rse_expression: 'A-DISK' },
  ...{ account: 'alice', grouping: 'DATASET' },
});
const refusal = ({ status, headers }: Answer) =>
  `${status} ${headers['exceptionclass']}: ${headers['exceptionmessage']}`;

/** Deleted, its time of grace over, and taken away. */
const end = async (id: string) => {
  expect((await alice('DELETE', `/rules/${id}`, {})).status).toBe(200);
  await api.db.tx((tx) =>
    execute(
      tx,
      sql`UPDATE rules SET expires_at = now() - interval '1 s' WHERE replace(uid::text, '-', '') = ${id}`,
    ),
  );
  await shift(api.db, judgeCleaner(config));
  expect((await alice('GET', `/rules/${id}`)).status).toBe(404);
};

describe('the key repair of a rule', () => {
  it('is kept and shown, with what it does not say', async () => {
    const id = await add('run1', { repair: { on_stuck: 'alert', attempts: 3 } });
    expect(await rule(id)).toMatchObject({
      repair: { on_stuck: 'alert', attempts: 3, after: null, drift: 'keep' },
      repair_attempts: 0,
    });
    expect(await rule(await add('run2'))).toMatchObject({ repair: null });
  });

  it('is changed, and taken away', async () => {
    const id = await add('run3');
    const change = (repair: object | null) => alice('PUT', `/rules/${id}`, { options: { repair } });
    expect((await change({ on_stuck: 'elsewhere', drift: 'replace' })).status).toBe(200);
    expect(await rule(id)).toMatchObject({
      repair: { on_stuck: 'elsewhere', attempts: null, after: null, drift: 'replace' },
    });
    expect((await change(null)).status).toBe(200);
    expect(await rule(id)).toMatchObject({ repair: null });
  });

  it('comes with meta too, as the official client sends it; what is said beside that counts', async () => {
    const meta = { sluice: { repair: { on_stuck: 'alert' } }, mine: 7 };
    const id = await add('run8', { meta });
    expect(await rule(id)).toMatchObject({
      repair: { on_stuck: 'alert' },
      meta: JSON.stringify(meta),
    });
    const change = (options: object) => alice('PUT', `/rules/${id}`, { options });
    const quiet = { sluice: { repair: { on_stuck: 'retry' } } };
    expect((await change({ meta: quiet })).status).toBe(200);
    expect(await rule(id)).toMatchObject({ repair: { on_stuck: 'retry' } });
    expect((await change({ meta, repair: null })).status).toBe(200);
    expect(await rule(id)).toMatchObject({ repair: null });
    const wrong = { sluice: { repair: { on_stuck: 'panic' } } };
    expect(refusal(await change({ meta: wrong }))).toMatch(/^400 InvalidObject/);
  });

  it.each([
    [
      { on_stuck: 'panic' },
      /repair\.on_stuck: 'panic' is none of retry, suspend, alert, elsewhere/,
    ],
    [{ drift: 'away' }, /repair\.drift: 'away' is none of keep, replace/],
    [{ on_stuck: 'retry', attempts: 3 }, /without end/],
    [{ attempts: 0 }, /repair\.attempts/],
    [{ patience: 7 }, /repair/],
    ['alert', /repair/],
  ])('is refused by name where it is %j', async (repair, message) => {
    const answer = await alice('POST', '/rules/', wish('run4', { repair }));
    expect(refusal(answer)).toMatch(/^400 InvalidObject/);
    expect(refusal(answer)).toMatch(message);
  });
});

describe('POST /rules/{id}/restore', () => {
  it('gives a deleted rule back, under its id; the record of changes has it', async () => {
    const id = await add('run4', { comment: 'dear to me', repair: { on_stuck: 'retry' } });
    await end(id);
    const answer = await alice('POST', `/rules/${id}/restore`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id,
      state: 'OK',
      comments: 'dear to me',
      expires_at: null,
      locks_ok_cnt: 2,
      repair: { on_stuck: 'retry' },
    });
    const record = await api.db.read((tx) =>
      rows(tx, sql`SELECT subject FROM audit WHERE action = 'rule.restore' AND subject = ${id}`),
    );
    expect(record).toHaveLength(1);
  });

  it('takes a lifetime', async () => {
    const id = await add('run5');
    await end(id);
    const answer = await alice('POST', `/rules/${id}/restore`, { lifetime: 3600 });
    expect(Date.parse(String((answer.body as { expires_at: string }).expires_at))).toBeGreaterThan(
      Date.now(),
    );
  });

  it('takes the deletion back while the rule still stands', async () => {
    const id = await add('run6');
    expect(refusal(await alice('POST', `/rules/${id}/restore`))).toMatch(
      /409 UnsupportedOperation: The rule is not deleted/,
    );
    await alice('DELETE', `/rules/${id}`, {});
    expect((await rule(id))['expires_at']).not.toBeNull();
    expect((await alice('POST', `/rules/${id}/restore`)).body).toMatchObject({
      id,
      expires_at: null,
    });
  });

  it('is for the owner and admins, as adding is', async () => {
    const id = await add('run1', { rse_expression: 'A-DISK|B-DISK' });
    expect((await bob('POST', `/rules/${id}/restore`)).status).toBe(403);
    await end(id);
    expect((await bob('POST', `/rules/${id}/restore`)).status).toBe(403);
    expect((await api.root('POST', `/rules/${id}/restore`)).body).toMatchObject({
      account: 'alice',
    });
  });

  it('takes a move back too: both stand, and neither waits for the other', async () => {
    const id = await add('run2', { rse_expression: 'A-DISK|B-DISK' });
    const moved = await alice('POST', `/rules/${id}/move`, { rse_expression: 'B-DISK' });
    expect((await alice('POST', `/rules/${id}/restore`)).body).toMatchObject({
      ...{ id, state: 'OK', child_rule_id: null, expires_at: null },
    });
    expect(await rule(String(moved.body))).toMatchObject({ rse_expression: 'B-DISK' });
    expect((await alice('DELETE', `/rules/${id}`, {})).status).toBe(200);
  });

  it('is done once, however often it is asked at once; then the rule is not deleted', async () => {
    const id = await add('run3', { rse_expression: 'B-DISK|A-DISK' });
    await end(id);
    const answers = await Promise.all([1, 2, 3].map(() => alice('POST', `/rules/${id}/restore`)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409, 409]);
    expect(refusal(await alice('POST', `/rules/${id}/restore`))).toMatch(
      /^409 UnsupportedOperation: The rule is not deleted/,
    );
    expect(await rule(id)).toMatchObject({ state: 'OK', locks_ok_cnt: 2 });
  });

  it('says how many copies are gone, and makes them anew if asked to', async () => {
    const id = await add('run7');
    await end(id);
    await api.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE replicas SET rse_id = (SELECT id FROM rses WHERE name = 'B-DISK')
             WHERE did_id = (SELECT id FROM dids WHERE name = 'run7.b')`,
      ),
    );
    expect(refusal(await alice('POST', `/rules/${id}/restore`))).toMatch(
      /^409 UnsupportedOperation: .*of its 2 copies 1 still stand at 'A-DISK', 1 of 2 files/,
    );
    const answer = await alice('POST', `/rules/${id}/restore`, { copy_again: true });
    expect(answer.body).toMatchObject({ id, state: 'REPLICATING', locks_replicating_cnt: 1 });
  });

  it.each([
    ['0123456789abcdef0123456789abcdef', {}, '404 RuleNotFound'],
    ['nonsense', {}, '404 RuleNotFound'],
    ['0123456789abcdef0123456789abcdef', { lifetime: 'long' }, '400 InvalidObject'],
    ['0123456789abcdef0123456789abcdef', { force: true }, '400 InvalidObject'],
    ['0123456789abcdef0123456789abcdef', [], '400 TypeError'],
  ])('of %s with %j is %s', async (id, body, expected) => {
    expect(refusal(await alice('POST', `/rules/${id}/restore`, body))).toContain(expected);
  });
});
