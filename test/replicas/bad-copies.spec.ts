import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { necromancer } from '../../src/daemons/necromancer.js';
import { rows, sql } from '../../src/db/index.js';
import { declareBad, guardsOf, restCopies, suspectCopies } from '../../src/replicas/index.js';
import { Cause } from '../../src/vocabulary/index.js';
import { type Dock, dock } from '../daemons/reaper/dock.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let base: TestDatabase;
let a: Dock;
const CACHE = { attributes: { tombstone_delay: '60', greedyDeletion: 'true' } };
beforeEach(async () => {
  base = await testDatabase();
  a = await dock(base.db);
  await a.quay('A-DISK');
  await a.quay('B-CACHE', CACHE);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const HOUR = 3600;
/** Long enough for every tombstone and put-off. */
const later = async () => {
  for (let hour = 0; hour < 3; hour++) {
    a.pass(HOUR * 2);
    await a.reap();
  }
};
const guarded = async (name: string) =>
  (await base.db.read(async (tx) => guardsOf(tx, [(await a.did(name)).id]))).length;
const states = () =>
  base.db.read((tx) =>
    rows<{ state: string; expires: Date | null }>(
      tx,
      sql`SELECT state, expires_at AS expires FROM bad_replicas ORDER BY id`,
    ),
  );

describe('a cached copy', () => {
  it('goes when its time has come', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE');
    await later();
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0']);
  });

  it('stays when every other copy went bad, until another good one exists', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE');
    await a.declareBad('A-DISK', 'f1');
    await later();
    // The bad one is nobody's and another one is good: it went.
    expect(await a.replicas()).toEqual(['f1@B-CACHE A 0']);
    expect(a.content('B-CACHE', 'f1')).toBe('events');
    await a.quay('C-DISK');
    await a.file('f1', 'events', 'C-DISK');
    await later();
    expect(await a.replicas()).toEqual(['f1@C-DISK A 0']);
  });

  it('stays when the copy that a rule held went bad', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE');
    await a.rule('f1', { rseExpression: 'A-DISK' });
    await a.declareBad('A-DISK', 'f1');
    await later();
    expect(await a.replicas()).toEqual(['f1@A-DISK D 1', 'f1@B-CACHE A 0']);
    await a.shift(necromancer(a.config));
    await a.settle();
    await later();
    expect(await a.replicas()).toEqual(['f1@A-DISK A 1']);
  });

  it('needs no guard while a rule holds another good copy', async () => {
    await a.quay('C-DISK');
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE', 'C-DISK');
    await a.rule('f1', { rseExpression: 'C-DISK' });
    await a.declareBad('A-DISK', 'f1');
    expect(await guarded('f1')).toBe(1); // the bad one itself
    await later();
    expect(await a.replicas()).toEqual(['f1@C-DISK A 1']);
  });

  it('stays where it is the first good one after the others went bad', async () => {
    await a.file('f1', 'events', 'A-DISK');
    await a.declareBad('A-DISK', 'f1');
    await a.file('f1', 'events', 'B-CACHE');
    await later();
    expect(await a.replicas()).toEqual(['f1@B-CACHE A 0']);
  });

  it('is kept by one reaper when another one takes the last but one', async () => {
    await a.quay('C-CACHE', CACHE);
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE', 'C-CACHE');
    await a.declareBad('A-DISK', 'f1');
    await later();
    expect(await a.replicas()).toHaveLength(1);
  });
});

describe('a bad copy that nobody holds', () => {
  it('keeps its bytes while no other copy is good', async () => {
    await a.file('f1', 'events', 'A-DISK');
    a.damage('A-DISK', 'f1', 'eventz');
    await a.declareBad('A-DISK', 'f1');
    await a.shift(necromancer(a.config));
    await later();
    expect(a.content('A-DISK', 'f1')).toBe('eventz');
    expect(await a.replicas()).toEqual(['f1@A-DISK D 0']);
  });

  it('stays where it is only suspected', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE');
    const copy = await a.key('f1', 'A-DISK');
    const doubt = { reason: 'slow', accountId: a.accountId, now: a.now };
    await base.db.tx((tx) => suspectCopies(tx, [copy], doubt));
    await later();
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0']);
    expect(await states()).toMatchObject([{ state: 'S' }]);
  });
});

describe('what our own reads prove', () => {
  it('is believed up to a bound a day, whatever becomes of it meanwhile', async () => {
    const proof = { reason: 'SOURCE_CHECKSUM', cause: Cause.SOURCE_CHECKSUM, ownDailyMax: 2 };
    const declare = async (name: string) => {
      const copy = await a.key(name, 'A-DISK');
      return await base.db.tx((tx) => declareBad(tx, [copy], { ...proof, now: a.now }));
    };
    for (const name of ['f1', 'f2', 'f3']) await a.file(name, name, 'A-DISK', 'B-CACHE');
    expect((await declare('f1')).bad).toHaveLength(1);
    expect((await declare('f2')).bad).toHaveLength(1);
    await a.reap();
    await a.shift(necromancer(a.config));
    expect(await declare('f3')).toMatchObject({ bad: [], suspected: [{ state: 'A' }] });
    a.pass(86_401);
    expect((await declare('f3')).bad).toHaveLength(1);
  });
});

describe('a copy that rests', () => {
  const rest = async (name: string, rse: string, seconds: number) => {
    const copy = await a.key(name, rse);
    const expiresAt = new Date(a.now.getTime() + seconds * 1000);
    const why = { reason: 'tape robot', accountId: a.accountId, expiresAt, now: a.now };
    await base.db.tx((tx) => restCopies(tx, [copy], why));
    return expiresAt;
  };
  const raise = () => a.shift(necromancer(a.config));

  it('is no source, is not repaired, and is AVAILABLE again when its time has passed', async () => {
    await a.file('f1', 'events', 'A-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'A-DISK' });
    await rest('f1', 'A-DISK', HOUR);
    await a.quay('C-DISK');
    await a.rule('f1', { rseExpression: 'C-DISK' });
    await a.settle();
    await raise();
    expect(await a.replicas()).toEqual(['f1@A-DISK T 1', 'f1@C-DISK C 1']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
    a.pass(HOUR + 1);
    expect(await raise()).toMatchObject({ done: 1 });
    await a.settle();
    expect(await a.replicas()).toEqual(['f1@A-DISK A 1', 'f1@C-DISK A 1']);
    expect(await states()).toMatchObject([{ state: 'R' }]);
  });

  it('rests until the date that was said last', async () => {
    await a.file('f1', 'events', 'A-DISK');
    await rest('f1', 'A-DISK', HOUR);
    const end = await rest('f1', 'A-DISK', 5 * HOUR);
    expect(await states()).toEqual([{ state: 'T', expires: end }]);
    a.pass(2 * HOUR);
    await raise();
    expect(await a.replicas()).toEqual(['f1@A-DISK T 0']);
  });

  it('is bad when somebody says so meanwhile, and stays so afterwards', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-CACHE');
    await a.rule('f1', { rseExpression: 'A-DISK' });
    await rest('f1', 'A-DISK', HOUR);
    await a.declareBad('A-DISK', 'f1');
    expect(await states()).toMatchObject([{ state: 'R' }, { state: 'B' }]);
    a.pass(HOUR + 1);
    expect((await a.replicas())[0]).toBe('f1@A-DISK D 1');
  });
});
