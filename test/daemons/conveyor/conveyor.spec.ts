import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { RseType } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Harbour, harbour } from '../../support/harbour.js';

let base: TestDatabase;
let a: Harbour;
beforeEach(async () => {
  base = await testDatabase();
  a = await harbour(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

describe('a rule', () => {
  it('becomes bytes at the other storage, verified, step by step', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK');
    await a.file('f1', 'events of run 1', 'A-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    const crew = a.crew('one');

    expect(await crew.shift(crew.submitter)).toMatchObject({ seen: 1, done: 1, failed: 0 });
    expect(await a.requests()).toEqual(['f1@B-DISK S']);
    await crew.moved();
    expect(await crew.shift(crew.poller)).toMatchObject({ seen: 1, done: 1, failed: 0 });
    expect(await a.requests()).toEqual(['f1@B-DISK D']);
    expect(await crew.shift(crew.finisher)).toMatchObject({ seen: 1, done: 1, failed: 0 });

    expect(a.content('B-DISK', 'f1')).toBe('events of run 1');
    expect(a.storage('B-DISK').list()).toHaveLength(1);
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0', 'f1@B-DISK A 1']);
    expect(await a.locks()).toEqual(['f1@B-DISK O']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 1, replicating: 0 });
    expect(await a.history()).toMatchObject([
      { name: 'f1', source: 'A-DISK', destination: 'B-DISK', state: 'D', bytesMoved: 15n },
    ]);
    const idle = { seen: 0, done: 0, failed: 0, more: false };
    for (const daemon of [crew.submitter, crew.poller, crew.finisher]) {
      expect(await crew.shift(daemon)).toEqual(idle);
    }
  });

  it('over many files and several copies is OK in the end, each copy verified', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.dataset('run');
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
    for (const name of names) await a.file(name, `events of ${name}`, 'A-DISK');
    await a.attach('run', ...names);
    const { id } = await a.rule('run', { copies: 3, rseExpression: 'A-DISK|B-DISK|C-DISK' });
    await a.settle();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 60, replicating: 0, stuck: 0 });
    for (const name of names) {
      for (const rse of ['B-DISK', 'C-DISK']) {
        expect(a.content(rse, name)).toBe(`events of ${name}`);
      }
    }
    const unverified = await base.db.read((tx) =>
      rows(
        tx,
        sql`SELECT 1 FROM replicas WHERE lock_cnt > 0 AND rse_id > 1 AND verified_at IS NULL`,
      ),
    );
    expect(unverified).toEqual([]);
  });

  it('of another account shares the copy: both are OK by one movement', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK');
    await a.file('f1', 'events', 'A-DISK');
    const first = await a.rule('f1', { rseExpression: 'B-DISK' });
    const crew = a.crew('one');
    await crew.shift(crew.submitter);
    const second = await a.rule('f1', { rseExpression: 'B-DISK&B-DISK' });
    await a.settle(crew);
    expect((await a.ruleRow(first.id)).state).toBe('O');
    expect((await a.ruleRow(second.id)).state).toBe('O');
    expect(await a.history()).toHaveLength(1);
  });
});

describe('the source', () => {
  const sourceOf = async () => {
    await a.settle();
    return (await a.history()).map(({ source }) => source);
  };

  it('is the nearest one', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK', 'D-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK', 'B-DISK', 'C-DISK');
    await a.distance('A-DISK', 'D-DISK', 9);
    await a.distance('B-DISK', 'D-DISK', 2);
    await a.rule('f1', { rseExpression: 'D-DISK' });
    expect(await sourceOf()).toEqual(['B-DISK']);
  });

  it('is a disk before a nearer tape', async () => {
    await a.quay('A-TAPE', { type: RseType.TAPE });
    await a.quay('B-DISK');
    await a.quay('C-DISK');
    await a.file('f1', 'events', 'A-TAPE', 'B-DISK');
    await a.distance('A-TAPE', 'C-DISK', 1);
    await a.distance('B-DISK', 'C-DISK', 9);
    await a.rule('f1', { rseExpression: 'C-DISK' });
    expect(await sourceOf()).toEqual(['B-DISK']);
  });

  it('is one that the rule allows', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.distance('A-DISK', 'C-DISK', 1);
    await a.distance('B-DISK', 'C-DISK', 9);
    await a.rule('f1', { rseExpression: 'C-DISK', sourceReplicaExpression: 'B-DISK' });
    expect(await sourceOf()).toEqual(['B-DISK']);
  });

  it('is one that some tool can read, though a nearer one cannot be reached', async () => {
    await a.quay('A-DISK', { scheme: 'gopher' });
    await a.quay('B-DISK');
    await a.quay('C-DISK');
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.distance('A-DISK', 'C-DISK', 1);
    await a.rule('f1', { rseExpression: 'C-DISK' });
    expect(await sourceOf()).toEqual(['B-DISK']);
  });

  it('is waited for while it is uploaded, and no attempt is counted', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK');
    await a.file('f1', 'events', 'A-DISK');
    const copyState = (state: string) =>
      base.db.tx((tx) =>
        rows(tx, sql`UPDATE replicas SET state = ${state}::"char" WHERE rse_id = 1 RETURNING 1`),
      );
    await copyState('C');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    for (let hour = 0; hour < 5; hour++) {
      await a.settle();
      expect(await a.requests()).toEqual(['f1@B-DISK W']);
      expect(await a.ruleRow(id)).toMatchObject({ state: 'R' });
      a.pass(3600);
    }
    await copyState('A');
    a.pass(3600);
    await a.settle();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
    expect(await a.history()).toMatchObject([{ state: 'D', attempt: 0 }]);
  });

  it('may be a copy that is still to be made, where the rule wants it from there', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK');
    a.storage('B-DISK').failNext('write', 'REFUSED');
    await a.rule('f1', { rseExpression: 'B-DISK' });
    const { id } = await a.rule('f1', {
      rseExpression: 'C-DISK',
      sourceReplicaExpression: 'B-DISK',
    });
    await a.settle();
    expect(await a.requests()).toEqual(['f1@B-DISK W', 'f1@C-DISK W']);
    for (const seconds of [60, 3600]) {
      a.pass(seconds);
      await a.settle();
    }
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
    expect((await a.history()).map(({ source, state }) => `${source} ${state}`)).toEqual([
      'A-DISK F',
      'A-DISK D',
      'B-DISK D',
    ]);
  });

  it('is not waited for where two copies would wait for each other', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK');
    const { id } = await a.rule('f1', { copies: 2, rseExpression: 'B-DISK|C-DISK' });
    await a.declareBad('A-DISK', 'f1');
    await a.settle();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'S', stuck: 2 });
    expect((await a.stuck()).map(({ cause }) => cause)).toEqual(['NO_SOURCE', 'NO_SOURCE']);
  });
});

describe('a source that gives other bytes than the catalogue has', () => {
  it('is declared bad with what was expected and found; the good copy is taken at once', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.distance('A-DISK', 'C-DISK', 1);
    await a.distance('B-DISK', 'C-DISK', 9);
    a.damage('A-DISK', 'f1', 'eventz');
    const { id } = await a.rule('f1', { rseExpression: 'C-DISK' });
    await a.settle();

    expect(await a.history()).toMatchObject([
      {
        source: 'A-DISK',
        state: 'F',
        attempt: 0,
        cause: 'SOURCE_CHECKSUM',
        expected: expect.stringMatching(/^adler32:[0-9a-f]{8}$/),
        found: expect.stringMatching(/^adler32:[0-9a-f]{8}$/),
      },
      { source: 'B-DISK', state: 'D', attempt: 1, cause: null },
    ]);
    expect(a.content('C-DISK', 'f1')).toBe('events');
    expect(a.storage('C-DISK').list()).toHaveLength(1);
    expect(await a.replicas()).toContain('f1@A-DISK D 0');
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
    const [declared] = await base.db.read((tx) =>
      rows<{ state: string; reason: string; cause: string; account_id: number | null }>(
        tx,
        sql`SELECT state, reason, cause, account_id FROM bad_replicas`,
      ),
    );
    expect(declared).toMatchObject({ state: 'B', cause: 'SOURCE_CHECKSUM', account_id: null });
    expect(declared?.reason).toMatch(/expected adler32:[0-9a-f]{8}, found adler32:[0-9a-f]{8}/);
  });

  it('that a rule holds is no longer OK for it', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK');
    await a.file('f1', 'events', 'A-DISK');
    const holding = await a.rule('f1', { rseExpression: 'A-DISK' });
    a.damage('A-DISK', 'f1', 'eventz');
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.settle();
    expect(await a.ruleRow(holding.id)).toMatchObject({ state: 'R', ok: 0, replicating: 1 });
    expect(await a.stuck()).toMatchObject([
      {
        copy: 'f1@B-DISK',
        cause: 'SOURCE_CHECKSUM',
        error: expect.stringMatching(/expected adler32.*no other copy can be read/),
      },
    ]);
  });

  it('is declared once, however many destinations met it', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK');
    a.damage('A-DISK', 'f1', 'eventz');
    await a.rule('f1', { copies: 2, rseExpression: 'B-DISK|C-DISK' });
    await a.settle();
    const declared = await base.db.read((tx) => rows(tx, sql`SELECT 1 FROM bad_replicas`));
    expect(declared).toHaveLength(1);
  });
});

describe('a storage that is not deterministic', () => {
  it('gets a path by its algorithm, which is remembered', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK', { deterministic: false, attributes: { lfn2pfn_algorithm: 'identity' } });
    await a.file('f1', 'events', 'A-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.settle();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
    expect(a.storage('B-DISK').list()).toEqual(['/data/km3net/f1']);
    const paths = await base.db.read((tx) =>
      rows<{ path: string }>(tx, sql`SELECT path FROM replica_paths`),
    );
    expect(paths).toEqual([{ path: 'km3net/f1' }]);
  });
});
