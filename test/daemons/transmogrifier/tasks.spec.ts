import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { janitor } from '../../../src/daemons/janitor.js';
import { rows, sql } from '../../../src/db/index.js';
import { type Meta } from '../../../src/metadata/index.js';
import { registerFiles } from '../../../src/replicas/index.js';
import { findRse } from '../../../src/rses/index.js';
import { rulesTerms } from '../../../src/rules/index.js';
import {
  changeTask,
  claimTasks,
  findSubscription,
  findTask,
  flushTasks,
  offerFiles,
  serveNewDids,
} from '../../../src/subscriptions/index.js';
import { TaskState } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { notify, type Office, office } from '../../support/office.js';

let base: TestDatabase;
let a: Office;
beforeEach(async () => {
  base = await testDatabase();
  a = await office(base.db);
  await a.disks();
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const FILES = { did_type: ['FILE'], scope: ['km3net'] };
const { NEW, ASSIGNED, RUNNING, DONE, FAILED } = TaskState;
const idOf = async (name: string) =>
  (await a.db.read((tx) => findSubscription(tx, 'shore', name))).id;

/** Registers files of 100 bytes, each described so. */
const upload = (names: readonly string[], meta: Meta = {}) =>
  a.db.tx(async (tx) => {
    const files = names.map((name) => ({ scope: a.scope, name, bytes: 100n, adler32: 1, meta }));
    await registerFiles(tx, {
      accountId: a.accountId,
      rse: await findRse(tx, 'A-DISK'),
      files: await offerFiles(tx, files),
      now: a.now,
    });
  });
const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `f${from + at}`);
const events = () =>
  a.db.read((tx) =>
    rows<{ payload: Record<string, unknown> }>(
      tx,
      sql`SELECT payload FROM messages WHERE event_type = 'SUBSCRIPTION_TASK' ORDER BY id`,
    ),
  );

describe('a subscription that notifies', () => {
  it('groups new files into numbered tasks, and tells each of them', async () => {
    const uid = await a.order('reco', { filter: FILES, rules: notify({ files: 2 }) });
    await upload(names(1, 5));
    expect(await a.transmogrify()).toMatchObject({ seen: 5, done: 2, failed: 0 });
    expect(await a.tasks('reco')).toEqual(['1 N : f1 f2', '2 N : f3 f4', '- W : f5']);
    await upload(names(6, 6));
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual(['1 N : f1 f2', '2 N : f3 f4', '3 N : f5 f6']);
    expect(await a.ruled()).toEqual([]);
    const told = await events();
    expect(told).toHaveLength(3);
    expect(told[2]?.payload).toEqual({
      account: 'shore',
      subscription: 'reco',
      subscription_id: uid.replaceAll('-', ''),
      task: 3,
      attempts: 0,
      key: null,
      did_count: 2,
      files: 2,
      bytes: 200,
      dids: ['f5', 'f6'].map((name) => ({ scope: 'km3net', name, did_type: 'FILE' })),
    });
  });

  it('keeps runs apart, and waits for what is missing no longer than it is told', async () => {
    const rules = notify({ files: 3, key: 'run_number' }, { flush_after: 3600 });
    await a.order('reco', { filter: FILES, rules });
    await upload(names(1, 4), { run_number: 7 });
    await upload(names(5, 5), { run_number: 8 });
    await upload(names(6, 6));
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual([
      '1 N 7: f1 f2 f3',
      '- W 7: f4',
      '- W 8: f5',
      '- W : f6',
    ]);
    a.pass(3599);
    await a.transmogrify();
    expect(await a.tasks('reco')).toHaveLength(4);
    a.pass(1);
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual([
      '1 N 7: f1 f2 f3',
      '2 N 7: f4',
      '3 N 8: f5',
      '4 N : f6',
    ]);
    expect(await events()).toHaveLength(4);
  });

  it('groups by own metadata, and by bytes', async () => {
    const rules = notify({ bytes: 250, key: 'detector' });
    await a.order('reco', { filter: FILES, rules });
    await upload(names(1, 3), { detector: 'ORCA' });
    await upload(names(4, 4), { detector: 'ARCA' });
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual(['1 N ORCA: f1 f2', '- W ORCA: f3', '- W ARCA: f4']);
  });

  it('is flushed by request, and when it groups in another way', async () => {
    await a.order('reco', { filter: FILES, rules: notify({ key: 'run_number' }) });
    await upload(names(1, 2), { run_number: 7 });
    await a.transmogrify();
    const id = await idOf('reco');
    expect(await a.db.tx((tx) => flushTasks(tx, id, a.now))).toBe(1);
    expect(await a.db.tx((tx) => flushTasks(tx, id, a.now))).toBe(0);
    await upload(names(3, 3), { run_number: 7 });
    await a.transmogrify();
    await a.change('reco', { replicationRules: notify({ files: 10 }) });
    await upload(names(4, 4), { run_number: 7 });
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual(['1 N 7: f1 f2', '2 N 7: f3', '- W : f4']);
  });

  it('tells of a DID once, however often it is shown', async () => {
    await a.order('reco', { rules: notify({ files: 1 }) });
    await a.register({ datatype: 'RAW' }, 'run1', 'run2');
    await a.transmogrify();
    await a.say({ is_new: true }, 'run1', 'run2');
    await a.backfill('reco');
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual(['1 N : run1', '2 N : run2']);
    expect(await a.backfillOf('reco')).toMatchObject({ matched: 2n, tasks: 0n });
  });

  it('is told of older files by a backfill, which it can see before', async () => {
    await upload(names(1, 5));
    await a.order('reco', { filter: FILES, rules: notify({ files: 2 }) });
    expect(await a.plan('reco')).toMatchObject({
      matched: 5,
      wanted: 5,
      entries: [{ entry: 0, dids: { WANTED: 5 }, files: 5n, bytes: 500n }],
    });
    await a.backfill('reco');
    await a.transmogrify();
    expect(await a.tasks('reco')).toEqual(['1 N : f1 f2', '2 N : f3 f4', '- W : f5']);
    expect(await a.backfillOf('reco')).toMatchObject({ tasks: 2n, rules: 0n });
  });

  it('names no DIDs in the event of a large task', async () => {
    await a.order('reco', { filter: FILES, rules: notify({ files: 1001 }) });
    await upload(names(1, 1001));
    while ((await a.transmogrify()).more);
    const [told] = await events();
    expect(told?.payload).toMatchObject({ did_count: 1001, dids: null });
  });
});

describe('two transmogrifiers', () => {
  it('and one that dies make the tasks that one would', async () => {
    await a.order('reco', { filter: FILES, rules: notify({ files: 5 }) });
    await upload(names(1, 100));
    const terms = { ...a.config.subscriptions, ...rulesTerms(a.config, a.now) };
    const page = () => a.db.tx((tx) => serveNewDids(tx, 17, terms));
    const death = a.db.tx(async (tx) => {
      await serveNewDids(tx, 17, terms);
      throw new Error('killed');
    });
    await expect(death).rejects.toThrow('killed');
    await Promise.all([page(), page(), page(), page()]);
    await a.transmogrify();
    const tasks = await a.tasks('reco');
    expect(tasks.map((task) => Number(task.split(' ')[0]))).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
    const told = tasks.flatMap((task) => task.split(': ')[1]?.split(' ') ?? []);
    expect(new Set(told).size).toBe(100);
    expect(await events()).toHaveLength(20);
  });
});

describe('a task', () => {
  const claim = (count: number, consumer: string, leaseSeconds: number | null = null) =>
    a.db.tx(async (tx) =>
      claimTasks(tx, await idOf('reco'), { count, consumer, leaseSeconds, now: a.now }),
    );
  const set = (number: number, state: TaskState, more: object = {}) =>
    a.db.tx(async (tx) =>
      changeTask(tx, await idOf('reco'), number, { state, now: a.now, ...more }),
    );
  beforeEach(async () => {
    await a.order('reco', { filter: FILES, rules: notify({ files: 1 }) });
    await upload(names(1, 4));
    await a.transmogrify();
  });

  it('is taken by one consumer', async () => {
    const taken = await Promise.all([claim(2, 'w1'), claim(2, 'w2'), claim(2, 'w3')]);
    const numbers = taken.flat().map(({ number }) => number);
    expect([...numbers].sort()).toEqual([1, 2, 3, 4]);
    const first = taken.flat().find(({ number }) => number === 1);
    expect(first).toMatchObject({ state: ASSIGNED, attempts: 1, content: [{ name: 'f1' }] });
  });

  it('goes its way, and back when it failed', async () => {
    await claim(1, 'w1');
    await set(1, RUNNING, { consumer: 'w1', externalId: 'job-77' });
    await expect(set(1, DONE, { consumer: 'w2' })).rejects.toThrow("RUNNING by 'w1'");
    await set(1, FAILED, { error: 'no licence' });
    expect(await set(1, NEW)).toMatchObject({ consumer: null, error: 'no licence', attempts: 1 });
    expect(await events()).toHaveLength(5);
    await claim(1, 'w2');
    expect(await set(1, DONE)).toMatchObject({ attempts: 2, error: null, externalId: 'job-77' });
    await expect(set(1, RUNNING)).rejects.toThrow('Task 1 is DONE');
    await expect(set(9, DONE)).rejects.toThrow('no task 9');
  });

  it('is NEW again when nothing was heard of its consumer', async () => {
    await claim(2, 'w1', 60);
    await set(1, RUNNING, { consumer: 'w1', leaseSeconds: 600 });
    a.pass(61);
    await a.transmogrify();
    const tasks = await a.tasks('reco');
    expect(tasks.slice(0, 2)).toEqual(['1 R : f1', '2 N : f2']);
    a.pass(600);
    await a.transmogrify();
    const id = await idOf('reco');
    expect(await a.db.read((tx) => findTask(tx, id, 1))).toMatchObject({
      state: NEW,
      consumer: null,
      error: 'the lease of w1 ended',
    });
    expect(await events()).toHaveLength(6);
  });

  it('is forgotten some time after it was done, and only then', async () => {
    await set(1, DONE);
    await set(2, FAILED);
    a.pass((a.config.retention.tasksDays + 1) * 86_400);
    await a.shift(janitor(a.config));
    expect(await a.tasks('reco')).toEqual(['2 F : f2', '3 N : f3', '4 N : f4']);
    const kept = await a.db.read((tx) => rows(tx, sql`SELECT FROM subscription_task_dids`));
    expect(kept).toHaveLength(3);
  });
});
