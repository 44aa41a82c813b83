import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeDrifter } from '../../../src/daemons/judge/drifter.js';
import { findRse, removeRseAttribute } from '../../../src/rses/index.js';
import { parseShortForm, type RuleSpec } from '../../../src/rules/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  on = trials(a);
  for (const rse of ['EU-1', 'EU-2', 'NA-1', 'NA-2']) {
    await a.rse(rse, { continent: rse.slice(0, 2), attributes: { tier: '1' } });
  }
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'EU-1', 'NA-1');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

describe('drifted copies of a rule with a placement', () => {
  it.each([
    ['DATASET', RuleGrouping.DATASET],
    ['NONE', RuleGrouping.NONE],
  ])(
    'are placed anew where the others leave them a place, with grouping %s',
    async (_, grouping) => {
      const wish: Partial<RuleSpec> = {
        rseExpression: 'tier=1',
        copies: 2,
        constraints: parseShortForm('tier=1:2;distinct=continent', 1),
        repairPolicy: { onStuck: 'suspend', attempts: null, afterSeconds: null, drift: 'replace' },
        grouping,
      };
      const daemon = judgeDrifter(a.config);
      await a.rule('run', wish);
      await a.shift(daemon);
      await base.db.tx(async (tx) => removeRseAttribute(tx, await findRse(tx, 'EU-1'), 'tier'));
      a.pass(60);
      await a.shift(daemon);
      await a.shift(daemon);
      await on.arrive('EU-2');
      a.pass(86_400);
      await a.shift(daemon);
      expect(await a.locks()).toEqual(
        ['f1', 'f2', 'f3'].flatMap((file) => [`${file}@EU-2 O`, `${file}@NA-1 O`]),
      );
    },
  );
});
