import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { necromancer } from '../../src/daemons/necromancer.js';
import { execute, rows, sql } from '../../src/db/index.js';
import { changeRse, findRse } from '../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Harbour, harbour } from '../support/harbour.js';

let base: TestDatabase;
let a: Harbour;
beforeEach(async () => {
  base = await testDatabase();
  a = await harbour(base.db);
  await a.quay('A-DISK');
  await a.quay('B-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const raise = () => a.shift(necromancer(a.config));
const declarations = () =>
  base.db.read(async (tx) =>
    (await rows<{ state: string }>(tx, sql`SELECT state FROM bad_replicas ORDER BY id`)).map(
      ({ state }) => state,
    ),
  );
const retire = (rse: string, availabilityWrite: boolean) =>
  base.db.tx(async (tx) => changeRse(tx, await findRse(tx, rse), { availabilityWrite }));

describe('a bad copy that a rule holds', () => {
  it('is replaced from another good one, over the bad bytes', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    a.damage('B-DISK', 'f1', 'eventz');
    await a.declareBad('B-DISK', 'f1');
    expect(await raise()).toEqual({ seen: 1, done: 1, failed: 0, more: false });
    expect(await raise()).toEqual(IDLE);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', ok: 0, replicating: 1 });
    await a.settle();
    expect(a.content('B-DISK', 'f1')).toBe('events');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 1 });
    expect(await raise()).toMatchObject({ done: 1 });
    expect(await declarations()).toEqual(['R']);
    expect(await raise()).toEqual(IDLE);
  });

  it('is left alone while it is the last one, and replaced when another comes', async () => {
    await a.file('f1', 'events', 'B-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    a.damage('B-DISK', 'f1', 'eventz');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    expect(await raise()).toEqual(IDLE);
    expect(a.content('B-DISK', 'f1')).toBe('eventz');
    await a.file('f1', 'events', 'A-DISK');
    await raise();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 1, stuck: 0 });
    await a.settle();
    expect(a.content('B-DISK', 'f1')).toBe('events');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
  });

  it('may still be overwritten when the first recovery failed', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    a.damage('B-DISK', 'f1', 'eventz');
    await a.declareBad('B-DISK', 'f1');
    await raise();
    await retire('B-DISK', false);
    for (let attempt = 0; attempt < 3; attempt++) {
      await a.settle();
      a.pass(3600);
    }
    expect(await a.stuck()).toMatchObject([{ cause: 'NOT_WRITABLE' }]);
    await retire('B-DISK', true);
    // As the repairer tries again: a new request, that knows nothing of the first.
    await base.db.tx(async (tx) => {
      await execute(tx, sql`UPDATE replicas SET state = 'C' WHERE state = 'U'`);
      await execute(
        tx,
        sql`INSERT INTO requests (did_id, rse_id, rule_id, bytes, account_id)
            SELECT did_id, rse_id, rule_id, bytes, ${a.accountId} FROM locks`,
      );
    });
    await a.settle();
    expect(a.content('B-DISK', 'f1')).toBe('events');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
  });
});

describe('a declaration', () => {
  it('is closed when its copy is gone', async () => {
    await a.file('f1', 'events', 'A-DISK');
    await a.declareBad('A-DISK', 'f1');
    await base.db.tx((tx) => execute(tx, sql`DELETE FROM replicas`));
    expect(await raise()).toMatchObject({ done: 1 });
    expect(await declarations()).toEqual(['D']);
  });

  it('stays open for a bad copy that nobody wants', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.declareBad('B-DISK', 'f1');
    expect(await raise()).toEqual(IDLE);
    expect(await declarations()).toEqual(['B']);
  });
});
