import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type PlanShape } from '../support/plan-shape.js';
import { type Heard, planner, type Planner } from '../support/plans.js';
import { DESIGN, lostIndexes, slowness } from './design.js';
import { hotStatements, type HotStatements } from './hot-statements.js';
import { type Knowledge, widen } from './wide-lake.js';

/*
 * ANALYZE comes when it comes: the hottest statements stay near their keys with what the planner knew
 * last night, on the first day, when the queues were empty, or never. The lake is as long in all of them.
 */
const KNOWLEDGE: Readonly<Record<string, Knowledge & { readonly firstDay?: boolean }>> = {
  'ANALYZE was here last night': {},
  'rule and dataset are newer than the last ANALYZE': { allListed: true },
  'nothing was ever analysed': { unread: true },
  'ANALYZE was here on the first day and never since': { unread: true, firstDay: true },
  'the queues were empty when ANALYZE came': { drained: true },
};

describe.each(Object.entries(KNOWLEDGE))('when %s', (_, { firstDay = false, ...knowledge }) => {
  let base: TestDatabase;
  let session: Planner;
  let hot: HotStatements;
  beforeAll(async () => {
    base = await testDatabase();
    session = await planner(base.url);
    hot = await hotStatements(base.db, () => session.run(firstDay ? 'ANALYZE' : ''));
    await widen(session, knowledge);
  });
  afterAll(async () => {
    await session.close();
    await base.close();
  });

  /** By the values of a small and of a large batch, as the product asks; and of no batch, as a pooler may. */
  const plans: readonly ((statement: Heard) => Promise<PlanShape>)[] = [
    (statement) => session.shapeFor(statement, 3),
    (statement) => session.shapeFor(statement, 1000),
    (statement) => session.shape(statement),
  ];

  it.each(Object.keys(DESIGN))('%s stays near its keys, whatever the batch', async (name) => {
    const slow = new Set<string>();
    for (const plan of plans) {
      for (const what of slowness(name, await plan(hot.get(name) as Heard))) slow.add(what);
    }
    expect([...slow]).toEqual([]);
  });
});

describe('the check', () => {
  it('names the index that a statement has lost', async () => {
    const base = await testDatabase();
    const session = await planner(base.url);
    try {
      const hot = await hotStatements(base.db);
      await widen(session);
      await session.run('DROP INDEX requests_id_idx');
      const shape = await session.shape(hot.get('finish-1-copies') as Heard);
      expect(lostIndexes('finish-1-copies', shape)).toEqual([
        'finish-1-copies does not go by requests_id_idx',
      ]);
      expect(slowness('finish-1-copies', shape)).toEqual([
        expect.stringContaining('finish-1-copies reads requests whole'),
      ]);
    } finally {
      await session.close();
      await base.close();
    }
  });

  it('sees a file looked for among all that a new rule holds', async () => {
    const base = await testDatabase();
    const session = await planner(base.url);
    try {
      await hotStatements(base.db);
      // By the index as it was before it had the file too: the only one, as its rival costs as much.
      await session.run(
        `ALTER TABLE locks DROP CONSTRAINT locks_pkey CASCADE;
         DROP INDEX locks_rule_id_idx; CREATE INDEX locks_rule_id_idx ON locks (rule_id)`,
      );
      await widen(session, { allListed: true });
      const text = `SELECT FROM contents ct WHERE ct.parent_id = $1 AND NOT EXISTS (
        SELECT FROM locks l WHERE l.did_id = ct.child_id AND l.rule_id = $2 OFFSET 0)`;
      const { sievedReads } = await session.shapeFor({ text, values: ['4', '1'] }, 1);
      expect(sievedReads).toEqual(['locks by locks_rule_id_idx']);
    } finally {
      await session.close();
      await base.close();
    }
  });
});
