import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, rows, sql, type Sql } from '../../src/db/index.js';
import { expireNext, removeRules, rulesTerms } from '../../src/rules/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { type Heard, type Listen, listening } from '../support/plans.js';

let base: TestDatabase;
let a: Court;
let listen: Listen;
beforeEach(async () => {
  base = await testDatabase();
  const ear = listening(base.db);
  listen = ear.listen;
  a = await court(ear.db);
  await a.rse('A-DISK');
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const EPOCH = '1970-01-01T00:00:00.000Z';
const NOTHING = { seen: 0, done: 0, failed: 0, more: false };
const clean = () => a.shift(judgeCleaner(a.config));
const write = (statement: Sql) => base.db.tx((tx) => execute(tx, statement));
const terms = (locksMax: number) => ({ ...rulesTerms(a.config, a.now), locksMax });
const next = (limits = { locksMax: 5000, rulesMax: 100 }) =>
  base.db.tx((tx) => expireNext(tx, { ...terms(limits.locksMax), ...limits }));

/** A rule that is due, on a dataset of its own: of three locks, or of as many as there are names. */
async function due(name: string, purgeReplicas = false, names = ['f1', 'f2', 'f3']) {
  await a.dataset(name);
  await a.attach(name, ...names);
  return (await a.rule(name, { rseExpression: 'A-DISK', lifetime: 0, purgeReplicas })).id;
}
async function dueOnes(names: readonly string[]): Promise<bigint[]> {
  const ids = [];
  for (const name of names) ids.push(await due(name));
  return ids;
}
const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${name}${at}`);

/** So many rules of one lock that are due on f1, told apart by their expressions. */
async function dueOnOneFile(count: number): Promise<void> {
  await a.rule('f1', { rseExpression: 'A-DISK', lifetime: 0 });
  await write(sql`
    INSERT INTO rules (did_id, account_id, copies, rse_expression, state, did_grouping, locks_ok, expires_at)
    SELECT r.did_id, r.account_id, 1, 'A-DISK&' || n, 'O', 'D', 1, r.expires_at
      FROM rules r, generate_series(2, ${count}::int) n`);
  await write(sql`
    INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
    SELECT l.did_id, l.rse_id, r.id, l.bytes, l.state FROM locks l, rules r WHERE r.id <> l.rule_id`);
  await write(sql`UPDATE replicas SET lock_cnt = ${count}::int WHERE lock_cnt = 1`);
  await write(sql`
    INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
    SELECT account_id, rse_id, files * ${count - 1}::int, bytes * ${count - 1}::int FROM account_usage_deltas`);
}

interface PastRule {
  state: string;
  ok: number;
  rules: number;
}
/** Rules that have ended, by how they stood; they were touched last when they ended. */
const past = () =>
  base.db.read((tx) =>
    rows<PastRule>(
      tx,
      sql`SELECT state, locks_ok::int AS ok, count(*)::int AS rules FROM rules_history
           WHERE updated_at = deleted_at GROUP BY state, locks_ok ORDER BY locks_ok`,
    ),
  );
const textsOf = (statement: Sql) =>
  base.db.read(async (tx) =>
    (await rows<{ text: unknown }>(tx, statement)).map(({ text }) => text),
  );
const releases = (heard: readonly Heard[]) =>
  heard.filter(({ text }) => text.includes('DELETE FROM locks')).length;

describe('rules of few locks that are due at once', () => {
  it('on one file: a thousand go by ten transactions of few statements each', async () => {
    await dueOnOneFile(1000);
    const heard = await listen(async () => expect(await clean()).toMatchObject({ done: 1000 }));
    expect(releases(heard)).toBe(10);
    expect(heard.length).toBeLessThan(100);
    expect(await past()).toEqual([{ state: 'O', ok: 1, rules: 1000 }]);
    expect([await a.locks(), await a.usage(), await clean()]).toEqual([[], [], NOTHING]);
  });

  it('go by as many statements as few of them', async () => {
    const statements = async (names: readonly string[]) => {
      await dueOnes(names);
      const heard = await listen(clean);
      return heard.map(({ text }) => text);
    };
    const few = await statements(numbered('a', 4));
    expect(await statements(numbered('b', 40))).toEqual(few);
    expect(await past()).toEqual([{ state: 'O', ok: 3, rules: 44 }]);
  });

  it('go together, and vast ones in slices when it is their turn', async () => {
    const more = numbered('g', 10);
    await a.data('run', more, 'A-DISK');
    await due('early');
    a.pass(1);
    await due('vast', false, more);
    a.pass(1);
    await dueOnes(['late', 'later']);
    const steps = [];
    for (let step = 0; step < 5; step++) steps.push(await next({ locksMax: 6, rulesMax: 2 }));
    expect(steps).toEqual([
      { rules: 2, locks: 6, more: false },
      { rules: 0, locks: 6, more: true },
      { rules: 1, locks: 4, more: false },
      { rules: 1, locks: 3, more: false },
      undefined,
    ]);
    expect(await past()).toEqual([
      { state: 'O', ok: 3, rules: 3 },
      { state: 'O', ok: 4, rules: 1 },
    ]);
  });

  it('go on after a crash', async () => {
    await dueOnes(numbered('d', 4));
    const limits = { ...terms(5000), rulesMax: 100 };
    await base.db
      .tx(async (tx) => {
        await expireNext(tx, limits);
        throw new Error('killed');
      })
      .catch(() => undefined);
    expect(await a.locks()).toHaveLength(12);
    expect(await clean()).toEqual({ seen: 4, done: 4, failed: 0, more: false });
  });

  it('go without one whose child is not OK, and without one that is locked', async () => {
    await a.rse('B-DISK');
    const [waiting, locked] = await dueOnes(numbered('d', 5));
    const child = await a.rule('d0', { rseExpression: 'B-DISK' });
    await write(sql`UPDATE rules SET child_rule_id = ${child.id} WHERE id = ${waiting}`);
    await write(sql`UPDATE rules SET locked = true WHERE id = ${locked}`);
    expect(await clean()).toEqual({ seen: 3, done: 3, failed: 0, more: false });
    expect(await a.locks(waiting)).toHaveLength(3);
    expect(await a.locks(locked)).toHaveLength(3);
    await write(sql`UPDATE rules SET state = 'O' WHERE id = ${child.id}`);
    expect(await clean()).toEqual({ seen: 1, done: 1, failed: 0, more: false });
  });

  it('leave a copy as the last one of them says', async () => {
    await due('purging', true);
    a.pass(1);
    await due('keeping');
    expect(await next()).toMatchObject({ rules: 2 });
    const tombstones = sql`SELECT DISTINCT tombstone = ${EPOCH}::timestamptz AS text FROM replicas`;
    expect(await textsOf(tombstones)).toEqual([false]);
    await due('kept');
    a.pass(1);
    await due('purged', true);
    expect(await next()).toMatchObject({ rules: 2 });
    expect(await textsOf(tombstones)).toEqual([true]);
  });

  it('go if they have no lock, whatever their counters say', async () => {
    await due('d');
    await write(sql`UPDATE rules SET locks_ok = 1000000`);
    expect(await clean()).toMatchObject({ done: 1, more: false });
    expect(await a.locks()).toEqual([]);
  });
});

describe('rules that were replaced', () => {
  /** A rule that is due, replaced by another, which is OK. */
  async function replaced(name: string, lifetime: number | null) {
    const parent = await a.rule(name, { rseExpression: 'A-DISK', lifetime: 0 });
    const child = await a.rule(name, { rseExpression: 'B-DISK', lifetime });
    await write(sql`UPDATE rules SET child_rule_id = ${child.id} WHERE id = ${parent.id}`);
    return [parent.id, child.id] as const;
  }
  const guarded = sql`SELECT d.name || '@' || e.name AS text FROM guarded_copies g
    JOIN dids d ON d.id = g.did_id JOIN rses e ON e.id = g.rse_id ORDER BY 1`;

  beforeEach(async () => {
    await a.rse('B-DISK');
    await a.copies('B-DISK', ['f1', 'f2', 'f3']);
  });

  it('go together, and guard what they held; others guard nothing', async () => {
    await replaced('f1', null);
    await replaced('f2', null);
    await a.rule('f3', { rseExpression: 'A-DISK', lifetime: 0 });
    expect(await next()).toEqual({ rules: 2, locks: 2, more: false });
    expect(await next()).toEqual({ rules: 1, locks: 1, more: false });
    expect(await textsOf(guarded)).toEqual(['f1@A-DISK', 'f2@A-DISK']);
  });

  it('go before what replaced them, and history knows by what', async () => {
    const [parent, child] = await replaced('f1', 0);
    const remove = () => base.db.tx((tx) => removeRules(tx, [child, parent], terms(5000)));
    expect(await remove()).toEqual({ rules: 1, locks: 1, more: true });
    expect(await remove()).toEqual({ rules: 1, locks: 1, more: false });
    const links = sql`SELECT child_rule_id::text AS text FROM rules_history ORDER BY id`;
    expect(await textsOf(links)).toEqual([String(child), null]);
    expect(await textsOf(guarded)).toEqual(['f1@A-DISK']);
  });
});

describe('rules on DIDs that expire at once', () => {
  const bury = () => a.shift(undertaker(a.config));

  it('go together', async () => {
    await dueOnes(numbered('d', 40));
    await write(
      sql`UPDATE dids SET expired_at = ${a.now}, purge_replicas = (name = 'd7') WHERE name ~ '^d'`,
    );
    const heard = await listen(bury);
    expect(releases(heard)).toBe(2);
    expect(await past()).toEqual([{ state: 'O', ok: 3, rules: 40 }]);
  });

  it('stay if they are locked when it comes to them', async () => {
    const [locked, other] = await dueOnes(['d0', 'd1']);
    const ids = [locked, other] as bigint[];
    await write(sql`UPDATE rules SET locked = true WHERE id = ${locked}`);
    const removal = await base.db.tx((tx) => removeRules(tx, ids, terms(5000)));
    expect(removal).toEqual({ rules: 1, locks: 3, more: false });
    expect(await a.locks(locked)).toHaveLength(3);
  });
});
