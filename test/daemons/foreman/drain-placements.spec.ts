import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseShortForm } from '../../../src/rules/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db, { sliceItems: 2 });
  for (const continent of ['EU', 'NA']) {
    for (const n of [1, 2]) await a.rse(`${continent}-${n}`, { continent });
  }
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'EU-1', 'NA-1');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const drain = (rse: string) =>
  a.order({ kind: 'drain', spec: { rse, keepCopies: false, targets: null } });

describe('a drain', () => {
  it.each([
    ['DATASET', RuleGrouping.DATASET],
    ['NONE', RuleGrouping.NONE],
  ])('keeps what rules with grouping %s ask of their copies', async (_, grouping) => {
    const constraints = parseShortForm('*:2;distinct=continent', 1);
    await a.rule('run', { rseExpression: '*', copies: 2, constraints, grouping });
    expect(await a.settle(await drain('EU-1'))).toBe('DONE copies 3/0 of 3');
    expect(await a.locks()).toEqual(
      ['f1', 'f2', 'f3'].flatMap((file) => [`${file}@EU-2 O`, `${file}@NA-1 O`]),
    );
  });

  it('leaves copies where no other place would keep it, and says so', async () => {
    const constraints = parseShortForm('EU-1|NA-1|NA-2:2;distinct=continent', 1);
    await a.rule('run', { rseExpression: 'EU-1|NA-1|NA-2', copies: 2, constraints });
    const job = await drain('EU-1');
    expect(await a.settle(job)).toBe('DONE copies 0/3 of 3');
    expect((await a.items(job)).join('\n')).toContain('only 1 value of continent (NA)');
  });
});
