import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, rows, sql } from '../../src/db/index.js';
import {
  archiveRequests,
  claimRequests,
  doneRequests,
  dropRequests,
  type Ending,
  endRequests,
  failedRequests,
  failedSources,
  requeueAbandoned,
  requeueDue,
  retryRequests,
  takeRequests,
} from '../../src/requests/index.js';
import { Cause, type RequestId, RequestState } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court, START } from '../support/judge.js';
import { enqueue, historyRows, requestRow } from '../support/queue.js';
import { hold } from '../support/sessions.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(() => base.close());

const after = (seconds: number) => new Date(START.getTime() + seconds * 1000);

async function ended(ending: Partial<Ending> = {}): Promise<RequestId> {
  const id = await enqueue(a, { rseId: 1 });
  await base.db.tx(async (tx) => {
    await claimRequests(tx, [{ rseId: 1, activity: 0, slots: 9 }], 'one', after(300));
    const end = {
      state: RequestState.FAILED,
      sourceRseId: 2,
      bytesMoved: 7n,
      cause: Cause.SOURCE_CHECKSUM,
      error: 'adler32 at the source',
      expected: 'adler32:00000001',
      found: 'adler32:00000002',
    };
    await endRequests(tx, [{ id, ...end, ...ending }], 'one', after(10));
  });
  return id;
}

describe('a failed attempt', () => {
  it('goes to the history, and the wish waits for the next one under another uid', async () => {
    const id = await ended();
    const { uid } = await requestRow(a, id);
    await base.db.tx((tx) => retryRequests(tx, [{ id, dueAt: after(60) }], START));
    expect(await historyRows(a, id)).toMatchObject([
      {
        uid,
        state: 'F',
        attempt: 0,
        source_rse_id: 2,
        bytes_moved: 7n,
        cause: 'SOURCE_CHECKSUM',
        expected: 'adler32:00000001',
        found: 'adler32:00000002',
        finished_at: after(10),
        archived_at: START,
      },
    ]);
    const next = await requestRow(a, id);
    expect(next).toMatchObject({
      state: 'W',
      attempt: 1,
      due_at: after(60),
      source_rse_id: null,
      cause: 'SOURCE_CHECKSUM',
    });
    expect(next['uid']).not.toBe(uid);
  });

  it('is queued again at once where nothing has to be waited for', async () => {
    const id = await ended();
    await base.db.tx((tx) => retryRequests(tx, [{ id, dueAt: START }], START));
    expect(await requestRow(a, id)).toMatchObject({ state: 'Q', due_at: null, attempt: 1 });
  });

  it('is the last one where the request is dropped: it stays in the history only', async () => {
    const id = await ended();
    await base.db.tx((tx) => retryRequests(tx, [{ id, dueAt: START }], START));
    await base.db.tx((tx) => dropRequests(tx, [id], after(5)));
    expect(await requestRow(a, id)).toEqual({});
    expect(await historyRows(a, id)).toMatchObject([
      { attempt: 0, archived_at: START },
      { attempt: 1, archived_at: after(5) },
    ]);
  });

  it("is one finisher's: another passes over it", async () => {
    const id = await ended();
    const held = await hold(base.db, (tx) => failedRequests(tx, 10));
    expect(await base.db.tx((tx) => failedRequests(tx, 10))).toEqual([]);
    await held.release();
    expect(await base.db.tx((tx) => failedRequests(tx, 10))).toMatchObject([{ id }]);
  });

  it.each(['F', 'N', 'O', 'A', 'M', 'L'] as const)('is seen in state %s', async (state) => {
    const id = await ended({ state });
    expect(await base.db.tx((tx) => failedRequests(tx, 10))).toMatchObject([{ id, state }]);
  });
});

describe('sources that failed', () => {
  const failures = async (since: Date, ...ids: RequestId[]) => {
    const copies = await base.db.read((tx) =>
      rows<{ didId: bigint; rseId: number }>(
        tx,
        sql`SELECT did_id AS "didId", rse_id AS "rseId" FROM requests WHERE id = ANY(${ids}::bigint[])`,
      ),
    );
    return await base.db.read((tx) => failedSources(tx, copies, since));
  };

  it('are counted for the copy since a time, unless the destination was to blame', async () => {
    const id = await ended();
    await base.db.tx((tx) => retryRequests(tx, [{ id, dueAt: START }], START));
    expect(await failures(after(-60), id)).toMatchObject([{ sourceRseId: 2, times: 1 }]);
    expect(await failures(after(60), id)).toEqual([]);
    const full = await ended({ cause: Cause.DEST_FULL });
    await base.db.tx((tx) => retryRequests(tx, [{ id: full, dueAt: START }], START));
    expect(await failures(after(-60), full)).toEqual([]);
  });

  it('are not those whose destination did not answer', async () => {
    const id = await ended({ cause: Cause.CONNECTION, destinationFailed: true });
    await base.db.tx((tx) => retryRequests(tx, [{ id, dueAt: START }], START));
    expect(await failures(after(-60), id)).toEqual([]);
    expect(await requestRow(a, id)).toMatchObject({ destination_failed: false });
    const other = await ended({ cause: Cause.CONNECTION });
    await base.db.tx((tx) => retryRequests(tx, [{ id: other, dueAt: START }], START));
    expect(await failures(after(-60), other)).toMatchObject([{ sourceRseId: 2, times: 1 }]);
  });
});

describe('a done request', () => {
  it('is archived whole', async () => {
    const id = await ended({ state: RequestState.DONE, cause: null, error: null });
    const before = await requestRow(a, id);
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`WITH done AS MATERIALIZED (${doneRequests(10)}),
              taken AS (${takeRequests(sql`SELECT id FROM done`)})
            ${archiveRequests(sql`SELECT * FROM taken`, after(20))}`,
      ),
    );
    expect(await historyRows(a, id)).toEqual([{ ...before, archived_at: after(20) }]);
    expect(await requestRow(a, id)).toEqual({});
  });
});

describe('a waiting request', () => {
  const due = (now: Date) => base.db.tx((tx) => rows(tx, requeueDue(now, 10)));
  const abandoned = (before: Date) => base.db.tx((tx) => rows(tx, requeueAbandoned(before, 10)));

  it('is queued when its time has come, not before', async () => {
    const id = await ended();
    await base.db.tx((tx) => retryRequests(tx, [{ id, dueAt: after(60) }], START));
    expect(await due(after(59))).toEqual([]);
    expect(await due(after(60))).toHaveLength(1);
    expect(await requestRow(a, id)).toMatchObject({ state: 'Q', due_at: null });
  });

  it('behind a deletion waits for the reaper as long as one may take', async () => {
    const id = await enqueue(a, { rseId: 1 });
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE requests SET state = ${RequestState.WAITING}::"char", created_at = ${START}`,
      ),
    );
    expect(await due(after(900))).toEqual([]);
    expect(await abandoned(after(-1))).toEqual([]);
    expect(await abandoned(START)).toHaveLength(1);
    expect(await requestRow(a, id)).toMatchObject({ state: 'Q' });
  });
});
