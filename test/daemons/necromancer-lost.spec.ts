import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeRepairer } from '../../src/daemons/judge/repairer.js';
import { necromancer } from '../../src/daemons/necromancer.js';
import { execute, rows, sql } from '../../src/db/index.js';
import { assertReadable } from '../../src/replicas/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Dock, dock } from './reaper/dock.js';

let base: TestDatabase;
let a: Dock;
beforeEach(async () => {
  base = await testDatabase();
  a = await dock(base.db);
  await a.quay('A-DISK');
  await a.quay('B-DISK');
  await a.dataset('run');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const raise = () => a.shift(necromancer(a.config));
const availability = async (name: string) => (await a.did(name)).availability;
const told = (type: string) =>
  base.db.read(async (tx) =>
    (
      await rows<{ payload: object }>(
        tx,
        sql`SELECT payload FROM messages WHERE event_type = ${type} ORDER BY id`,
      )
    ).map(({ payload }) => payload),
  );
const declared = () =>
  base.db.read(async (tx) =>
    (await rows<{ state: string }>(tx, sql`SELECT state FROM bad_replicas ORDER BY id`)).map(
      ({ state }) => state,
    ),
  );

describe('a file whose last good copy was declared bad', () => {
  beforeEach(async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.attach('run', 'f1');
  });

  it('is lost, its datasets are told once, and its rules are stuck and say so', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK', copies: 2 });
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('B-DISK', 'f1');
    expect(await raise()).toMatchObject({ done: 1 });
    expect(await raise()).toEqual(IDLE);
    expect(await availability('f1')).toBe('L');
    expect(await declared()).toEqual(['L', 'L']);
    expect(await told('LOST')).toEqual([
      { scope: 'km3net', name: 'f1', dataset_scope: 'km3net', dataset_name: 'run' },
    ]);
    expect(await a.ruleRow(id)).toMatchObject({
      state: 'S',
      stuck: 2,
      error: 'the file is lost: no good copy is left',
    });
    expect(await a.stuck()).toMatchObject([{ cause: 'FILE_LOST' }, { cause: 'FILE_LOST' }]);
  });

  it('stays in its dataset, and cannot be attached to another one', async () => {
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    await a.dataset('other');
    await expect(a.attach('other', 'f1')).rejects.toThrow(/lost/i);
    const content = await base.db.read((tx) =>
      rows(
        tx,
        sql`SELECT p.name AS dataset, d.name FROM contents ct
              JOIN dids p ON p.id = ct.parent_id JOIN dids d ON d.id = ct.child_id`,
      ),
    );
    expect(content).toEqual([{ dataset: 'run', name: 'f1' }]);
  });

  it('stays stuck however often the repairer looks, and its locks do not move', async () => {
    await a.quay('C-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'A-DISK|B-DISK|C-DISK', copies: 2 });
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    for (let day = 0; day < 4; day++) {
      a.pass(86_400);
      await a.shift(judgeRepairer(a.config));
      await a.settle();
      await raise();
    }
    expect(await a.ruleRow(id)).toMatchObject({ state: 'S', stuck: 2 });
    expect((await a.locks(id)).map((lock) => lock.slice(0, 9))).toEqual(['f1@A-DISK', 'f1@B-DISK']);
    expect(await a.stuck()).toMatchObject([{ cause: 'FILE_LOST' }, { cause: 'FILE_LOST' }]);
  });

  it('is found when somebody registers a good copy, and every rule has its copies again', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK|B-DISK', copies: 2 });
    a.damage('A-DISK', 'f1', 'eventz');
    a.damage('B-DISK', 'f1', 'eventz');
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    await a.quay('C-DISK');
    await a.file('f1', 'events', 'C-DISK');
    expect(await availability('f1')).toBe('A');
    expect(await told('FOUND')).toEqual([{ scope: 'km3net', name: 'f1' }]);
    await raise();
    await a.settle();
    await raise();
    expect([a.content('A-DISK', 'f1'), a.content('B-DISK', 'f1')]).toEqual(['events', 'events']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 2, error: null });
    expect(await declared()).toEqual(['R', 'R']);
    expect(await told('LOST')).toHaveLength(1);
  });

  it('is found when somebody says that a copy can be read after all', async () => {
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    const copy = await a.key('f1', 'A-DISK');
    await base.db.tx((tx) => assertReadable(tx, [copy], a.now));
    expect(await availability('f1')).toBe('A');
    expect(await declared()).toEqual(['R', 'B']);
  });

  it('is told of a rule that somebody makes afterwards', async () => {
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    const here = await a.rule('f1', { rseExpression: 'A-DISK' });
    await a.quay('C-DISK');
    const elsewhere = await a.rule('f1', { rseExpression: 'C-DISK' });
    await raise();
    expect(await raise()).toEqual(IDLE);
    for (const { id } of [here, elsewhere]) {
      expect(await a.ruleRow(id)).toMatchObject({ state: 'S', stuck: 1 });
    }
    expect(await a.stuck()).toMatchObject([{ cause: 'FILE_LOST' }, { cause: 'FILE_LOST' }]);
  });
});

describe('a file with a bad copy', () => {
  it('is not lost while another one rests, is being written, or is good', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.file('f2', 'events', 'A-DISK');
    await a.copies('A-DISK', ['f3']);
    await a.copies('B-DISK', ['f3'], 'C');
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE replicas SET state = 'T' FROM rses e
                       WHERE e.id = rse_id AND e.name = 'B-DISK' AND state = 'A'`,
      ),
    );
    await a.declareBad('A-DISK', 'f1');
    await a.declareBad('A-DISK', 'f3');
    await raise();
    expect(await told('LOST')).toEqual([]);
    await a.declareBad('A-DISK', 'f2');
    await raise();
    expect(await told('LOST')).toEqual([
      { scope: 'km3net', name: 'f2', dataset_scope: null, dataset_name: null },
    ]);
    // The upload has not come for more than a day.
    a.pass(2 * 86_400);
    await raise();
    expect(await availability('f3')).toBe('L');
  });

  it('is told of, with who said it and why', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.declareBad('A-DISK', 'f1');
    expect(await told('BAD_REPLICA')).toEqual([
      { scope: 'km3net', name: 'f1', rse: 'A-DISK', reason: 'told so', cause: null },
    ]);
  });
});

describe('many bad copies at once', () => {
  it('are replaced as the day allows, the others wait and that is told once', async () => {
    const names = ['f1', 'f2', 'f3', 'f4', 'f5'];
    for (const name of names) {
      await a.file(name, name, 'A-DISK', 'B-DISK');
      await a.rule(name, { rseExpression: 'B-DISK' });
    }
    for (const name of names) await a.declareBad('B-DISK', name);
    const config = { ...a.config, replicas: { ...a.config.replicas, recoveryDailyMax: 2 } };
    const careful = () => a.shift(necromancer(config));
    expect(await careful()).toMatchObject({ done: 2 });
    expect(await careful()).toEqual(IDLE);
    expect(await a.requests()).toEqual(['f1@B-DISK Q', 'f2@B-DISK Q']);
    expect(await told('RECOVERY_HELD')).toEqual([{ rse: 'B-DISK', waiting: 3, limit: 2 }]);
    await a.settle();
    expect(await careful()).toMatchObject({ done: 2 }); // two declarations are closed
    expect(await careful()).toEqual(IDLE);
    a.pass(86_400);
    await careful();
    await a.settle();
    expect((await a.replicas()).filter((copy) => copy.includes('B-DISK D'))).toEqual([
      'f5@B-DISK D 1',
    ]);
    a.pass(86_400);
    await careful();
    await a.settle();
    expect((await a.replicas()).filter((copy) => copy.includes(' D '))).toEqual([]);
  });
});
