import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let alice: Call;
let bob: Call;

beforeAll(async () => {
  api = await startApi();
  const { root } = api;
  for (const name of ['alice', 'bob']) {
    await root('POST', `/accounts/${name}`, { type: 'USER', email: null });
    await root('POST', `/accounts/${name}/identities`, {
      ...{ identity: name, authtype: 'USERPASS', email: null, password: 'correct horse' },
    });
  }
  await root('POST', '/accounts/alice/scopes/data');
  for (const rse of ['A-DISK', 'B-DISK']) {
    await root('POST', `/rses/${rse}`, {});
    await root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: -1 });
  }
  [alice, bob] = [await api.as('alice'), await api.as('bob')];
});
afterAll(() => api.close());

const PHASES = [{ for: '30d', rse_expression: 'A-DISK' }, { rse_expression: 'B-DISK' }];
let count = 0;
async function dataset(): Promise<string> {
  const name = `run${(count += 1)}`;
  const dids = [{ scope: 'data', name: `${name}.a`, bytes: 1, adler32: '00000001' }];
  await api.root('POST', `/dids/data/${name}`, { type: 'DATASET', dids, rse: 'A-DISK' });
  return name;
}
async function phased(body: object = { phases: PHASES }): Promise<string> {
  const made = await alice('POST', '/rules', {
    ...{ dids: [{ scope: 'data', name: await dataset() }] },
    ...body,
  });
  expect(made.text).toMatch(/^\["[0-9a-f]{32}"\]$/);
  return (made.body as string[])[0] ?? '';
}
const wants = async (id: string) => {
  const { body } = await alice('GET', `/rules/${id}`);
  const { phases = [] } = body as { phases?: { state: string; rse_expression: string }[] };
  return phases.map(({ state, rse_expression }) => `${state} ${rse_expression}`);
};
const change = (call: Call, id: string, options: object) =>
  call('PUT', `/rules/${id}`, { options });

describe('phases of a rule that is there', () => {
  it('are for those to change who may change the rule', async () => {
    const id = await phased();
    const refused = await change(bob, id, { phases: null });
    expect([refused.status, refused.headers['exceptionclass']]).toEqual([403, 'AccessDenied']);
    expect((await change(alice, id, { phases: null })).status).toBe(200);
    expect(await wants(id)).toEqual([]);
  });

  it('are changed by new meta too, and not by both ways otherwise', async () => {
    const id = await phased();
    const later = [{ for: '1d' }, { rse_expression: 'B-DISK' }];
    const meta = { sluice: { phases: later }, mine: 1 };
    expect((await change(alice, id, { meta })).status).toBe(200);
    expect(await wants(id)).toEqual(['current A-DISK', 'next B-DISK']);
    for (const phases of [null, PHASES]) {
      const refused = await change(alice, id, { meta, phases });
      expect(refused.headers['exceptionclass']).toBe('InvalidReplicationRule');
    }
    expect((await change(alice, id, { meta, phases: later })).status).toBe(200);
  });

  it('are left alone by meta that says nothing of them', async () => {
    const id = await phased();
    expect((await change(alice, id, { meta: { mine: 2 }, comment: 'x' })).status).toBe(200);
    expect(await wants(id)).toEqual(['current A-DISK', 'next B-DISK']);
  });

  it.each([
    ['no list', 'soon', 'InvalidObject', 'phases: it must be a list'],
    ['an unknown key', [{ until: 'X' }], 'InvalidObject', "'until' is none of for, until_idle"],
    ['what is over or holds', [{ copies: 2 }, {}], 'UnsupportedOperation', 'move the rule'],
    ['no place', [{}, { for: '1d' }], 'InvalidReplicationRule', 'phase 2 needs an rse_expression'],
  ])('what is wrong is named: %s', async (_, phases, exception, why) => {
    const refused = await change(alice, await phased(), { phases });
    expect(refused.headers['exceptionclass']).toBe(exception);
    expect(refused.text).toContain(why);
  });

  it('cannot be given to a rule that waits for approval', async () => {
    const id = await phased({ copies: 1, rse_expression: 'B-DISK', ask_approval: true });
    const refused = await change(alice, id, { phases: [{ for: '1d' }, PHASES[0]] });
    expect(refused.text).toContain('it waits for approval');
  });
});

describe('phases are taken', () => {
  it('by the rules of a new dataset', async () => {
    const rules = [{ account: 'alice', phases: PHASES }];
    await alice('POST', '/dids/data/with-rules', { type: 'DATASET', rules });
    const { body } = await alice('GET', '/dids/data/with-rules/rules');
    expect(body).toMatchObject([{ rse_expression: 'A-DISK', phases: [{}, { state: 'next' }] }]);
  });

  it('by subscriptions, which say what is wrong with them when they are made', async () => {
    const order = (rule: object, filter: object = {}) =>
      alice('POST', '/subscriptions/alice/s', {
        options: { filter: { scope: ['none'], ...filter }, replication_rules: [rule] },
      });
    for (const [rule, why, filter] of [
      [{ phases: PHASES.slice(0, 1) }, 'there must be two at least'],
      [{ phases: [{ colour: 1 }] }, "replication_rules[0].phases[0]: 'colour' is none of"],
      [{ phases: PHASES, copies: '*' }, 'replication_rules[0].copies'],
      [{ phases: PHASES, placement: { parts: [] } }, 'has its placement in its phases'],
      [{ phases: PHASES }, 'With split_rule each copy is a rule of its own', { split_rule: true }],
    ] as const) {
      expect((await order(rule, filter)).text).toContain(why);
    }
    expect((await order({ phases: PHASES })).status).toBe(201);
    const split = { filter: { scope: ['none'], split_rule: true } };
    const refused = await alice('PUT', '/subscriptions/alice/s', { options: split });
    expect(refused.text).toContain('With split_rule each copy is a rule of its own');
  });

  it('by jobs, in the rule that they make', async () => {
    const job = (rule: object, more: object = {}) =>
      alice('POST', '/jobs', {
        ...{ kind: 'replicate', dids: [{ scope: 'data', name: 'run1' }], rule },
        ...more,
      });
    expect((await job({ phases: PHASES.slice(0, 1) })).text).toContain('two at least');
    expect((await job({ phases: PHASES, ask_approval: true })).text).toContain('approval');
    expect((await job({})).text).toContain('to is missing');
    expect((await job({ phases: PHASES }, { to: 'B-DISK' })).text).toContain('its first phase');
    expect((await job({ phases: PHASES })).status).toBe(201);
    const parts = ['A-DISK', 'B-DISK'].map((rse) => ({ copies: 1, rse_expression: rse }));
    expect((await job({ placement: { parts } })).status).toBe(201);
  });
});
