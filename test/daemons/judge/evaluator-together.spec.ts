import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addAccount, setLocalLimit } from '../../../src/accounts/index.js';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { rows, sql } from '../../../src/db/index.js';
import { detachDids } from '../../../src/dids/index.js';
import { evaluateNext, rulesTerms } from '../../../src/rules/index.js';
import { AccountType, RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';

// Small changes of content are drawn together, several in one transaction.

let base: TestDatabase;
let a: Court;
let disk: number;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  disk = await a.rse('B-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const evaluate = (most?: number) =>
  base.db.tx((tx) => evaluateNext(tx, rulesTerms(a.config, a.now), most));
const queue = () =>
  base.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      sql`SELECT d.name FROM updated_dids u JOIN dids d ON d.id = u.did_id ORDER BY u.id`,
    ),
  );

/** Datasets with a rule each and nothing in them, then a file each. */
async function filled(names: readonly string[], spec: Parameters<Court['rule']>[1] = {}) {
  for (const name of names) {
    await a.dataset(name);
    await a.rule(name, { rseExpression: 'B-DISK', ...spec });
  }
  for (const name of names) await a.data(name, [`${name}_1`], 'A-DISK');
}

it('datasets under rules of their own are evaluated in one transaction', async () => {
  await filled(['run1', 'run2', 'run3']);
  expect(await evaluate()).toEqual({ evaluations: 3, added: 3, released: 0, failedRules: 0 });
  expect(await a.locks()).toEqual(['run1_1@B-DISK R', 'run2_1@B-DISK R', 'run3_1@B-DISK R']);
  expect(await queue()).toEqual([]);
  expect(await evaluate()).toBeUndefined();
});

it('one under rules of two accounts is evaluated too, by itself', async () => {
  const accountId = await base.db.tx((tx) =>
    addAccount(tx, { name: 'analysis', type: AccountType.USER, email: null }),
  );
  await a.db.tx((tx) => setLocalLimit(tx, accountId, { rseId: disk, bytes: -1n }));
  await filled(['run1', 'run2']);
  await a.rule('run1', { rseExpression: 'B-DISK', accountId });
  await a.data('run1', ['run1_2'], 'A-DISK');
  while ((await evaluate()) !== undefined);
  expect(await queue()).toEqual([]);
  expect(await a.locks()).toEqual([
    'run1_1@B-DISK R',
    'run1_1@B-DISK R',
    'run1_2@B-DISK R',
    'run1_2@B-DISK R',
    'run2_1@B-DISK R',
  ]);
  const named = (name: string) => ({ scope: a.scope, name });
  await a.db.tx((tx) => detachDids(tx, named('run1'), [named('run1_2')]));
  while ((await evaluate()) !== undefined);
  expect(await queue()).toEqual([]);
  expect(await a.locks()).toHaveLength(3);
});

it('no more of them than the shift has room for', async () => {
  await filled(['run1', 'run2', 'run3']);
  expect(await a.shift(judgeEvaluator(a.config), 2)).toMatchObject({ seen: 2, more: true });
  expect(await a.shift(judgeEvaluator(a.config), 2)).toMatchObject({ seen: 1, more: false });
});

class Undone extends Error {}

/** What all evaluations come to, so many in a transaction; nothing of it stays. */
async function outcome(most: number): Promise<unknown> {
  let found: unknown;
  await base.db
    .tx(async (tx) => {
      const terms = rulesTerms(a.config, a.now);
      for (let more = true; more;) more = (await evaluateNext(tx, terms, most)) !== undefined;
      found = [
        await rows(tx, sql`SELECT did_id, rse_id, bytes, state FROM locks ORDER BY 1, 2`),
        await rows(tx, sql`SELECT did_id, rse_id, state, lock_cnt FROM replicas ORDER BY 1, 2`),
        await rows(tx, sql`SELECT did_id, rse_id, state FROM requests ORDER BY 1, 2`),
        await rows(tx, sql`SELECT did_id, state, locks_replicating, error FROM rules ORDER BY 1`),
      ];
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return found;
}

it('each spreads, or stays together, as it would by itself, whatever room there is', async () => {
  await a.rse('C-DISK');
  for (const grouping of Object.values(RuleGrouping)) {
    const spec = { grouping, rseExpression: '*', copies: 2 };
    await filled([`run${grouping}1`, `run${grouping}2`], spec);
  }
  for (const bytes of [-1n, 150n, 250n]) {
    await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: disk, bytes }));
    expect(await outcome(20)).toEqual(await outcome(1));
  }
  expect(await evaluate()).toMatchObject({ evaluations: 6 });
});

describe('one after the other', () => {
  it('come those that one rule is about', async () => {
    await a.container('all');
    for (const name of ['run1', 'run2']) {
      await a.dataset(name);
      await a.attach('all', name);
    }
    await a.rule('all', { rseExpression: 'A-DISK|B-DISK', grouping: RuleGrouping.ALL });
    while (await evaluate());
    await a.data('run1', ['f1'], 'A-DISK');
    await a.data('run2', ['f2'], 'B-DISK');
    expect(await evaluate()).toMatchObject({ evaluations: 1, added: 1 });
    expect(await evaluate()).toMatchObject({ evaluations: 1, added: 1 });
    const [first, second] = (await a.locks()).map((lock) => lock.split('@')[1]?.split(' ')[0]);
    expect(second).toBe(first);
  });

  it('come those of different accounts', async () => {
    const other = await a.account('other');
    await base.db.tx((tx) => setLocalLimit(tx, other, { rseId: disk, bytes: -1n }));
    await filled(['run1']);
    await filled(['run2'], { accountId: other });
    await filled(['run3']);
    expect(await evaluate()).toMatchObject({ evaluations: 2 });
    expect((await queue()).map(({ name }) => name)).toEqual(['run2']);
    expect(await evaluate()).toMatchObject({ evaluations: 1 });
  });
});

it('each gets the room that those before it leave, and one that gets none is stuck', async () => {
  await filled(['run1', 'run2']);
  await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: disk, bytes: 150n }));
  expect(await evaluate()).toEqual({ evaluations: 2, added: 1, released: 0, failedRules: 1 });
  expect(await a.locks()).toEqual(['run1_1@B-DISK R']);
  expect(await a.usage()).toEqual(['B-DISK 1 files 100 bytes']);
  expect(await queue()).toEqual([]);
});

it('what fills the slice leaves the others for later', async () => {
  await filled(['run1', 'run2']);
  await a.data('run1', ['f2', 'f3'], 'A-DISK');
  const terms = { ...rulesTerms(a.config, a.now), sliceLocks: 1 };
  let evaluations = 0;
  for (;;) {
    const tally = await base.db.tx((tx) => evaluateNext(tx, terms));
    if (!tally) break;
    expect(tally.added).toBeLessThanOrEqual(1);
    evaluations += tally.evaluations;
  }
  expect(await a.locks()).toHaveLength(4);
  expect(evaluations).toBeGreaterThanOrEqual(4);
});
