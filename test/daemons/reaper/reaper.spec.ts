import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { execute, sql } from '../../../src/db/index.js';
import { urgentDue } from '../../../src/replicas/index.js';
import { findRse, setRseAttribute, setRseLimit, upsertRseUsage } from '../../../src/rses/index.js';
import { writeSettings } from '../../../src/settings/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Dock, dock } from './dock.js';

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const GREEDY = { attributes: { greedyDeletion: 'true' } };

let base: TestDatabase;
let a: Dock;
beforeEach(async () => {
  base = await testDatabase();
  a = await dock(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});
const run = (statement: ReturnType<typeof sql>) => base.db.tx((tx) => execute(tx, statement));

describe('the reaper', () => {
  it('deletes exactly what nothing protects, and counts it', async () => {
    await a.quay('DISK', GREEDY);
    await a.file('kept', 'a'.repeat(10), 'DISK');
    await a.file('free', 'b'.repeat(20), 'DISK');
    await a.file('held', 'c'.repeat(30), 'DISK');
    await a.rule('held', { rseExpression: 'DISK' });
    await a.release('free', 'DISK');
    expect(await a.reap()).toEqual({ seen: 1, done: 1, failed: 0, more: false });
    expect(await a.replicas()).toEqual(['held@DISK A 1', 'kept@DISK A 0']);
    expect(a.content('DISK', 'free')).toBeUndefined();
    expect(a.content('DISK', 'held')).toBeDefined();
    expect(await a.held('DISK')).toEqual({ files: 2n, bytes: 40n });
    expect(await a.reap()).toEqual(IDLE);
  });

  it('leaves cached copies where there is space, and takes what is to go at once', async () => {
    await a.quay('DISK');
    await a.file('cached', 'a', 'DISK');
    await a.file('purged', 'b', 'DISK');
    await a.release('cached', 'DISK');
    await a.release('purged', 'DISK', true);
    expect(await a.reap()).toMatchObject({ done: 1 });
    expect(await a.replicas()).toEqual(['cached@DISK A 0']);
    expect(await a.reap()).toEqual(IDLE);
  });

  it('frees what MinFreeSpace lacks, oldest first, and no more', async () => {
    const rseId = await a.quay('DISK');
    for (const name of ['old', 'middle', 'young']) {
      await a.file(name, 'x'.repeat(100), 'DISK');
      await a.release(name, 'DISK');
      a.pass(60);
    }
    const limit = (name: string, value: bigint) =>
      base.db.tx((tx) => setRseLimit(tx, rseId, { name, value }));
    await limit('MaxSpaceAvailable', 310n);
    await limit('MinFreeSpace', 10n);
    expect(await a.reap()).toEqual(IDLE);
    await limit('MinFreeSpace', 120n);
    expect(await a.reap()).toMatchObject({ done: 2 });
    expect(await a.replicas()).toEqual(['young@DISK A 0']);
    expect(await a.reap()).toEqual(IDLE);
  });

  it('believes the storage about its space, and remembers what it has deleted since', async () => {
    const rseId = await a.quay('DISK');
    for (const name of ['f1', 'f2', 'f3']) {
      await a.file(name, 'x'.repeat(100), 'DISK');
      await a.release(name, 'DISK');
    }
    await base.db.tx(async (tx) => {
      await setRseLimit(tx, rseId, { name: 'MinFreeSpace', value: 100n });
      const report = { source: 'storage', used: 300n, free: 20n, files: null };
      await upsertRseUsage(tx, rseId, report);
    });
    expect(await a.reap()).toMatchObject({ done: 1 });
    expect(await a.reap()).toEqual(IDLE);
    expect(await a.replicas()).toHaveLength(2);
  });

  it('keeps the last copy when its protection ended by side effect', async () => {
    await a.quay('A-DISK', GREEDY);
    await a.quay('B-DISK', GREEDY);
    await a.file('last', 'x', 'A-DISK');
    await a.file('one-of-two', 'x', 'A-DISK', 'B-DISK');
    for (const name of ['last', 'one-of-two']) {
      await a.release(name, 'A-DISK');
      await a.guard(name, 'A-DISK');
    }
    expect(await a.reap()).toMatchObject({ seen: 2, done: 1 });
    expect(await a.replicas()).toEqual(['last@A-DISK A 0', 'one-of-two@B-DISK A 0']);
    expect(await a.reap()).toEqual(IDLE);
    await run(sql`UPDATE dids SET expired_at = ${a.now} WHERE name = 'last'`);
    a.pass(2 * a.config.reaper.retrySeconds);
    expect(await a.reap()).toMatchObject({ done: 1 });
  });

  it('keeps what nobody asked the end of where the other copy is a cached one, which goes by itself', async () => {
    await a.quay('A-DISK', GREEDY);
    await a.quay('B-DISK', GREEDY);
    await a.file('f', 'x', 'A-DISK', 'B-DISK');
    for (const rse of ['A-DISK', 'B-DISK']) await a.release('f', rse);
    await a.guard('f', 'A-DISK');
    a.pass(2 * a.config.reaper.retrySeconds);
    for (let shift = 0; shift < 3; shift++) await a.reap();
    expect(await a.replicas()).toEqual(['f@A-DISK A 0']);
  });

  it('lets one of two copies go of which nobody asked the end, and never both', async () => {
    await a.quay('A-DISK', GREEDY);
    await a.quay('B-DISK', GREEDY);
    await a.file('f', 'x', 'A-DISK', 'B-DISK');
    for (const rse of ['A-DISK', 'B-DISK']) {
      await a.release('f', rse);
      await a.guard('f', rse);
    }
    for (let shift = 0; shift < 3; shift++) {
      await a.reap();
      a.pass(2 * a.config.reaper.retrySeconds);
    }
    expect(await a.replicas()).toHaveLength(1);
  });

  it('keeps what another rule still needs to copy from, though its own rule ended on purpose', async () => {
    await a.quay('A-DISK', GREEDY);
    await a.quay('B-DISK', GREEDY);
    await a.file('f', 'x', 'A-DISK');
    await a.rule('f', { rseExpression: 'B-DISK' });
    await a.release('f', 'A-DISK');
    expect(await a.reap()).toMatchObject({ seen: 1, done: 0 });
    expect(await a.replicas()).toEqual(['f@A-DISK A 0', 'f@B-DISK C 1']);
    await a.settle();
    a.pass(2 * a.config.reaper.retrySeconds);
    expect(await a.reap()).toMatchObject({ done: 1 });
    expect(await a.replicas()).toEqual(['f@B-DISK A 1']);
  });

  it('keeps the last bytes that a rule elsewhere waits for, bad ones too, and no longer', async () => {
    await a.quay('A-DISK', GREEDY);
    await a.quay('B-DISK', GREEDY);
    await a.file('f', 'x', 'A-DISK');
    await a.rule('f', { rseExpression: 'A-DISK', lifetime: 60 });
    await a.declareBad('A-DISK', 'f');
    await a.rule('f', { rseExpression: 'B-DISK', lifetime: 7200 });
    a.pass(60);
    await a.shift(judgeCleaner(a.config));
    expect(await a.reap()).toMatchObject({ done: 0 });
    expect(await a.replicas()).toEqual(['f@A-DISK D 0', 'f@B-DISK U 1']);
    a.pass(7200 + a.config.reaper.retrySeconds);
    await a.shift(judgeCleaner(a.config));
    expect(await a.reap()).toMatchObject({ done: 2 });
    expect(await a.replicas()).toEqual([]);
  });

  it.each([
    [
      'RSE',
      async () =>
        base.db.tx(async (tx) =>
          setRseAttribute(tx, await findRse(tx, 'DISK'), 'keep_last_copy', 'true'),
        ),
    ],
    [
      'scope',
      () =>
        base.db.tx((tx) =>
          writeSettings(tx, [{ section: 'keep_last_copy', option: 'km3net', value: 'true' }]),
        ),
    ],
  ])('keeps every last copy where the %s says so', async (_, say) => {
    await a.quay('DISK', GREEDY);
    await a.file('raw', 'x', 'DISK');
    await a.release('raw', 'DISK');
    await say();
    expect(await a.reap()).toMatchObject({ seen: 1, done: 0 });
    expect(await a.replicas()).toEqual(['raw@DISK A 0']);
  });

  it('counts a bad copy as no good one', async () => {
    await a.quay('A-DISK', GREEDY);
    await a.quay('B-DISK', GREEDY);
    await a.file('f', 'x', 'A-DISK', 'B-DISK');
    await a.declareBad('B-DISK', 'f');
    await a.release('f', 'A-DISK');
    await a.guard('f', 'A-DISK');
    await a.reap();
    expect(await a.replicas()).toEqual(['f@A-DISK A 0']);
  });

  it('waits while an evaluation is pending on something above, and puts the copy off', async () => {
    await a.quay('DISK', GREEDY);
    await a.file('f', 'x', 'DISK');
    await a.dataset('run');
    await a.container('all');
    await a.attach('run', 'f');
    await a.attach('all', 'run');
    await a.release('f', 'DISK');
    await run(sql`DELETE FROM updated_dids WHERE did_id = ${(await a.did('run')).id}`);
    expect(await a.reap()).toEqual({ seen: 1, done: 0, failed: 0, more: false });
    await run(sql`DELETE FROM updated_dids`);
    expect(await a.reap()).toEqual(IDLE);
    a.pass(2 * a.config.reaper.retrySeconds);
    expect(await a.reap()).toMatchObject({ done: 1 });
  });

  it('puts off what is to go at once without making a cached copy of it', async () => {
    await a.quay('DISK');
    await a.file('f', 'x', 'DISK');
    await a.release('f', 'DISK');
    await run(sql`UPDATE replicas SET tombstone = 'epoch'`);
    await a.guard('f', 'DISK');
    expect(await a.reap()).toMatchObject({ seen: 1, done: 0 });
    const [due] = [...(await a.tombstones()).values()].map(urgentDue);
    expect(due?.getTime()).toBeGreaterThan(a.now.getTime());
    await run(sql`DELETE FROM guarded_copies`);
    a.pass(2 * a.config.reaper.retrySeconds);
    expect(await a.reap()).toMatchObject({ done: 1 });
  });

  it('gives a copy back as it was when its storage fails, and comes again later', async () => {
    await a.quay('DISK', GREEDY);
    await a.file('f', 'x', 'DISK');
    await a.release('f', 'DISK');
    a.storage('DISK').failNext('remove', 'REFUSED');
    expect(await a.reap()).toEqual({ seen: 1, done: 0, failed: 1, more: false });
    expect(await a.replicas()).toEqual(['f@DISK A 0']);
    expect(await a.reap()).toEqual(IDLE);
    a.pass(2 * a.config.reaper.retrySeconds);
    expect(await a.reap()).toMatchObject({ done: 1 });
  });

  it('claims copies of every state together, and gives each back as it was', async () => {
    await a.quay('DISK', GREEDY);
    const states = { f1: 'A', f2: 'D', f3: 'T', f4: 'U' };
    for (const [name, state] of Object.entries(states)) {
      await a.file(name, 'x', 'DISK');
      await a.release(name, 'DISK');
      await run(sql`UPDATE replicas r SET state = ${state}::"char" FROM dids d
                    WHERE d.id = r.did_id AND d.name = ${name}`);
    }
    a.storage('DISK').failNext('remove', 'REFUSED', 4);
    expect(await a.reap()).toEqual({ seen: 4, done: 0, failed: 4, more: false });
    const kept = Object.entries(states).map(([name, state]) => `${name}@DISK ${state} 0`);
    expect(await a.replicas()).toEqual(kept);
  });

  it('leaves a storage alone that does not answer', async () => {
    await a.quay('DISK', GREEDY);
    for (let i = 0; i < 40; i++) {
      await a.file(`f${i}`, 'x', 'DISK');
      await a.release(`f${i}`, 'DISK');
    }
    a.storage('DISK').failNext('remove', 'CONNECTION', 1000);
    const { failed } = await a.reap();
    expect(failed).toBeLessThan(40);
    expect(new Set((await a.replicas()).map((copy) => copy.slice(-3)))).toEqual(new Set(['A 0']));
  });

  it('takes bytes that are gone already for deleted', async () => {
    await a.quay('DISK', GREEDY);
    await a.file('f', 'x', 'DISK');
    await a.release('f', 'DISK');
    a.storage('DISK').clear();
    expect(await a.reap()).toMatchObject({ done: 1, failed: 0 });
    expect(await a.replicas()).toEqual([]);
  });

  it('does not touch an RSE that is not available for deleting', async () => {
    await a.quay('DISK', { ...GREEDY, availabilityDelete: false });
    await a.file('f', 'x', 'DISK');
    await a.release('f', 'DISK');
    expect(await a.reap()).toEqual(IDLE);
  });

  it('forgets the path and the guard with the copy', async () => {
    await a.quay('DISK', { ...GREEDY });
    await a.quay('B-DISK');
    await a.file('f', 'x', 'DISK', 'B-DISK');
    await a.release('f', 'DISK');
    await a.guard('f', 'DISK');
    await a.reap();
    expect(await run(sql`SELECT FROM guarded_copies`)).toBe(0);
  });

  it('works in batches and says that there is more', async () => {
    await a.quay('DISK', GREEDY);
    for (const name of ['f1', 'f2', 'f3']) {
      await a.file(name, 'x', 'DISK');
      await a.release(name, 'DISK');
    }
    const { reaper } = await import('../../../src/daemons/reaper/reaper.js');
    const { StorageRegistry } = await import('../../../src/protocols/index.js');
    const daemon = reaper(a.config, new StorageRegistry({ allowPrivate: true }));
    expect(await a.shift(daemon, 2)).toMatchObject({ seen: 2, done: 2, more: true });
    expect(await a.shift(daemon, 2)).toMatchObject({ seen: 1, done: 1, more: false });
  });
});
