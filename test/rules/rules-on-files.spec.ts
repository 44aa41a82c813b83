import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setLocalLimit } from '../../src/accounts/index.js';
import { execute, rows, sql, type Tx } from '../../src/db/index.js';
import { addAllRules, addRules, type RuleSpec, rulesTerms } from '../../src/rules/index.js';
import { RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { hold, someoneWaits } from '../support/sessions.js';

// Rules on files are made with their locks, a row each that is written once.

let base: TestDatabase;
let a: Court;
let disk: number;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  disk = await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.copies('A-DISK', ['f1', 'f2', 'f3']);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const wish = (names: readonly string[], more: Partial<RuleSpec> = {}): RuleSpec => ({
  dids: names.map((name) => ({ scope: a.scope, name })),
  accountId: a.accountId,
  copies: 1,
  rseExpression: 'B-DISK',
  grouping: RuleGrouping.DATASET,
  activity: 0,
  notification: RuleNotification.NO,
  ...more,
});
const add = (names: readonly string[], more: Partial<RuleSpec> = {}) =>
  base.db.tx((tx) => addRules(tx, wish(names, more), rulesTerms(a.config, a.now)));
const told = async () =>
  (
    await base.db.read((tx) =>
      rows<{ type: string }>(tx, sql`SELECT event_type AS type FROM messages ORDER BY id`),
    )
  ).map(({ type }) => type);

it('gives the ids in the order of the request, and each row has been written once', async () => {
  const added = await add(['f3', 'f1', 'f2']);
  const found = await base.db.read((tx) =>
    rows<{ name: string; uid: string; state: string }>(
      tx,
      sql`SELECT d.name, r.uid, r.state FROM rules r JOIN dids d ON d.id = r.did_id ORDER BY d.name`,
    ),
  );
  const uids = new Map(found.map(({ name, uid }) => [name, uid]));
  expect(added.map(({ uid }) => uid)).toEqual(['f3', 'f1', 'f2'].map((name) => uids.get(name)));
  expect(found.map(({ state }) => state)).toEqual(['R', 'R', 'R']);
  const written = (tx: Tx) =>
    rows<{ made: number; rewritten: number }>(
      tx,
      sql`SELECT n_tup_ins::int AS made, n_tup_upd::int AS rewritten
            FROM pg_stat_xact_user_tables WHERE relname = 'rules'`,
    );
  const [before, after] = await base.db.tx(async (tx) => {
    const [sofar] = await written(tx);
    const there = wish(['f1', 'f2'], { rseExpression: 'A-DISK' });
    await addRules(tx, there, rulesTerms(a.config, a.now));
    return [sofar, (await written(tx))[0]];
  });
  expect(after).toEqual({ ...before, made: (before?.made ?? 0) + 2 });
});

it('tells of those that are OK from the beginning, and of no others', async () => {
  await add(['f1'], { rseExpression: 'A-DISK|B-DISK', notification: RuleNotification.YES });
  expect(await told()).toContain('RULE_OK');
  await base.db.tx((tx) => execute(tx, sql`DELETE FROM messages`));
  await add(['f2'], { notification: RuleNotification.YES });
  expect(await told()).not.toContain('RULE_OK');
});

it('is stuck, with a time to look again, where nothing can be copied', async () => {
  await a.files('nowhere');
  const [rule] = await add(['nowhere']);
  expect(await a.ruleRow(rule?.id ?? 0n)).toEqual({
    state: 'S',
    ok: 0,
    replicating: 0,
    stuck: 1,
    error: 'MissingSourceReplica',
  });
});

describe('a file that has the very rule', () => {
  it('is refused, or passed over and takes no room', async () => {
    await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: disk, bytes: 250n }));
    const there = { rseExpression: 'A-DISK' };
    await add(['f1'], there);
    await expect(add(['f1', 'f2'], there)).rejects.toThrow('already exists');
    const added = await add(['f1', 'f2', 'f2'], { ...there, ignoreDuplicate: true });
    expect(new Set(added.map(({ id }) => id)).size).toBe(1);
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
    await expect(add(['f3', 'f3'], { rseExpression: 'B-DISK' })).rejects.toThrow('already exists');
  });

  it('that somebody is making is waited for, and gets no second lock', async () => {
    const free = { ignoreAccountLimit: true };
    const first = await hold(base.db, (tx: Tx) =>
      addRules(tx, wish(['f1'], free), rulesTerms(a.config, a.now)),
    );
    const second = add(['f1', 'f2'], { ...free, ignoreDuplicate: true });
    await someoneWaits(base.url);
    await first.release();
    expect(await second).toHaveLength(1);
    expect(await a.locks()).toEqual(['f1@B-DISK R', 'f2@B-DISK R']);
    expect(await a.replicas()).toContain('f1@B-DISK C 1');
  });

  it('that somebody is making is refused, and nothing stays of the others', async () => {
    const free = { ignoreAccountLimit: true };
    const first = await hold(base.db, (tx: Tx) =>
      addRules(tx, wish(['f1'], free), rulesTerms(a.config, a.now)),
    );
    const second = add(['f1', 'f2'], free);
    const refused = expect(second).rejects.toThrow('already exists');
    await someoneWaits(base.url);
    await first.release();
    await refused;
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
  });
});

it('counts a copy as it is when its turn comes, not as it was', async () => {
  // What a reaper's claim does to a copy.
  const reaper = await hold(base.db, (tx: Tx) =>
    execute(
      tx,
      sql`UPDATE replicas SET state = 'B', tombstone = timestamptz 'epoch' WHERE rse_id = ${disk}`,
    ),
  );
  const rule = add(['f1'], { rseExpression: 'A-DISK', notification: RuleNotification.YES });
  await someoneWaits(base.url);
  await reaper.release();
  const [added] = await rule;
  expect(await a.locks()).toEqual(['f1@A-DISK R']);
  expect(await a.ruleRow(added?.id ?? 0n)).toMatchObject({ state: 'R', ok: 0, replicating: 1 });
  expect(await told()).not.toContain('RULE_OK');
});

describe('different wishes together', () => {
  it('get what those before them leave', async () => {
    await base.db.tx((tx) => setLocalLimit(tx, a.accountId, { rseId: disk, bytes: 250n }));
    const all = (...names: string[]) =>
      base.db.tx((tx) =>
        addAllRules(
          tx,
          names.map((name, at) =>
            wish([name], { rseExpression: 'A-DISK', comment: String(at), priority: at }),
          ),
          rulesTerms(a.config, a.now),
        ),
      );
    await expect(all('f1', 'f2', 'f3')).rejects.toThrow('quota');
    expect(await a.locks()).toEqual([]);
    expect(await all('f1', 'f2')).toHaveLength(2);
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });

  it('on one DID are each made once', async () => {
    const [both, none] = [
      [wish(['f1']), wish(['f1'], { rseExpression: 'A-DISK' })],
      [wish(['f2']), wish(['f2'], { comment: 'the same again' })],
    ];
    const together = (wishes: RuleSpec[]) =>
      base.db.tx((tx) => addAllRules(tx, wishes, rulesTerms(a.config, a.now)));
    expect(await together(both)).toHaveLength(2);
    await expect(together(none)).rejects.toThrow('already exists');
    const asleep = none.map((one) => ({ ...one, asynchronous: true }));
    await expect(together(asleep)).rejects.toThrow('already exists');
  });
});
