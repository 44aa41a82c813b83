import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, only, sql, type Tx } from '../../src/db/index.js';
import { eraseDids } from '../../src/dids/index.js';
import { addRules, rulesTerms } from '../../src/rules/index.js';
import { RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { orphans } from '../support/orphans.js';
import { hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2']);
});
afterEach(async () => {
  expect(await orphans(base.db)).toEqual([]);
  await a.audit();
  await base.close();
});

const expire = (name: string) =>
  a.db.tx((tx) => execute(tx, sql`UPDATE dids SET expired_at = ${a.now} WHERE name = ${name}`));
const erase = async (name: string) => {
  const { id } = await a.did(name);
  return (tx: Tx) => eraseDids(tx, [id]);
};
const addRule = (tx: Tx, name: string) =>
  addRules(
    tx,
    {
      dids: [{ scope: a.scope, name }],
      accountId: a.accountId,
      copies: 1,
      rseExpression: 'DISK',
      grouping: RuleGrouping.DATASET,
      activity: 0,
      notification: RuleNotification.NO,
    },
    rulesTerms(a.config, a.now),
  );

describe('a rule and the erasing of its DID', () => {
  it('the rule waits, and its DID is not found', async () => {
    await expire('run');
    const erasing = await hold(a.db, await erase('run'));
    const rule = a.db.tx((tx) => addRule(tx, 'run'));
    const refused = expect(rule).rejects.toMatchObject({ name: 'DataIdentifierNotFound' });
    await someoneWaits(base.url);
    await erasing.release();
    await refused;
  });

  it('the undertaker passes by a DID that a rule is being put on', async () => {
    await expire('run');
    const rule = await hold(a.db, (tx) => addRule(tx, 'run'));
    await a.shift(undertaker(a.config));
    await rule.release();
    expect(await a.locks()).toHaveLength(2);
  });
});

describe('the splitting of a container and the erasing of a dataset in it', () => {
  it('the split waits, and makes rules for what is left', async () => {
    await a.container('all');
    await a.dataset('run2');
    await a.attach('all', 'run', 'run2');
    await a.shift(judgeEvaluator(a.config));
    await a.rule('all', { rseExpression: 'DISK', splitContainer: true });
    await expire('run2');
    const erasing = await hold(a.db, await erase('run2'));
    const splitting = a.shift(judgeInjector(a.config));
    await someoneWaits(base.url);
    await erasing.release();
    expect(await splitting).toMatchObject({ failed: 0 });
    const { names } = await a.db.read((tx) =>
      only<{ names: string[] }>(
        tx,
        sql`SELECT array_agg(d.name) AS names FROM rules r JOIN dids d ON d.id = r.did_id`,
      ),
    );
    expect(names).toEqual(['run']);
  });
});

describe('a rule and the erasing of a file below its DID', () => {
  beforeEach(() => expire('f1'));

  it('the rule waits, and places what is left', async () => {
    const erasing = await hold(a.db, await erase('f1'));
    const rule = a.db.tx((tx) => addRule(tx, 'run'));
    await someoneWaits(base.url);
    await erasing.release();
    await rule;
    expect(await a.locks()).toEqual(['f2@DISK S']);
  });

  it('the undertaker passes by a file that is being placed, and then until its copy is gone', async () => {
    const rule = await hold(a.db, (tx) => addRule(tx, 'run'));
    await a.shift(undertaker(a.config));
    await rule.release();
    await a.shift(undertaker(a.config));
    expect((await a.did('f1')).expiredAt).toEqual(a.now);
    expect(await a.locks()).toEqual(['f1@DISK S', 'f2@DISK S']);
  });
});
