import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { execute, only, rows, sql } from '../../src/db/index.js';
import { makeAvailable } from '../../src/replicas/index.js';
import {
  type AddedRule,
  changeRule,
  confirmCopies,
  deleteRule,
  findRule,
  moveRule,
  type RuleChange,
  rulesTerms,
} from '../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
let parent: AddedRule;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
  parent = await a.rule('run', { rseExpression: 'A-DISK' });
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const terms = () => rulesTerms(a.config, a.now);
const clean = () => a.shift(judgeCleaner(a.config));
const change = ({ uid }: AddedRule, wish: RuleChange) =>
  base.db.tx(async (tx) => changeRule(tx, await findRule(tx, uid, 'wait'), wish, terms()));
const remove = ({ uid }: AddedRule, deleteGraceSeconds = 0) =>
  base.db.tx(async (tx) =>
    deleteRule(tx, await findRule(tx, uid, 'wait'), { now: a.now, deleteGraceSeconds }),
  );
const move = ({ uid }: AddedRule, rseExpression: string) =>
  base.db.tx(async (tx) =>
    moveRule(tx, await findRule(tx, uid, 'wait'), { rseExpression, override: {} }, terms()),
  );
/** Everything that is queued, for such RSEs, arrives. */
const arrive = (rse = '%') =>
  base.db.tx(async (tx) => {
    const copies = await rows<{ didId: bigint; rseId: number }>(
      tx,
      sql`DELETE FROM requests q USING rses e WHERE e.id = q.rse_id AND e.name LIKE ${rse}
          RETURNING did_id AS "didId", rse_id AS "rseId"`,
    );
    const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
      ${copies.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
    await execute(tx, makeAvailable(pairs, a.now));
    await confirmCopies(tx, copies, a.now);
  });
const bond = ({ id }: AddedRule) =>
  base.db.read((tx) =>
    only<{ child: bigint | null; expires: Date | null }>(
      tx,
      sql`SELECT child_rule_id AS child, expires_at AS expires FROM rules WHERE id = ${id}`,
    ),
  );
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

describe('a rule with a child', () => {
  it('is neither deleted nor cleaned until the child is OK, and then goes', async () => {
    const child = await move(parent, 'B-DISK');
    await expect(remove(parent)).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    await expect(move(parent, 'C-DISK')).rejects.toMatchObject({ name: 'RuleReplaceFailed' });
    expect(await clean()).toEqual(IDLE);
    await arrive();
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O']);
    expect((await a.ruleRow(child.id)).state).toBe('O');
  });

  it('loses the link and keeps its expiry when the child is OK before that', async () => {
    await change(parent, { lifetime: 86_400 });
    const child = await a.rule('run', { rseExpression: 'B-DISK' });
    await change(parent, { child: child.uid });
    const { expires } = await bond(parent);
    await clean();
    expect(await bond(parent)).toEqual({ child: child.id, expires });
    await arrive();
    await clean();
    expect(await bond(parent)).toEqual({ child: null, expires });
    a.pass(86_400);
    expect(await clean()).toMatchObject({ done: 1 });
  });

  it('stays, and for ever, when the child ends without ever having been OK', async () => {
    const child = await move(parent, 'B-DISK');
    await remove(child);
    expect(await clean()).toMatchObject({ done: 1 });
    expect(await bond(parent)).toEqual({ child: null, expires: null });
    expect(await clean()).toEqual(IDLE);
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });

  it("goes with the child when another rule has taken that one's place", async () => {
    const child = await move(parent, 'B-DISK');
    await move(child, 'C-DISK');
    expect(await clean()).toEqual(IDLE);
    await arrive('C-DISK');
    while ((await clean()).seen > 0);
    expect(await a.locks()).toEqual(['f1@C-DISK O', 'f2@C-DISK O']);
  });

  it('is freed, with its expiry, by taking the child off', async () => {
    await move(parent, 'B-DISK');
    await change(parent, { child: null });
    expect(await bond(parent)).toEqual({ child: null, expires: null });
    await remove(parent);
    expect(await clean()).toMatchObject({ done: 1 });
  });

  it('keeps its expiry where there is no child to take off', async () => {
    await change(parent, { lifetime: 86_400 });
    const before = await bond(parent);
    await change(parent, { child: null });
    expect(await bond(parent)).toEqual(before);
  });

  it('can be moved again once the child is OK', async () => {
    await change(parent, { lifetime: 86_400 });
    const child = await a.rule('run', { rseExpression: 'B-DISK' });
    await change(parent, { child: child.uid });
    await arrive();
    expect((await move(parent, 'C-DISK')).id).toBeGreaterThan(child.id);
  });
});

describe('a child rule', () => {
  it('must be another rule on the same DID', async () => {
    await a.dataset('other');
    const stranger = await a.rule('other', { rseExpression: 'A-DISK' });
    for (const uid of [parent.uid, stranger.uid]) {
      await expect(change(parent, { child: uid })).rejects.toMatchObject({
        name: 'InputValidationError',
      });
    }
  });

  it('that is OK already is nothing to wait for', async () => {
    const child = await a.rule('run', { rseExpression: 'A-DISK&A-DISK' });
    await change(parent, { child: child.uid });
    expect(await bond(parent)).toEqual({ child: null, expires: null });
  });
});
