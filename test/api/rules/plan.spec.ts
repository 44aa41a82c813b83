import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let alice: Call;

const files = (...names: string[]) =>
  names.map((name) => ({ scope: 'lab', name, bytes: 10, adler32: '00000001' }));

beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  await api.root('POST', '/accounts/alice/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 1000 });
  }
  await api.root('POST', '/dids/lab/run', {
    type: 'DATASET',
    dids: files('f1', 'f2'),
    rse: 'A-DISK',
  });
});
afterAll(() => api.close());

const wish = (more: object = {}) => ({
  dids: [{ scope: 'lab', name: 'run' }],
  copies: 2,
  rse_expression: 'A-DISK|B-DISK',
  account: 'alice',
  ...more,
});

describe('POST /rules/plan', () => {
  it('takes the body of a new rule and says what it would come to', async () => {
    const { status, body } = await alice('POST', '/rules/plan', wish());
    expect(status).toBe(200);
    expect(body).toEqual({
      feasible: true,
      to_move: { files: 2, bytes: 20 },
      seconds: null,
      seconds_complete: false,
      rules: [
        {
          account: 'alice',
          rse_expression: 'A-DISK|B-DISK',
          copies: 2,
          weight: null,
          grouping: 'DATASET',
          activity: 'User Subscriptions',
          dids: [{ scope: 'lab', name: 'run', did_type: 'DATASET' }],
          did_count: 1,
          begins: [{ begins: 'AT_ONCE', rules: 1 }],
          files: 2,
          bytes: 20,
          units: 1,
          errors: [],
          parts: [
            {
              rse_expression: 'A-DISK|B-DISK',
              copies: 2,
              weight: null,
              chosen: [
                {
                  rse: 'A-DISK',
                  units: 1,
                  why: [{ reason: 'HELD', units: 1, detail: '20 B of 20 B are there already' }],
                  files: 2,
                  bytes: 20,
                  there: { files: 2, bytes: 20 },
                  coming: { files: 0, bytes: 0 },
                  to_move: { files: 0, bytes: 0 },
                },
                {
                  rse: 'B-DISK',
                  units: 1,
                  why: [{ reason: 'NEEDED', units: 1, detail: null }],
                  files: 2,
                  bytes: 20,
                  there: { files: 0, bytes: 0 },
                  coming: { files: 0, bytes: 0 },
                  to_move: { files: 2, bytes: 20 },
                },
              ],
              rejected: [],
            },
          ],
          moves: [
            {
              source: 'A-DISK',
              destination: 'B-DISK',
              files: 2,
              bytes: 20,
              awaited: false,
              seconds: null,
            },
          ],
          quota: [
            {
              rse_expression: 'A-DISK',
              global: false,
              limit: 1000,
              used_before: 0,
              used_after: 20,
            },
            {
              rse_expression: 'B-DISK',
              global: false,
              limit: 1000,
              used_before: 0,
              used_after: 20,
            },
          ],
          space: [
            { rse: 'A-DISK', limit: null, used_before: 20, used_after: 20 },
            { rse: 'B-DISK', limit: null, used_before: 0, used_after: 20 },
          ],
          time: [
            {
              destination: 'B-DISK',
              queued: { files: 0, bytes: 0 },
              seconds: null,
              basis: 'unknown',
            },
          ],
          warnings: [
            {
              code: 'SINGLE_SOURCE',
              message: 'of 2 files (20 B) there is one good copy only until the new ones are there',
            },
          ],
          estimated: [],
        },
      ],
    });
    expect((await alice('GET', '/dids/lab/run/rules')).body).toEqual([]);
  });

  it('takes several rules, each after those before it', async () => {
    const { body } = await alice('POST', '/rules/plan', {
      rules: [wish({ copies: 1 }), wish({ copies: 3 })],
    });
    const { feasible, rules } = body as {
      feasible: boolean;
      rules: { errors: { exception_class: string }[] }[];
    };
    expect(feasible).toBe(false);
    expect(rules.map(({ errors }) => errors[0]?.exception_class)).toEqual([
      undefined,
      'InsufficientTargetRSEs',
    ]);
  });

  it('says where the copies of an RSE would go, to those who may change RSEs', async () => {
    await api.root('POST', '/dids/lab/old', { type: 'DATASET', dids: files('o1'), rse: 'A-DISK' });
    const added = await api.root('POST', '/rules', {
      ...wish({ copies: 1 }),
      dids: [{ scope: 'lab', name: 'old' }],
    });
    expect(added.status).toBe(201);
    const { status, body } = await api.root('POST', '/rules/plan', { rse_leaves: 'A-DISK' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rse_leaves: 'A-DISK',
      rules_there: 1,
      files_there: 1,
      feasible: true,
      rules: [{ rules_there: 1, parts: [{ chosen: [{ rse: 'B-DISK' }] }] }],
    });
    const refused = await alice('POST', '/rules/plan', { rse_leaves: 'A-DISK' });
    expect([refused.status, refused.body]).toMatchObject([403, {}]);
  });

  it('says what a subscription would come to for the DIDs that match now, standing or to be', async () => {
    const order = {
      filter: { scope: ['lab'], did_type: ['DATASET'], pattern: 'run' },
      replication_rules: [{ copies: 1, rse_expression: 'B-DISK' }],
    };
    const toBe = await alice('POST', '/rules/plan', { subscription: order });
    expect([toBe.status, toBe.body]).toMatchObject([
      200,
      {
        dids_matched: 1,
        dids_complete: true,
        feasible: true,
        to_move: { files: 2, bytes: 20 },
        rules: [{ did_count: 1, account: 'alice', begins: [{ begins: 'BY_INJECTOR', rules: 1 }] }],
      },
    ]);
    const made = await alice('POST', '/subscriptions/alice/raw', { options: order });
    expect(made.status).toBe(201);
    const named = { subscription: { account: 'alice', name: 'raw' } };
    const standing = await alice('POST', '/rules/plan', named);
    expect(standing.body).toEqual(toBe.body);
    expect((await alice('GET', '/dids/lab/run/rules')).body).toEqual([]);
    const other = await alice('POST', '/rules/plan', {
      subscription: { ...order, filter: { scope: ['none'] } },
    });
    expect(other.body).toMatchObject({ dids_matched: 0, rules: [], feasible: true });
    const unknown = await alice('POST', '/rules/plan', { subscription: { name: 'none' } });
    expect(unknown.headers['exceptionclass']).toBe('SubscriptionNotFound');
    const nameless = await alice('POST', '/rules/plan', { subscription: {} });
    expect(nameless.headers['exceptionclass']).toBe('InvalidObject');
    const foreign = await alice('POST', '/rules/plan', {
      subscription: { ...order, account: 'root' },
    });
    expect(foreign.headers['exceptionclass']).toBe('AccessDenied');
  });

  it('says of a subscription whose copies are rules of their own that there are too few RSEs', async () => {
    const subscription = {
      filter: { scope: ['lab'], did_type: ['DATASET'], pattern: 'run', split_rule: true },
      replication_rules: [{ copies: 9, rse_expression: 'A-DISK|B-DISK' }],
    };
    const answer = await alice('POST', '/rules/plan', { subscription });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        feasible: false,
        rules: [{ copies: 9, errors: [{ exception_class: 'InsufficientTargetRSEs' }] }],
      },
    ]);
  });

  it.each([
    [{ ...wish(), rse_expression: 'NOWHERE' }, 400, 'InvalidRSEExpression'],
    [{ ...wish(), dids: [{ scope: 'lab', name: 'none' }] }, 404, 'DataIdentifierNotFound'],
    [{ ...wish(), account: 'root' }, 403, 'AccessDenied'],
    [{ ...wish(), rules: [wish()] }, 400, 'InvalidObject'],
    [{ rules: [] }, 400, 'InvalidObject'],
    [{ rse_leaves: 'A-DISK', rules: [wish()] }, 400, 'InvalidObject'],
    [{ copies: 1 }, 400, 'KeyError'],
    [[], 400, 'TypeError'],
    ['', 400, 'ValueError'],
  ])('refuses %j with %d %s', async (body, status, exceptionClass) => {
    const answer = await alice('POST', '/rules/plan', body);
    expect([answer.status, answer.headers['exceptionclass']]).toEqual([status, exceptionClass]);
  });

  it('tells nobody anything whose token is not good', async () => {
    const headers = { 'X-Rucio-Auth-Token': 'nobody' };
    expect((await api.anonymous('POST', '/rules/plan', wish(), headers)).status).toBe(401);
  });
});
