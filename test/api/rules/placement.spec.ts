import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';
import { ruleCalls } from './rule-calls.js';

let api: TestApi;
let root: Call;
const PLACEMENT = {
  parts: [
    { copies: 2, rse_expression: 'type=DISK' },
    { copies: 1, rse_expression: 'type=TAPE' },
  ],
  distinct: ['continent'],
};
const SHORT = 'type=DISK:2;type=TAPE:1;distinct=continent';
const UNION = '(type=DISK)|(type=TAPE)';

beforeAll(async () => {
  api = await startApi();
  root = api.root;
  await root('POST', '/accounts/root/scopes/lab');
  for (const continent of ['EU', 'NA', 'AS']) {
    for (const type of ['DISK', 'TAPE']) {
      const rse = `${continent}-${type}`;
      await root('POST', `/rses/${rse}`, { continent, rse_type: type });
      await root('POST', `/rses/${rse}/attr/type`, { value: type });
      await root('POST', `/rses/${rse}/protocols/https`, {
        hostname: `${rse.toLowerCase()}.example`,
        port: 443,
        prefix: '/d/',
        impl: 'webdav',
        domains: { wan: { read: 1, write: 1, delete: 1 } },
      });
    }
  }
  for (let n = 0; n < 20; n++) {
    await root('POST', `/dids/lab/run${n}`, {
      type: 'DATASET',
      dids: [{ scope: 'lab', name: `run${n}.a`, bytes: 10, adler32: '00000001' }],
      rse: 'EU-DISK',
    });
  }
});
afterAll(() => api.close());

const refusal = ({ status, headers }: Answer) => `${status} ${headers['exceptionclass']}`;
const messageOf = ({ headers }: Answer) => headers['exceptionmessage'] ?? '';
const { wish, add, rule } = ruleCalls(() => root, { account: 'root', grouping: 'DATASET' });
const rsesOf = async (id: string): Promise<string[]> => {
  const answer = await root('GET', `/rules/${id}/locks`);
  return (answer.body as { rse: string }[]).map(({ rse }) => rse).sort();
};

describe('a placement', () => {
  it.each([
    ['as a field of the body', 'run0', { placement: PLACEMENT }],
    [
      'in meta, as an object',
      'run1',
      { copies: 3, rse_expression: '*', meta: { sluice: { placement: PLACEMENT }, run: 7 } },
    ],
    [
      'in meta, as its JSON',
      'run2',
      {
        copies: 3,
        rse_expression: UNION,
        meta: JSON.stringify({ sluice: { placement: PLACEMENT } }),
      },
    ],
    ['as the RSE expression', 'run3', { copies: 3, rse_expression: SHORT }],
    [
      'as the RSE expression, with the default of copies',
      'run4',
      { copies: 1, rse_expression: SHORT },
    ],
  ])('may be given %s', async (_, name, given) => {
    const id = await add(name, given);
    expect(await rule(id)).toMatchObject({
      rse_expression: UNION,
      copies: 3,
      locked: false,
      placement: PLACEMENT,
    });
    const rses = await rsesOf(id);
    expect(new Set(rses.map((rse) => rse.split('-')[0])).size).toBe(3);
    expect(rses.filter((rse) => rse.endsWith('DISK'))).toHaveLength(2);
  });

  it('leaves the meta that clients wrote as it was', async () => {
    const meta = { sluice: { placement: PLACEMENT }, run: 7 };
    const id = await add('run5', { copies: 3, rse_expression: '*', meta });
    expect((await rule(id))['meta']).toBe(JSON.stringify(meta));
    const other = { sluice: { placement: { parts: PLACEMENT.parts } } };
    const answer = await root('PUT', `/rules/${id}`, { options: { meta: other } });
    expect(messageOf(answer)).toContain('is not the placement of rule');
    expect((await root('PUT', `/rules/${id}`, { options: { meta: { run: 8 } } })).status).toBe(200);
  });

  it('is not shown of rules that have none', async () => {
    expect(
      await rule(await add('run6', { copies: 1, rse_expression: 'EU-DISK' })),
    ).not.toHaveProperty('placement');
  });

  it('comes with a new dataset', async () => {
    const rules = [{ account: 'root', placement: PLACEMENT }];
    expect((await root('POST', '/dids/lab/uploads', { type: 'DATASET', rules })).status).toBe(201);
    const [listed] = (await root('GET', '/dids/lab/uploads/rules')).body as object[];
    expect(listed).toMatchObject({ copies: 3, rse_expression: UNION, placement: PLACEMENT });
  });

  it('is a duplicate of the same placement, in whatever form', async () => {
    await add('run7', { placement: PLACEMENT });
    const again = await root('POST', '/rules/', wish('run7', { copies: 3, rse_expression: SHORT }));
    expect(refusal(again)).toBe('409 DuplicateRule');
    await add('run7', { copies: 3, rse_expression: UNION });
    await add('run7', { placement: { ...PLACEMENT, distinct: [] } });
  });

  it('can be moved to another by the official client’s own call, and reduced', async () => {
    const id = await add('run8', { copies: 1, rse_expression: SHORT });
    const moved = await root('POST', `/rules/${id}/move`, {
      rule_id: id,
      rse_expression: 'type=DISK:1;type=TAPE:1;distinct=continent',
      override: {},
    });
    expect(moved.status).toBe(201);
    expect(await rule(moved.body as string)).toMatchObject({ copies: 2, rse_expression: UNION });
    const placement = { parts: [{ copies: 2, rse_expression: 'type=TAPE' }] };
    const again = await root('POST', `/rules/${await add('run9', { placement: PLACEMENT })}/move`, {
      rse_expression: '*',
      override: { placement },
    });
    expect(await rule(again.body as string)).toMatchObject({
      copies: 2,
      rse_expression: 'type=TAPE',
      placement: { ...placement, distinct: [] },
    });
    const id2 = await add('run10', { placement: PLACEMENT });
    const less = await root('POST', `/rules/${id2}/reduce`, {
      copies: 1,
      exclude_expression: null,
    });
    expect(refusal(less)).toBe('409 RuleReplaceFailed');
  });

  it.each([
    [{ copies: 2, placement: PLACEMENT }, '409 InvalidReplicationRule', 'make 3 copies, not 2'],
    [{ rse_expression: 'tier=1', placement: PLACEMENT }, '409 InvalidReplicationRule', UNION],
    [{ copies: 2, rse_expression: SHORT }, '409 InvalidReplicationRule', 'write copies 3'],
    [
      { placement: { parts: [{ copies: 1 }] } },
      '400 InvalidObject',
      'placement.parts[0].rse_expression',
    ],
    [{ placement: 7 }, '400 InvalidObject', 'placement'],
    [{ copies: 1, rse_expression: 'A:B' }, '400 InvalidRSEExpression', "at 'A:B'"],
    [
      { copies: 1, rse_expression: '*', meta: { sluice: { place: 1 } } },
      '400 InvalidObject',
      "'place' is none of",
    ],
    [
      { copies: 1, rse_expression: '*', meta: { sluice: 'two' } },
      '400 InvalidObject',
      'meta.sluice',
    ],
    [
      { copies: 4, rse_expression: 'type=DISK:4;distinct=continent' },
      '409 InsufficientTargetRSEs',
      "'type=DISK' names 3 RSEs",
    ],
    [
      { copies: 2, rse_expression: '*;distinct=country' },
      '409 InsufficientTargetRSEs',
      'has the attribute country',
    ],
    [{ copies: 1, placement: null }, '400 InvalidObject', 'rse_expression is missing'],
    [{ copies: 1 }, '400 KeyError', 'rse_expression is missing'],
  ])('%j is refused: %s, %s', async (given, status, message) => {
    const answer = await root('POST', '/rules/', wish('run11', given));
    expect(refusal(answer)).toBe(status);
    expect(messageOf(answer)).toContain(message);
  });
});
