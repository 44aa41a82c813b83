import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { rulesTerms } from '../../../src/rules/index.js';
import { findSubscription, parseOrder, planOrder } from '../../../src/subscriptions/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Office, office, RAW } from '../../support/office.js';

let base: TestDatabase;
let a: Office;
beforeEach(async () => {
  base = await testDatabase();
  a = await office(base.db);
  await a.disks();
  for (const rse of ['C-DISK', 'D-DISK']) await a.rse(rse, { attributes: { type: 'DISK' } });
  await a.register({ datatype: 'RAW' }, 'run1', 'run2', 'run3');
  for (const run of ['run1', 'run2', 'run3']) {
    await a.data(run, [`${run}.f1`, `${run}.f2`], 'A-DISK');
  }
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** Files at each RSE, as the plan of a subscription has them. */
const planned = (name: string) =>
  base.db.snapshot(async (tx) => {
    const subscription = await findSubscription(tx, 'shore', name);
    const order = { ...parseOrder(subscription), subscription };
    const { plans } = await planOrder(tx, order, rulesTerms(a.config, a.now));
    const files = new Map<string, bigint>();
    for (const { rse, all } of plans.flatMap(({ parts }) => parts.flatMap((it) => it.chosen))) {
      files.set(rse, (files.get(rse) ?? 0n) + all.files);
    }
    return [...files].map(([rse, count]) => `${rse} ${count} files ${count * 100n} bytes`).sort();
  });

describe('what the plan of a subscription says', () => {
  it.each([
    ['rules', RAW, [{ copies: 2, rse_expression: 'type=DISK' }]],
    ['rules with a placement', RAW, [{ copies: 3, rse_expression: 'A-DISK:1;type=DISK:2' }]],
    [
      'a rule for each copy',
      { ...RAW, split_rule: true },
      [{ copies: 2, rse_expression: 'type=DISK' }],
    ],
    [
      'several rules',
      RAW,
      [
        { copies: 1, rse_expression: 'B-DISK' },
        { copies: 2, rse_expression: 'type=DISK\\A-DISK' },
      ],
    ],
  ])('comes true, with %s', async (_, filter, rules) => {
    await a.order('raw', { filter, rules });
    const plan = await planned('raw');
    expect(plan.length).toBeGreaterThan(0);
    await a.transmogrify();
    for (let shifts = 0; shifts < 3; shifts++) await a.shift(judgeInjector(a.config));
    expect(await a.usage()).toEqual(plan);
  });
});
