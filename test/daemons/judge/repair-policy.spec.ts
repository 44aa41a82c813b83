import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { only, rows, sql } from '../../../src/db/index.js';
import {
  changeRule,
  DEFAULT_POLICY,
  findRule,
  type OnStuck,
  type RepairPolicy,
  rulesTerms,
} from '../../../src/rules/index.js';
import { RuleState } from '../../../src/vocabulary/index.js';
import { type TestDatabase } from '../../support/database.js';
import { type Court } from '../../support/judge.js';
import { threeDisks, type trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
beforeEach(async () => {
  ({ base, a, on } = await threeDisks());
  await a.data('run', ['f1'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const policy = (onStuck: OnStuck, bounds: Partial<RepairPolicy> = {}) => ({
  repairPolicy: { ...DEFAULT_POLICY, onStuck, ...bounds },
});

/** Fails, waits and is repaired. */
const round = async (rse: string) => {
  await on.fail(rse);
  a.pass(7200);
  await on.repair();
};

const attempts = async (id: bigint) =>
  (
    await base.db.read((tx) =>
      only<{ n: number }>(tx, sql`SELECT repair_attempts AS n FROM rules WHERE id = ${id}`),
    )
  ).n;

const told = (type: string) =>
  base.db.read(async (tx) =>
    (
      await rows<{ payload: Record<string, unknown> }>(
        tx,
        sql`SELECT payload FROM messages WHERE event_type = ${type} ORDER BY id`,
      )
    ).map(({ payload }) => payload),
  );

describe('the count of repairs', () => {
  it('goes on while the rule is stuck and replicating by turns; OK ends it', async () => {
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    const since = a.now;
    for (let n = 1; n <= 3; n++) {
      await round('B-DISK');
      expect(await a.ruleRow(id)).toMatchObject({ state: 'R' });
      expect(await attempts(id)).toBe(n);
      expect(await on.stuckAt(id)).toEqual({ at: since });
    }
    await on.arrive('B-DISK');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
    expect(await attempts(id)).toBe(0);
    expect(await on.stuckAt(id)).toEqual({ at: null });
  });

  it('counts what could not be placed, too', async () => {
    const { id } = await a.rule('run', { rseExpression: 'B-DISK' });
    await on.fail('B-DISK');
    await on.write(sql`UPDATE rses SET availability_write = false WHERE name = 'B-DISK'`);
    for (let n = 1; n <= 2; n++) {
      a.pass(7200);
      await on.repair();
      expect(await attempts(id)).toBe(n);
    }
  });
});

describe('a rule that is to be suspended', () => {
  it('is, after so many repairs, and not before', async () => {
    const { id } = await a.rule('run', {
      rseExpression: 'B-DISK',
      ...policy('suspend', { attempts: 2 }),
    });
    await round('B-DISK');
    await round('B-DISK');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R' });
    await round('B-DISK');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'U', stuck: 1 });
  });

  it('is never, where it is tried without end', async () => {
    const { id } = await a.rule('run', { rseExpression: 'B-DISK', ...policy('retry') });
    await on.fail('B-DISK');
    a.pass(100 * 86_400);
    await on.repair();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R' });
  });
});

describe('a rule whose owner is to be told', () => {
  it('is told of once in the time that it is stuck, by event and letter', async () => {
    await on.write(sql`UPDATE accounts SET email = 'shore@example.org'`);
    await a.rule('run', { rseExpression: 'B-DISK', ...policy('alert') });
    await on.fail('B-DISK');
    await on.repair();
    await round('B-DISK');
    await round('B-DISK');
    expect(await told('RULE_STUCK')).toEqual([
      expect.objectContaining({
        scope: 'km3net',
        name: 'run',
        account: 'shore',
        stuck: 1,
        error: 'no space left',
      }),
    ]);
    const [letter] = await told('email');
    expect(letter).toMatchObject({ to: ['shore@example.org'] });
    expect(letter?.['body']).toContain('km3net:run');
  });

  it('is told of again when it is stuck another time', async () => {
    const { uid } = await a.rule('run', { rseExpression: 'B-DISK', ...policy('alert') });
    await round('B-DISK');
    await on.arrive('B-DISK');
    a.pass(3600);
    await base.db.tx(async (tx) => {
      const terms = rulesTerms(a.config, a.now);
      await changeRule(tx, await findRule(tx, uid, 'wait'), { state: RuleState.STUCK }, terms);
    });
    await on.repair();
    expect(await told('RULE_STUCK')).toHaveLength(2);
  });
});

describe('a rule whose copies are to go elsewhere', () => {
  const moving = () => a.rule('run', { rseExpression: 'B-DISK|C-DISK', ...policy('elsewhere') });

  it('has them there after the first failure, without waiting', async () => {
    const { id } = await moving();
    const first = await on.rseOf(id, 'f1');
    await on.fail(first);
    await on.repair();
    const second = await on.rseOf(id, 'f1');
    expect(second).not.toBe(first);
    expect(await a.requests()).toEqual([`f1@${second} Q`]);
  });

  it('does not go to and fro between two that have both just failed', async () => {
    const { id } = await moving();
    const places: string[] = [];
    for (let n = 0; n < 4; n++) {
      const here = await on.rseOf(id, 'f1');
      places.push(here);
      await remember(here);
      await on.fail(here);
      await on.repair();
    }
    expect(new Set(places).size).toBe(2);
    expect(places.slice(1)).toEqual([places[1], places[1], places[1]]);
  });

  /** What the finisher would leave of the attempt. */
  const remember = (rse: string) =>
    on.write(sql`INSERT INTO requests_history
      (id, did_id, bytes, rse_id, account_id, state, cause, archived_at, attempt)
      SELECT 1, d.id, 100, e.id, ${a.accountId}, 'F', 'DEST_FULL', ${a.now}, 1 FROM dids d, rses e
       WHERE d.name = 'f1' AND e.name = ${rse}`);
});
