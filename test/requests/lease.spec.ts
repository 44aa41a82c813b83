import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  claimRequests,
  endRequests,
  loseClaims,
  postponeRequests,
  renewRequests,
  submitRequests,
  submittedRequests,
  unclaimRequests,
} from '../../src/requests/index.js';
import { Cause, type RequestId, RequestState } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court, START } from '../support/judge.js';
import { enqueue, requestRow } from '../support/queue.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(() => base.close());

const after = (seconds: number) => new Date(START.getTime() + seconds * 1000);

/** A request claimed by the worker until 300 s after the start, and given to a tool if told. */
async function claimed(worker: string, submitted = false): Promise<RequestId> {
  const id = await enqueue(a, { rseId: 1 });
  const share = [{ rseId: 1, activity: 0, slots: 1 }];
  await base.db.tx((tx) => claimRequests(tx, share, worker, after(300)));
  if (submitted) await submit(id, worker);
  return id;
}
const submit = (id: RequestId, worker: string) =>
  base.db.tx((tx) =>
    submitRequests(
      tx,
      [{ id, sourceRseId: 2, tool: 'stream', externalId: null }],
      worker,
      after(1),
    ),
  );
const end = (id: RequestId, worker: string) =>
  base.db.tx((tx) =>
    endRequests(
      tx,
      [
        {
          id,
          state: RequestState.DONE,
          sourceRseId: null,
          bytesMoved: 100n,
          cause: null,
          error: null,
          expected: null,
          found: null,
        },
      ],
      worker,
      after(2),
    ),
  );
const lose = (now: Date) => base.db.tx((tx) => loseClaims(tx, now, 100));

describe('a lease', () => {
  it("is its worker's alone: nobody else submits, ends, renews or gives back", async () => {
    const id = await claimed('one');
    expect(await submit(id, 'two')).toEqual(new Set());
    expect(await submit(id, 'one')).toEqual(new Set([id]));
    expect(await end(id, 'two')).toEqual(new Set());
    await base.db.tx(async (tx) => {
      expect(await renewRequests(tx, [id], 'two', after(900))).toEqual(new Set());
      expect(await unclaimRequests(tx, [id], 'two')).toBe(0);
      expect(await submittedRequests(tx, [id], 'two')).toEqual(new Set());
      expect(await submittedRequests(tx, [id], 'one')).toEqual(new Set([id]));
    });
    expect(await end(id, 'one')).toEqual(new Set([id]));
    expect(await requestRow(a, id)).toMatchObject({ state: 'D', claimed_by: null });
  });

  it('can be moved on while the work goes on', async () => {
    const id = await claimed('one', true);
    await base.db.tx((tx) => renewRequests(tx, [id], 'one', after(600)));
    expect(await lose(after(301))).toEqual({ queued: 0, lost: 0 });
    expect(await lose(after(601))).toEqual({ queued: 0, lost: 1 });
  });

  it('that ran out before anything began leads back to the queue', async () => {
    const id = await claimed('one');
    expect(await lose(after(299))).toEqual({ queued: 0, lost: 0 });
    expect(await lose(after(301))).toEqual({ queued: 1, lost: 0 });
    expect(await requestRow(a, id)).toMatchObject({ state: 'Q', claimed_by: null, attempt: 0 });
    expect(await submit(id, 'one')).toEqual(new Set());
  });

  it('that ran out while bytes moved is a lost attempt, whose worker has no say any more', async () => {
    const id = await claimed('one', true);
    expect(await lose(after(301))).toEqual({ queued: 0, lost: 1 });
    expect(await requestRow(a, id)).toMatchObject({
      state: 'L',
      cause: 'LOST_WORKER',
      error: 'no word from one since its lease ended',
      claimed_by: null,
    });
    expect(await end(id, 'one')).toEqual(new Set());
    expect(await lose(after(900))).toEqual({ queued: 0, lost: 0 });
  });

  it('given back leaves nothing of the attempt, and another name for its bytes', async () => {
    const id = await claimed('one', true);
    const { uid } = await requestRow(a, id);
    await base.db.tx((tx) => unclaimRequests(tx, [id], 'one'));
    const back = await requestRow(a, id);
    expect(back).toMatchObject({ state: 'Q', claimed_by: null, tool: null, source_rse_id: null });
    expect(back['uid']).not.toBe(uid);
  });

  it('may be postponed before anything began, without counting an attempt', async () => {
    const id = await claimed('one');
    const wait = { id, dueAt: after(60), cause: Cause.NO_SOURCE, error: 'still written' };
    await base.db.tx(async (tx) => {
      expect(await postponeRequests(tx, [wait], 'two')).toBe(0);
      expect(await postponeRequests(tx, [wait], 'one')).toBe(1);
    });
    expect(await requestRow(a, id)).toMatchObject({
      state: 'W',
      due_at: after(60),
      attempt: 0,
      error: 'still written',
    });
  });
});
