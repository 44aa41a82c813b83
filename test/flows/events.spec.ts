import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, sql } from '../../src/db/index.js';
import { detachDids, setOpen } from '../../src/dids/index.js';
import { writeSettings } from '../../src/settings/index.js';
import { StorageCause } from '../../src/vocabulary/index.js';
import { type Dock, dock } from '../daemons/reaper/dock.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { outbox, type OutboxEvent } from '../support/events.js';

let base: TestDatabase;
let a: Dock;
let told: () => Promise<OutboxEvent[]>;
beforeAll(async () => {
  base = await testDatabase();
  a = await dock(base.db);
  await a.quay('A-DISK', { attributes: { greedyDeletion: 'true' } });
  await a.quay('B-DISK', { attributes: { greedyDeletion: 'true' } });
  await a.distance('A-DISK', 'B-DISK', 1);
  await base.db.tx((tx) =>
    writeSettings(tx, [{ section: 'messages', option: 'untold', value: '' }]),
  );
  told = outbox(base.db);
});
afterAll(() => base.close());

const HEX: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
const MOMENT: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
const did = (name: string) => ({ scope: a.scope, name });

describe('what consumers of Rucio hear of the life of some files', () => {
  it('collections are made, and come into a container', async () => {
    await a.dataset('run');
    await a.container('all');
    await a.file('f1', 'one', 'A-DISK');
    await a.file('f2', 'four', 'A-DISK');
    await a.attach('run', 'f1', 'f2');
    await a.attach('all', 'run');
    const made = { account: 'shore', expired_at: null };
    expect(await told()).toEqual([
      { type: 'CREATE_DTS', payload: { ...made, ...did('run') } },
      { type: 'CREATE_CNT', payload: { ...made, ...did('all') } },
      {
        type: 'REGISTER_CNT',
        payload: {
          ...{ account: 'shore', ...did('all'), childscope: 'km3net', childname: 'run' },
          childtype: 'DATASET',
        },
      },
    ]);
  });

  it('a transfer is queued, submitted and done', async () => {
    await a.rule('run', { rseExpression: 'B-DISK' });
    await a.settle();
    const events = await told();
    const of = (name: string) => events.filter(({ payload }) => payload['name'] === name);
    expect(of('f1').map(({ type }) => type)).toEqual([
      'transfer-queued',
      'transfer-submitted',
      'transfer-done',
    ]);
    const [queued, submitted, done] = of('f1').map(({ payload }) => payload);
    const id = queued?.['request-id'];
    const file = {
      ...{ ...did('f1'), bytes: 3, 'file-size': 3, activity: 'User Subscriptions' },
      ...{ 'checksum-adler': expect.stringMatching(/^[0-9a-f]{8}$/), 'checksum-md5': null },
      ...{ 'request-id': HEX, 'dst-rse': 'B-DISK' },
    };
    expect(queued).toEqual({
      ...file,
      ...{ 'request-type': 'transfer', state: 'queued', 'dst-rse-id': HEX, 'retry-count': 0 },
      ...{ 'rule-id': HEX, queued_at: MOMENT },
    });
    expect(submitted).toEqual({
      ...file,
      ...{ 'request-id': id, 'request-type': 'transfer', state: 'submitted' },
      ...{ dataset: 'run', datasetScope: 'km3net', datatype: null },
      ...{ 'src-rse-id': HEX, 'src-rse': 'A-DISK', 'dst-rse-id': HEX },
      ...{ 'external-id': expect.any(String), 'external-host': 'stream', queued_at: MOMENT },
    });
    expect(done).toEqual({
      ...file,
      ...{ 'request-id': id, dataset: 'run', datasetScope: 'km3net', guid: null, datatype: null },
      ...{ duration: expect.any(Number), protocol: 'stream', reason: null, account: 'shore' },
      ...{ 'src-type': 'DISK', 'src-rse': 'A-DISK', 'src-url': null },
      ...{ 'dst-type': 'DISK', 'dst-url': null, 'previous-request-id': null },
      ...{ 'transfer-endpoint': 'stream', 'transfer-id': expect.any(String) },
      ...{ 'transfer-link': null, 'tool-id': 'rucio-conveyor' },
      ...{ created_at: MOMENT, submitted_at: MOMENT, started_at: MOMENT, transferred_at: MOMENT },
    });
  });

  it('a transfer fails, with the reason, and is queued again', async () => {
    await a.file('f3', 'three', 'A-DISK');
    a.storage('A-DISK').files.clear();
    await a.rule('f3', { rseExpression: 'B-DISK' });
    await a.settle();
    const events = await told();
    expect(events.map(({ type }) => type)).toContain('transfer-failed');
    const failed = events.find(({ type }) => type === 'transfer-failed');
    expect(failed?.payload).toMatchObject({ ...did('f3'), reason: expect.any(String) });
    expect(events.map(({ type }) => type)).toContain('transfer-waiting');
  });

  it('a collection is closed with its size, and opened again', async () => {
    for (const name of ['run', 'all']) {
      await base.db.tx((tx) => setOpen(tx, did(name), false, a.now));
    }
    await base.db.tx((tx) => setOpen(tx, did('run'), true, a.now));
    const size = { bytes: 7, length: 2, events: 0 };
    expect(await told()).toEqual([
      { type: 'CLOSE', payload: { ...did('run'), ...size } },
      { type: 'CLOSE', payload: { ...did('all'), ...size } },
      { type: 'OPEN', payload: did('run') },
    ]);
  });

  it('a copy is deleted, is not found, or cannot be deleted', async () => {
    for (const name of ['g1', 'g2']) await a.file(name, 'some', 'A-DISK');
    await a.release('g1', 'A-DISK');
    await a.reap();
    await a.release('g2', 'A-DISK');
    a.storage('A-DISK').files.clear();
    await a.reap();
    const events = await told();
    expect(events.map(({ type }) => type)).toEqual(['deletion-done', 'deletion-not-found']);
    expect(events[0]?.payload).toEqual({
      ...{ ...did('g1'), rse: 'A-DISK', rse_id: HEX, bytes: 4, 'file-size': 4, datatype: null },
      ...{ url: expect.stringMatching(/^memory:\/\/.*\/g1$/), protocol: 'memory' },
      ...{ duration: expect.any(Number) },
    });
    expect(events[1]?.payload).toMatchObject({ ...did('g2'), reason: 'File Not Found' });
    await a.file('g3', 'some', 'A-DISK');
    await a.release('g3', 'A-DISK');
    a.storage('A-DISK').failNext('remove', StorageCause.STORAGE_ERROR);
    await a.reap();
    expect(await told()).toMatchObject([
      { type: 'deletion-failed', payload: { ...did('g3'), reason: expect.any(String) } },
    ]);
  });

  it('a dataset holds a file without a copy, lets go of it, and is erased', async () => {
    await a.dataset('short');
    await a.file('h1', 'some', 'B-DISK');
    await a.attach('short', 'h1');
    await a.shift(judgeEvaluator(a.config));
    await told();
    await a.release('h1', 'B-DISK');
    await a.reap();
    const incomplete = (await told()).filter(({ type }) => type === 'INCOMPLETE');
    expect(incomplete.map(({ payload }) => payload)).toEqual([
      { ...did('short'), did_type: 'DATASET' },
    ]);
    await base.db.tx((tx) => detachDids(tx, did('short'), [did('h1')]));
    expect(await told()).toEqual([
      {
        type: 'DETACH',
        payload: {
          ...{ ...did('short'), did_type: 'DIDType.DATASET', child_scope: 'km3net' },
          ...{ child_name: 'h1', child_type: 'DIDType.FILE' },
        },
      },
    ]);
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE dids SET expired_at = ${a.now} WHERE name = 'short'`),
    );
    await a.shift(undertaker(a.config));
    expect(await told()).toEqual([
      { type: 'ERASE', payload: { account: 'shore', ...did('short') } },
    ]);
  });

  it('what leaves a container is told twice, as some wait for the one and some for the other', async () => {
    await base.db.tx((tx) => detachDids(tx, did('all'), [did('run')]));
    const child = { childscope: 'km3net', childname: 'run', childtype: 'DATASET' };
    expect(await told()).toMatchObject([
      { type: 'ERASE_CNT', payload: { ...did('all'), ...child } },
      { type: 'DETACH', payload: { ...did('all'), child_name: 'run' } },
    ]);
  });
});
