import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kronos } from '../../src/daemons/kronos.js';
import { execute, only, rows, sql } from '../../src/db/index.js';
import { type Access, appendAccesses } from '../../src/replicas/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK', { attributes: { tombstone_delay: '600' } });
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK', 'B-DISK');
});
afterEach(() => base.close());

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const file = (name: string, rse: string | null = null): Access => ({
  file: { scope: a.scope, name },
  rse,
  dataset: null,
});
const dataset = (name: string): Access => ({
  file: null,
  rse: null,
  dataset: { scope: a.scope, name },
});
const told = (...accesses: Access[]) => base.db.tx((tx) => appendAccesses(tx, accesses, a.now));
const date = () => a.shift(kronos(a.config));
const dids = async () =>
  Object.fromEntries(
    (
      await base.db.read((tx) =>
        rows<{ name: string; at: Date; times: bigint }>(
          tx,
          sql`SELECT name, accessed_at AS at, access_cnt AS times FROM dids WHERE accessed_at IS NOT NULL`,
        ),
      )
    ).map(({ name, at, times }) => [name, [at, times]]),
  );
const copy = (name: string, rse: string) =>
  base.db.read((tx) =>
    only<{ accessed: Date; tombstone: Date | null }>(
      tx,
      sql`SELECT r.accessed_at AS accessed, r.tombstone FROM replicas r JOIN dids d ON d.id = r.did_id
            JOIN rses e ON e.id = r.rse_id WHERE d.name = ${name} AND e.name = ${rse}`,
    ),
  );
const bury = (tombstone: Date) =>
  base.db.tx((tx) => execute(tx, sql`UPDATE replicas SET tombstone = ${tombstone}`));

describe('what traces say was read', () => {
  it('dates the copy, its file and the datasets that hold it, and is forgotten', async () => {
    a.pass(7200);
    await told(file('f1', 'A-DISK'), file('f1', 'A-DISK'), file('f1', 'B-DISK'));
    expect(await date()).toMatchObject({ seen: 3, failed: 0, more: false });
    expect(await dids()).toEqual({ f1: [a.now, 3n], run: [a.now, 3n] });
    expect((await copy('f1', 'A-DISK')).accessed).toEqual(a.now);
    expect((await copy('f2', 'A-DISK')).accessed).not.toEqual(a.now);
    expect(await date()).toEqual(IDLE);
  });

  it('dates a dataset that is named by itself, and no container', async () => {
    await a.container('all');
    await a.attach('all', 'run');
    await told(dataset('run'), dataset('all'));
    await date();
    expect(await dids()).toEqual({ run: [a.now, 1n] });
  });

  it('never moves a date backwards', async () => {
    a.pass(7200);
    await told(file('f1', 'A-DISK'));
    await date();
    const last = a.now;
    a.pass(-3600);
    await told(file('f1', 'A-DISK'));
    await date();
    expect((await dids())['f1']).toEqual([last, 2n]);
    expect((await copy('f1', 'A-DISK')).accessed).toEqual(last);
  });

  it('makes nothing of names that name nothing', async () => {
    await told(file('nothing', 'A-DISK'), file('f1', 'NOWHERE'), dataset('nothing'));
    expect(await date()).toMatchObject({ seen: 3 });
    expect(Object.keys(await dids()).sort()).toEqual(['f1', 'run']);
  });

  it('is there again when the daemon dies, and is written once by two', async () => {
    a.pass(7200);
    await told(file('f1', 'A-DISK'));
    const dying = base.db.tx(async (tx) => {
      const { takeAccesses } = await import('../../src/replicas/index.js');
      await takeAccesses(tx, 10);
      throw new Error('killed');
    });
    await expect(dying).rejects.toThrow('killed');
    const [one, two] = await Promise.all([date(), date()]);
    expect(one.seen + two.seen).toBe(1);
    expect((await dids())['f1']).toEqual([a.now, 1n]);
  });

  it('is written when whoever holds a dataset lets go of it', async () => {
    a.pass(7200);
    const held = await hold(base.db, (tx) =>
      execute(tx, sql`SELECT FROM dids WHERE name = 'run' FOR UPDATE`),
    );
    await told(file('f1', 'A-DISK'));
    const dating = date();
    await someoneWaits(base.url);
    await held.release();
    expect(await dating).toMatchObject({ seen: 1 });
    expect(Object.keys(await dids()).sort()).toEqual(['f1', 'run']);
  });
});

describe('a cached copy that is read', () => {
  it('is as old as its last access, with the delay of its RSE', async () => {
    await bury(a.now);
    a.pass(7200);
    await told(file('f1', 'A-DISK'), file('f1', 'B-DISK'));
    await date();
    expect((await copy('f1', 'A-DISK')).tombstone).toEqual(a.now);
    const later = new Date(a.now.getTime() + 600_000);
    expect((await copy('f1', 'B-DISK')).tombstone).toEqual(later);
  });

  it('goes at once all the same where it is to go at once', async () => {
    await bury(new Date(0));
    a.pass(7200);
    await told(file('f1', 'A-DISK'));
    await date();
    expect((await copy('f1', 'A-DISK')).tombstone).toEqual(new Date(0));
  });

  it('keeps a tombstone that is later anyway', async () => {
    a.pass(7200);
    const later = new Date(a.now.getTime() + 86_400_000);
    await bury(later);
    await told(file('f1', 'A-DISK'));
    await date();
    expect((await copy('f1', 'A-DISK')).tombstone).toEqual(later);
  });
});
