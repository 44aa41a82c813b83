import { describe, expect, it } from '@jest/globals';
import { setGlobalLimit, setLocalLimit } from '../../src/accounts/index.js';
import { only, sql } from '../../src/db/index.js';
import { findRse } from '../../src/rses/index.js';
import { changeRule, moveRule, parsePhases, phasesOf, reduceRule } from '../../src/rules/index.js';
import { RuleState } from '../../src/vocabulary/index.js';
import { DAY, phase, phasedCourts } from '../support/phases.js';

const stage = phasedCourts();
const { rule, withRule, terms, phased, diskThenTape, passes, told, clean } = stage;
/** As clients write it. */
const change = (uid: string, phases: object[] | null) =>
  withRule(uid, (tx, it) => changeRule(tx, it, { phases: phases && parsePhases(phases) }, terms()));
const move = (uid: string, rseExpression: string) =>
  withRule(uid, (tx, it) => moveRule(tx, it, { rseExpression, override: {} }, terms()));

describe('phases that have not begun', () => {
  it('are replaced by others', async () => {
    const { uid } = await diskThenTape();
    await change(uid, [{}, { for: '10d', rse_expression: 'B-DISK' }, { rse_expression: 'T-TAPE' }]);
    expect(await told(uid)).toEqual([
      'current: 1 on A-DISK',
      'next: 1 on B-DISK',
      'next: 1 on T-TAPE',
    ]);
    await passes(30);
    expect(await rule(uid)).toMatchObject({ rseExpression: 'B-DISK' });
    await stage.on.arrive('B-DISK');
    await passes(10);
    expect(await rule(uid)).toMatchObject({ rseExpression: 'T-TAPE', locked: true });
  });

  it('are dropped by null: of the first phase an ordinary rule is left', async () => {
    const { uid } = await diskThenTape();
    await change(uid, null);
    expect(await rule(uid)).toMatchObject({ phases: null, phase: null, phasesKey: null });
    await passes(999);
    expect(await rule(uid)).toMatchObject({ rseExpression: 'A-DISK', state: RuleState.OK });
    await change(uid, null);
  });

  it('are dropped of a later phase too, which is the last then', async () => {
    const { uid } = await phased([
      phase('A-DISK', { forSeconds: DAY }),
      phase('B-DISK', { forSeconds: DAY }),
      phase('T-TAPE'),
    ]);
    await passes(1);
    await change(uid, null);
    expect(await told(uid)).toEqual(['done: 1 on A-DISK', 'current: 1 on B-DISK']);
    await passes(9);
    expect(await rule(uid)).toMatchObject({ rseExpression: 'B-DISK', phaseLookAt: null });
    await stage.on.arrive('B-DISK');
    await clean();
    expect(await stage.a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O']);
  });

  it('come to a rule that had none: its first one begins now', async () => {
    const { uid } = await stage.a.rule('run', { rseExpression: 'A-DISK' });
    stage.a.pass(10 * DAY);
    await change(uid, [{ for: '30d' }, { rse_expression: 'T-TAPE' }]);
    expect(phasesOf(await rule(uid))[0]).toMatchObject({ state: 'current', since: stage.a.now });
    await passes(30);
    expect(await told(uid)).toEqual(['done: 1 on A-DISK', 'current: 1 on T-TAPE']);
  });
});

describe('the phase that holds', () => {
  it('may last longer, or end at once; its copies go when the next ones are there', async () => {
    const { uid } = await diskThenTape();
    await change(uid, [{ for: '60d' }, { rse_expression: 'T-TAPE' }]);
    await passes(30);
    expect(await told(uid)).toEqual(['current: 1 on A-DISK', 'next: 1 on T-TAPE']);
    await change(uid, [{ for: '1d' }, { rse_expression: 'T-TAPE' }]);
    await passes(0);
    expect(await told(uid)).toEqual(['done: 1 on A-DISK', 'current: 1 on T-TAPE']);
    expect(await stage.a.locks()).toEqual([
      'f1@A-DISK O',
      'f1@T-TAPE R',
      'f2@A-DISK O',
      'f2@T-TAPE R',
    ]);
  });

  it.each([
    ['other copies of what holds', [{ for: '30d', copies: 2 }, { rse_expression: 'T-TAPE' }]],
    ['another weight', [{ for: '30d', weight: 'share' }, { rse_expression: 'T-TAPE' }]],
    ['another grouping', [{ for: '30d', grouping: 'NONE' }, { rse_expression: 'T-TAPE' }]],
    ['another place', [{ for: '30d', rse_expression: 'B-DISK' }, { rse_expression: 'T-TAPE' }]],
    ['fewer than have begun', []],
  ])('is not said otherwise than it is: %s', async (_, phases) => {
    const { uid } = await diskThenTape();
    await expect(change(uid, phases)).rejects.toMatchObject({ name: 'UnsupportedOperation' });
    expect(await told(uid)).toEqual(['current: 1 on A-DISK', 'next: 1 on T-TAPE']);
  });

  it('nor is one that is over', async () => {
    const { uid } = await diskThenTape();
    await passes(30);
    await expect(
      change(uid, [{ for: '31d' }, { for: '1d' }, { rse_expression: 'B-DISK' }]),
    ).rejects.toThrow('its phase 1 is over; it stays for 30d');
    await change(uid, [{ for: '30d' }, { for: '1d' }, { rse_expression: 'B-DISK' }]);
    expect(await told(uid)).toHaveLength(3);
  });

  it.each([
    ['a single phase', [{}], 'there must be two at least'],
    ['one that wants the same', [{}, { rse_expression: 'A-DISK' }], 'wants what phase 1 wants'],
    ['one that cannot be', [{}, { copies: 3, rse_expression: '*-DISK' }], ''],
  ])('what makes no sense is refused: %s', async (_, phases, why) => {
    const { uid } = await diskThenTape();
    await expect(change(uid, phases)).rejects.toThrow(why);
  });

  it('does not stay in a staging area for ever', async () => {
    await stage.a.rse('STAGE', { stagingArea: true });
    const { uid } = await phased([phase('STAGE', { forSeconds: DAY }), phase('B-DISK')]);
    await expect(change(uid, null)).rejects.toMatchObject({
      name: 'StagingAreaRuleRequiresLifetime',
    });
  });
});

describe('which rule decides', () => {
  it.each([
    ['its end', { lifetime: null }],
    ['its account', { accountId: 0 }],
    ['its lock', { locked: true }],
  ])('is not what is left of a phase: %s', async (_, wish) => {
    const { uid } = await diskThenTape();
    await passes(30);
    const { uid: left } = await stage.db.read((tx) =>
      only<{ uid: string }>(tx, sql`SELECT uid FROM rules WHERE phase_of IS NOT NULL`),
    );
    await expect(withRule(left, (tx, it) => changeRule(tx, it, wish, terms()))).rejects.toThrow(
      `is what is left of a phase; change rule ${uid.replaceAll('-', '')}`,
    );
  });

  it('is the one that goes on, not what is left of a phase, nor one that is replaced', async () => {
    const { uid } = await diskThenTape();
    const child = await move(uid, 'B-DISK');
    const id = child.uid.replaceAll('-', '');
    await expect(change(uid, null)).rejects.toThrow(`rule ${id} is to take its place`);
    await change(child.uid, null);
  });

  it('a rule must not become the same as another', async () => {
    const { uid } = await diskThenTape();
    await stage.a.rule('run', { rseExpression: 'A-DISK' });
    await expect(change(uid, null)).rejects.toMatchObject({ name: 'DuplicateRule' });
    const other = await phased([phase('A-DISK', { forSeconds: DAY }), phase('T-TAPE')]);
    await expect(
      change(other.uid, [{ for: '30d' }, { rse_expression: 'T-TAPE' }]),
    ).rejects.toMatchObject({ name: 'DuplicateRule' });
  });

  it('and with its phases changed it may be made again as it was', async () => {
    const { uid } = await diskThenTape();
    await change(uid, [{ for: '40d' }, { rse_expression: 'T-TAPE' }]);
    await diskThenTape();
    expect(await told(uid)).toHaveLength(2);
  });
});

describe('a move or reduction to what the next phase wants', () => {
  it('begins that phase now: a move', async () => {
    const { uid } = await diskThenTape();
    stage.a.pass(DAY);
    const moved = await move(uid, 'T-TAPE');
    expect(await told(moved.uid)).toEqual(['done: 1 on A-DISK', 'current: 1 on T-TAPE']);
    expect(await rule(moved.uid)).toMatchObject({ locked: true, phaseLookAt: null });
    await expect(diskThenTape()).rejects.toMatchObject({ name: 'DuplicateRule' });
  });

  it('begins that phase now: fewer copies', async () => {
    await stage.a.copies('B-DISK', ['f1', 'f2']);
    const { uid } = await phased([
      phase('A-DISK|B-DISK', { copies: 2, untilIdleSeconds: 90 * DAY }),
      phase('A-DISK|B-DISK'),
    ]);
    const reduced = await withRule(uid, (tx, it) =>
      reduceRule(tx, it, { copies: 1, exclude: null }, terms()),
    );
    expect(await told(reduced.uid)).toEqual([
      'done: 2 on A-DISK|B-DISK',
      'current: 1 on A-DISK|B-DISK',
    ]);
  });
});

describe('what the former phase is charged', () => {
  const limit = async (name: string, bytes: bigint) => {
    const { id } = await stage.db.read((tx) => findRse(tx, name));
    await stage.db.tx((tx) => setLocalLimit(tx, stage.a.accountId, { rseId: id, bytes }));
  };

  it('is no reason to refuse the next one by a global limit over both', async () => {
    await limit('A-DISK', 200n + 1n);
    await limit('B-DISK', 200n + 1n);
    await stage.db.tx((tx) =>
      setGlobalLimit(tx, stage.a.accountId, { expression: 'A-DISK|B-DISK', bytes: 250n }),
    );
    const { uid } = await phased([phase('A-DISK', { forSeconds: DAY }), phase('B-DISK')]);
    await passes(1);
    expect(await rule(uid)).toMatchObject({ state: RuleState.REPLICATING, error: null });
    await stage.on.arrive('B-DISK');
    await clean();
    expect(await stage.a.usage()).toEqual(['B-DISK 2 files 200 bytes']);
  });

  it('makes no room under a global limit over the next one alone', async () => {
    await stage.db.tx((tx) =>
      setGlobalLimit(tx, stage.a.accountId, { expression: 'B-DISK|T-TAPE', bytes: 150n }),
    );
    const { uid } = await phased([phase('A-DISK', { forSeconds: DAY }), phase('B-DISK')]);
    await passes(1);
    expect(await rule(uid)).toMatchObject({ state: RuleState.STUCK });
  });
});
