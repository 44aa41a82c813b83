import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, rows, sql } from '../../src/db/index.js';
import { attachDids } from '../../src/dids/index.js';
import { addRules, rulesTerms } from '../../src/rules/index.js';
import { RseType, RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.rse('C-TAPE', { type: RseType.TAPE });
  await a.copies('A-DISK', ['logs.zip']);
  const inside = ['log1', 'log2'].map((name) => ({
    scope: a.scope,
    name,
    bytes: 10n,
    adler32: 1,
    md5: null,
    meta: {},
  }));
  await base.db.tx((tx) => attachDids(tx, { scope: a.scope, name: 'logs.zip' }, inside));
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** The file has a copy of its own there. */
const stands = (name: string, rse: string) =>
  base.db.tx((tx) =>
    execute(
      tx,
      sql`INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt)
          SELECT d.id, e.id, d.bytes, 'A', 0 FROM dids d, rses e WHERE d.name = ${name} AND e.name = ${rse}`,
    ),
  );
const ruled = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ name: string }>(
        tx,
        sql`SELECT d.name FROM rules r JOIN dids d ON d.id = r.did_id ORDER BY r.id`,
      )
    ).map(({ name }) => name),
  );

describe('a rule on a file in an archive', () => {
  it('is made on the archive, where the file is nowhere on disk by itself', async () => {
    await a.rule('log1', { rseExpression: 'B-DISK' });
    expect(await ruled()).toEqual(['logs.zip']);
    expect(await a.locks()).toEqual(['logs.zip@B-DISK R']);
  });

  it('is made on the archive, where it is on tape only', async () => {
    await stands('log1', 'C-TAPE');
    await a.rule('log1', { rseExpression: 'B-DISK' });
    expect(await ruled()).toEqual(['logs.zip']);
  });

  it('stays on the file that has a copy on disk', async () => {
    await stands('log1', 'A-DISK');
    await a.rule('log1', { rseExpression: 'B-DISK' });
    expect(await ruled()).toEqual(['log1']);
  });

  it('is one rule for several files of one archive, and an id for each', async () => {
    const added = await base.db.tx((tx) =>
      addRules(
        tx,
        {
          dids: ['log1', 'log2'].map((name) => ({ scope: a.scope, name })),
          accountId: a.accountId,
          copies: 1,
          rseExpression: 'B-DISK',
          grouping: RuleGrouping.DATASET,
          activity: 0,
          notification: RuleNotification.NO,
        },
        rulesTerms(a.config, a.now),
      ),
    );
    expect(await ruled()).toEqual(['logs.zip']);
    expect(added).toEqual([added[0], added[0]]);
  });
});
