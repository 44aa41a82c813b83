import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setLocalLimit } from '../../src/accounts/index.js';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { execute, only, rows, sql } from '../../src/db/index.js';
import {
  type AddedRule,
  findRule,
  moveRule,
  parseShortForm,
  reduceRule,
  type RuleSpec,
  rulesTerms,
  unionOf,
} from '../../src/rules/index.js';
import { changeRse, findRse } from '../../src/rses/index.js';
import { RseType, RuleGrouping } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { trials } from '../daemons/judge/trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
/** Two disks on each of three continents, and tapes on two. */
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  on = trials(a);
  for (const continent of ['EU', 'NA', 'AS']) {
    for (const n of [1, 2])
      await a.rse(`${continent}-DISK${n}`, { continent, attributes: { type: 'DISK' } });
  }
  for (const continent of ['EU', 'NA']) {
    const attributes = { type: 'TAPE' };
    await a.rse(`${continent}-TAPE`, { continent, type: RseType.TAPE, attributes });
  }
  await a.dataset('run');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const WISH = 'type=DISK:2;type=TAPE:1;distinct=continent';
const wish = (short: string): Partial<RuleSpec> => {
  const constraints = parseShortForm(short, 1);
  const copies = constraints.parts.reduce((sum, part) => sum + part.copies, 0);
  return { constraints, copies, rseExpression: unionOf(constraints) };
};
const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `f${n}`);

/** The RSEs of each file that the rule has. */
async function placesOf({ id }: { id: bigint }): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  for (const lock of await a.locks(id)) {
    const [name = '', rse = ''] = lock.split(' ')[0]?.split('@') ?? [];
    files.set(name, [...(files.get(name) ?? []), rse]);
  }
  return files;
}
/** Whether every file has two disks and a tape on three continents. */
const areKept = (files: ReadonlyMap<string, string[]>): boolean =>
  [...files.values()].every((rses) => {
    const continents = new Set(rses.map((rse) => rse.split('-')[0]));
    const tapes = rses.filter((rse) => rse.endsWith('TAPE')).length;
    return rses.length === 3 && continents.size === 3 && tapes === 1;
  });
const terms = () => rulesTerms(a.config, a.now);
const block = (name: string, availabilityWrite = false) =>
  base.db.tx(async (tx) => changeRse(tx, await findRse(tx, name), { availabilityWrite }));

describe.each([
  ['ALL', RuleGrouping.ALL],
  ['DATASET', RuleGrouping.DATASET],
  ['NONE', RuleGrouping.NONE],
])('a rule with a placement and grouping %s', (_, grouping) => {
  it('has copies of every file as it asks, and so have files that come later', async () => {
    await a.data('run', names(12), 'EU-DISK1');
    const rule = await a.rule('run', { ...wish(WISH), grouping });
    const first = await placesOf(rule);
    expect(first.size).toBe(12);
    expect(areKept(first)).toBe(true);
    await a.data('run', ['late1', 'late2'], 'AS-DISK2');
    await a.shift(judgeEvaluator(a.config));
    const all = await placesOf(rule);
    expect(all.size).toBe(14);
    expect(areKept(all)).toBe(true);
    for (const [file, rses] of first) expect(all.get(file)).toEqual(rses);
  });

  it('is placed by the injector in slices just as well', async () => {
    await a.data('run', names(12), 'EU-DISK1');
    const rule = await a.rule('run', { ...wish(WISH), grouping, asynchronous: true });
    const sliced = { ...a.config, rules: { ...a.config.rules, sliceLocks: 7 } };
    await a.shift(judgeInjector(sliced));
    const placed = await placesOf(rule);
    expect(placed.size).toBe(12);
    expect(areKept(placed)).toBe(true);
  });

  it('moves a copy whose RSE has left, so that the rest still fits, and nothing else', async () => {
    await a.data('run', names(9), 'EU-DISK1');
    const rule = await a.rule('run', { ...wish(WISH), grouping });
    const before = await placesOf(rule);
    const [gone = ''] = [...before.values()][0]?.filter((rse) => rse.includes('DISK')) ?? [];
    for (const rse of new Set([...before.values()].flat())) if (rse !== gone) await on.arrive(rse);
    await block(gone);
    await on.tire(gone);
    await on.repair();
    const after = await placesOf(rule);
    expect(areKept(after)).toBe(true);
    for (const [file, rses] of before) {
      const stays = rses.filter((rse) => rse !== gone);
      expect(after.get(file)).toEqual(expect.arrayContaining(stays));
      expect(after.get(file)).not.toContain(gone);
    }
  });

  it('gets back a lock that it lost, where that fits', async () => {
    await a.data('run', names(6), 'EU-DISK1');
    const rule = await a.rule('run', { ...wish(WISH), grouping });
    const before = await placesOf(rule);
    await base.db.tx((tx) => forget(tx, rule));
    await on.repair();
    await a.shift(judgeInjector(a.config));
    const after = await placesOf(rule);
    expect(after.size).toBe(before.size);
    expect(areKept(after)).toBe(true);
  });
});

/** One file's locks of a rule are gone but for one, as by a fault; the rule is due for repair. */
async function forget(tx: Parameters<typeof execute>[0], { id }: AddedRule): Promise<void> {
  const gone = sql`SELECT l.did_id, l.rse_id FROM locks l
    WHERE l.rule_id = ${id} AND l.did_id = (SELECT min(did_id) FROM locks WHERE rule_id = ${id})
    ORDER BY l.rse_id OFFSET 1`;
  const { count, ok } = await only<{ count: bigint; ok: bigint }>(
    tx,
    sql`SELECT count(*) AS count, count(*) FILTER (WHERE state = 'O') AS ok FROM locks
         WHERE rule_id = ${id} AND (did_id, rse_id) IN (${gone})`,
  );
  for (const change of [
    sql`DELETE FROM requests WHERE (did_id, rse_id) IN (${gone})`,
    sql`UPDATE replicas SET lock_cnt = 0, state = CASE state WHEN 'C' THEN 'U'::"char" ELSE state END
         WHERE (did_id, rse_id) IN (${gone})`,
    sql`INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
        SELECT r.account_id, l.rse_id, -1, -l.bytes FROM locks l JOIN rules r ON r.id = l.rule_id
         WHERE r.id = ${id} AND (l.did_id, l.rse_id) IN (${gone})`,
    sql`DELETE FROM locks WHERE rule_id = ${id} AND (did_id, rse_id) IN (${gone})`,
    sql`UPDATE rules SET locks_ok = locks_ok - ${ok}::bigint, state = 'S', stuck_at = now(), repair_at = '-infinity',
               locks_replicating = locks_replicating - ${count - ok}::bigint WHERE id = ${id}`,
  ]) {
    await execute(tx, change);
  }
}

describe('a rule with a placement', () => {
  it('on a file, on many files, and on many datasets in one request is placed as one by one', async () => {
    await a.copies('EU-DISK1', ['a', 'b', 'c']);
    await a.dataset('run2');
    await a.data('run', ['f1'], 'EU-DISK1');
    await a.data('run2', ['f2'], 'NA-DISK1');
    const dids = ['a', 'b', 'c', 'run', 'run2'].map((name) => ({ scope: a.scope, name }));
    await a.rule('', { ...wish(WISH), dids });
    const files = new Map<string, string[]>();
    for (const { name, rses } of await base.db.read((tx) =>
      rows<{ name: string; rses: string[] }>(
        tx,
        sql`SELECT d.name, array_agg(e.name) AS rses FROM locks l JOIN dids d ON d.id = l.did_id
              JOIN rses e ON e.id = l.rse_id GROUP BY d.name`,
      ),
    )) {
      files.set(name, rses);
    }
    expect(files.size).toBe(5);
    expect(areKept(files)).toBe(true);
  });

  it('is the same as another only if that asks for the same', async () => {
    await a.data('run', ['f1'], 'EU-DISK1');
    await a.rule('run', wish(WISH));
    await expect(a.rule('run', wish(WISH))).rejects.toMatchObject({ name: 'DuplicateRule' });
    const other = wish('type=DISK:2;type=TAPE:1;distinct=continent;maxSkew=1');
    await a.rule('run', other);
    const { constraints: _, ...plain } = wish(WISH);
    await a.rule('run', plain);
    await expect(a.rule('run', plain)).rejects.toMatchObject({ name: 'DuplicateRule' });
    const stored = await base.db.read((tx) =>
      rows(tx, sql`SELECT rse_expression, copies FROM rules GROUP BY 1, 2`),
    );
    expect(stored).toEqual([{ rse_expression: '(type=DISK)|(type=TAPE)', copies: 3 }]);
  });

  it('is locked for want of a lifetime only if every part is on tape', async () => {
    await a.data('run', ['f1'], 'EU-DISK1');
    const isLocked = async (short: string) => {
      const { uid } = await a.rule('run', wish(short));
      return (await base.db.read((tx) => findRule(tx, uid))).locked;
    };
    expect(await isLocked(WISH)).toBe(false);
    expect(await isLocked('type=TAPE:1;distinct=continent')).toBe(true);
  });

  it('that cannot be met is refused before anything is written', async () => {
    await a.data('run', ['f1'], 'EU-DISK1');
    await expect(a.rule('run', wish('type=DISK:4;distinct=continent'))).rejects.toMatchObject({
      name: 'InsufficientTargetRSEs',
      message: expect.stringContaining('only 3 values of continent (AS, EU, NA)'),
    });
    await expect(a.rule('run', wish('type=DISK:1;type=NONE:1'))).rejects.toMatchObject({
      name: 'InvalidRSEExpression',
      message: expect.stringContaining("'type=NONE', a part of the placement"),
    });
  });

  it('goes where the account has room, file by file, and says where it lacks', async () => {
    const bytes = (rse: string, limit: bigint) =>
      base.db.tx(async (tx) =>
        setLocalLimit(tx, a.accountId, { rseId: (await findRse(tx, rse)).id, bytes: limit }),
      );
    await a.data('run', names(6), 'EU-DISK1');
    await bytes('EU-TAPE', 350n);
    await bytes('NA-TAPE', 450n);
    const rule = await a.rule('run', { ...wish(WISH), grouping: RuleGrouping.NONE });
    const placed = await placesOf(rule);
    expect(placed.size).toBe(6);
    expect(areKept(placed)).toBe(true);
    await a.dataset('run2');
    await a.data('run2', ['g1', 'g2', 'g3', 'g4'], 'EU-DISK1');
    await expect(
      a.rule('run2', { ...wish(WISH), grouping: RuleGrouping.NONE }),
    ).rejects.toMatchObject({ name: 'InsufficientAccountLimit' });
  });

  it('takes its copies from where the data are, if that fits', async () => {
    await a.copies('NA-TAPE', ['f1']);
    await a.data('run', ['f1'], 'AS-DISK1', 'AS-DISK2', 'EU-DISK2');
    const { id } = await a.rule('run', wish(WISH));
    const [rses = []] = (await placesOf({ id })).values();
    expect(rses).toEqual(expect.arrayContaining(['NA-TAPE', 'EU-DISK2']));
    expect(rses.filter((rse) => rse.startsWith('AS-DISK'))).toHaveLength(1);
    expect(await a.requests()).toEqual([]);
  });

  it('goes into history with what it asked for', async () => {
    await a.data('run', ['f1'], 'EU-DISK1');
    const { uid } = await a.rule('run', { ...wish(WISH), splitContainer: false });
    await a.container('all');
    await a.attach('all', 'run');
    const split = await a.rule('all', { ...wish(WISH), splitContainer: true });
    await a.shift(judgeInjector(a.config));
    const past = await base.db.read((tx) =>
      rows<{ uid: string; constraints: object; name: string }>(
        tx,
        sql`SELECT uid, constraints, name, did_type FROM rules_history`,
      ),
    );
    // The dataset has the same rule already.
    expect(past).toMatchObject([
      { uid: split.uid, constraints: wish(WISH).constraints, name: 'all', did_type: 'C' },
    ]);
    expect((await base.db.read((tx) => findRule(tx, uid))).constraints).toEqual(
      wish(WISH).constraints,
    );
  });
});

describe('a placement that changes', () => {
  const made = async (short: string): Promise<AddedRule> => {
    await a.data('run', ['f1', 'f2'], 'EU-DISK1');
    const rule = await a.rule('run', wish(short));
    for (const rse of new Set([...(await placesOf(rule)).values()].flat())) await on.arrive(rse);
    return rule;
  };
  const move = ({ uid }: AddedRule, to: Parameters<typeof moveRule>[2]) =>
    base.db.tx(async (tx) => moveRule(tx, await findRule(tx, uid, 'wait'), to, terms()));
  const reduce = ({ uid }: AddedRule, to: Parameters<typeof reduceRule>[2]) =>
    base.db.tx(async (tx) => reduceRule(tx, await findRule(tx, uid, 'wait'), to, terms()));
  const ruleOf = ({ uid }: AddedRule) => base.db.read((tx) => findRule(tx, uid));

  it('is replaced whole by a move to another placement or expression', async () => {
    const rule = await made(WISH);
    const { constraints = null, ...to } = wish('type=DISK:1;type=TAPE:1;distinct=continent');
    const moved = await move(rule, {
      rseExpression: to.rseExpression ?? '',
      constraints,
      override: { copies: 2 },
    });
    expect(await ruleOf(moved)).toMatchObject({ copies: 2, constraints });
    const plain = await move(moved, { rseExpression: 'type=DISK', override: {} }).catch(
      (error: unknown) => error,
    );
    expect(plain).toMatchObject({ uid: expect.any(String) });
    expect((await ruleOf(plain as AddedRule)).constraints).toBeNull();
  });

  it('stays as it is in a move of anything else', async () => {
    const rule = await made(WISH);
    const { rseExpression } = await ruleOf(rule);
    await expect(move(rule, { rseExpression, override: { copies: 2 } })).rejects.toMatchObject({
      name: 'RuleReplaceFailed',
      message: expect.stringContaining('makes 3 copies, not 2'),
    });
    await expect(move(rule, { rseExpression, override: {} })).rejects.toMatchObject({
      name: 'DuplicateRule',
    });
  });

  it('is reduced where it has one part, and else by saying what is left', async () => {
    const one = await made('type=DISK:3;distinct=continent');
    const two = await reduce(one, { copies: 2, exclude: null });
    expect(await ruleOf(two)).toMatchObject({
      copies: 2,
      state: 'O',
      constraints: wish('type=DISK:2;distinct=continent').constraints,
    });
    await a.dataset('other');
    const parts = await a.rule('run', wish(WISH));
    for (const rse of new Set([...(await placesOf(parts)).values()].flat())) await on.arrive(rse);
    await expect(reduce(parts, { copies: 2, exclude: null })).rejects.toMatchObject({
      name: 'RuleReplaceFailed',
      message: expect.stringContaining('say which 2 copies are left'),
    });
    const { constraints = null } = wish('type=DISK:1;type=TAPE:1;distinct=continent');
    const left = await reduce(parts, { copies: 2, exclude: null, constraints });
    expect(await ruleOf(left)).toMatchObject({ copies: 2, state: 'O', constraints });
  });
});
