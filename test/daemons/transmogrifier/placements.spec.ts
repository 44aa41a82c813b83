import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseStandingRules } from '../../../src/subscriptions/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Office, office, RAW } from '../../support/office.js';

let base: TestDatabase;
let a: Office;
beforeEach(async () => {
  base = await testDatabase();
  a = await office(base.db);
  for (const continent of ['EU', 'NA', 'AS']) {
    for (const type of ['DISK', 'TAPE']) {
      await a.rse(`${continent}-${type}`, { continent, attributes: { type } });
    }
  }
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const placement = {
  parts: [
    { copies: 2, rse_expression: 'type=DISK' },
    { copies: 1, rse_expression: 'type=TAPE' },
  ],
  distinct: ['continent'],
};
const short = { rse_expression: 'type=DISK:2;type=TAPE:1;distinct=continent' };

describe('a subscription with a placement', () => {
  it.each([
    ['as an object', { placement }],
    ['in short', short],
    ['in short, with its copies', { ...short, copies: 3 }],
  ])('given %s makes rules that have it', async (_, rule) => {
    await a.order('raw', { rules: [rule] });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect(await a.ruleColumns('copies, rse_expression, constraints')).toMatchObject([
      {
        copies: 3,
        rse_expression: '(type=DISK)|(type=TAPE)',
        constraints: { distinct: ['continent'] },
      },
    ]);
  });

  it('splits it into rules of one RSE each that keep it together', async () => {
    await a.order('raw', { filter: { ...RAW, split_rule: true }, rules: [{ placement }] });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    const rses = (await a.ruled()).map((rule) => rule.split(' ')[2] ?? '');
    expect(rses).toHaveLength(3);
    expect(new Set(rses.map((rse) => rse.split('-')[0])).size).toBe(3);
    expect(rses.filter((rse) => rse.endsWith('TAPE'))).toHaveLength(1);
  });

  it.each([
    [{ placement, copies: 2 }, 'make 3 copies, not 2'],
    [{ ...short, copies: '*' }, 'replication_rules[1].copies'],
    [{ placement: { parts: [] } }, 'replication_rules[1].placement.parts'],
    [{ placement, chained_idx: 1, algorithm: 'associated_site' }, 'chained_idx'],
  ])('%j is refused', (rule, message) => {
    const first = { copies: 1, rse_expression: 'EU-DISK' };
    expect(() => parseStandingRules([first, rule])).toThrow(message);
  });
});
