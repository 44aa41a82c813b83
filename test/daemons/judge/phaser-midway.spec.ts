import { describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { execute, sql } from '../../../src/db/index.js';
import {
  changeRule,
  deleteRule,
  moveRule,
  reduceRule,
  type RuleChange,
} from '../../../src/rules/index.js';
import { RuleState } from '../../../src/vocabulary/index.js';
import { days, phase, phasedCourts } from '../../support/phases.js';

const stage = phasedCourts();
const { clean, rule, passes, phased, terms, told, withRule } = stage;
const change = (uid: string, wish: RuleChange) =>
  withRule(uid, (tx, it) => changeRule(tx, it, wish, terms()));
const copies = (rse: string, state = 'O') => ['f1', 'f2'].map((file) => `${file}@${rse} ${state}`);
const rulesLeft = () => stage.db.read((tx) => execute(tx, sql`SELECT FROM rules`));

/** On B-DISK soon, while the copies at A-DISK stay until they are there. */
const midway = async () => {
  const made = await phased([phase('A-DISK', days(1)), phase('B-DISK')]);
  await passes(1);
  expect(await stage.a.locks()).toEqual([...copies('A-DISK'), ...copies('B-DISK', 'R')].sort());
  return made;
};

describe('while the next phase of a rule does not hold yet', () => {
  it('the rule is moved: what the former phase has stays until the copies are where it moved', async () => {
    const { uid } = await midway();
    const moved = await withRule(uid, (tx, it) =>
      moveRule(tx, it, { rseExpression: 'T-TAPE', override: {} }, terms()),
    );
    await clean();
    expect(await stage.a.locks()).toEqual(expect.arrayContaining(copies('A-DISK')));
    expect(await told(moved.uid)).toEqual(['done: 1 on A-DISK', 'current: 1 on T-TAPE']);
    await stage.on.arrive('T-TAPE');
    await clean();
    await clean();
    expect(await stage.a.locks()).toEqual(copies('T-TAPE'));
    expect(await rulesLeft()).toBe(1);
  });

  it('the rule cannot be reduced: nothing is there that it could be reduced to', async () => {
    const { uid } = await phased([phase('A-DISK', days(1)), phase('B-DISK|T-TAPE', { copies: 2 })]);
    await passes(1);
    await expect(
      withRule(uid, (tx, it) => reduceRule(tx, it, { copies: 1, exclude: null }, terms())),
    ).rejects.toMatchObject({ name: 'RuleReplaceFailed' });
    await clean();
    expect(await stage.a.locks()).toEqual(expect.arrayContaining(copies('A-DISK')));
  });

  it('the rule is suspended, or takes no transfers: the former phase stays all that time', async () => {
    const { uid } = await midway();
    await change(uid, { state: RuleState.SUSPENDED, cancelRequests: true });
    await passes(99);
    await clean();
    expect(await stage.a.locks()).toEqual([...copies('A-DISK'), ...copies('B-DISK', 'S')].sort());
    await change(uid, { state: RuleState.STUCK });
    await stage.on.repair();
    await stage.on.arrive('B-DISK');
    await clean();
    expect(await stage.a.locks()).toEqual(copies('B-DISK'));
  });

  it('a file comes: the former phase stays until that has its copy too', async () => {
    await midway();
    await stage.on.arrive('B-DISK');
    await stage.a.data('run', ['f3'], 'A-DISK');
    await stage.a.shift(judgeEvaluator(stage.a.config));
    await clean();
    expect(await stage.a.locks()).toEqual(expect.arrayContaining(copies('A-DISK')));
    await stage.on.arrive('B-DISK');
    await clean();
    expect(await stage.a.locks()).toEqual([...copies('B-DISK'), 'f3@B-DISK O']);
  });

  it('the rule expires: both phases end, and nothing keeps the last copies', async () => {
    const { uid } = await midway();
    await change(uid, { lifetime: 7200 });
    stage.a.pass(7200);
    await clean();
    expect([await rulesLeft(), await stage.a.usage()]).toEqual([0, []]);
    const guards = sql`SELECT FROM guarded_copies`;
    expect(await stage.db.read((tx) => execute(tx, guards))).toBe(0);
  });

  it('a deletion is taken back within its time: nothing was let go', async () => {
    const { uid } = await midway();
    await withRule(uid, (tx, it) =>
      deleteRule(tx, it, { now: stage.a.now, deleteGraceSeconds: 3600 }),
    );
    await clean();
    await change(uid, { lifetime: null });
    stage.a.pass(7200);
    await clean();
    expect(await stage.a.locks()).toEqual([...copies('A-DISK'), ...copies('B-DISK', 'R')].sort());
    await stage.on.arrive('B-DISK');
    await clean();
    expect(await stage.a.locks()).toEqual(copies('B-DISK'));
    expect(await rule(uid)).toMatchObject({ state: RuleState.OK, expiresAt: null });
  });

  it('copies of it are lost that had arrived: the former phase stays until they are there again', async () => {
    await midway();
    await stage.on.arrive('B-DISK', ['f1']);
    await stage.a.declareBad('B-DISK', 'f1');
    await stage.on.arrive('B-DISK', ['f2']);
    await clean();
    expect(await stage.a.locks()).toEqual(expect.arrayContaining(copies('A-DISK')));
  });
});
