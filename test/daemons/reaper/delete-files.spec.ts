import { describe, expect, it } from '@jest/globals';
import { deleteFiles, type DeletionSpec } from '../../../src/daemons/reaper/delete-files.js';
import { Lease } from '../../../src/daemons/reaper/lease.js';
import { type StorageDriver, StorageError } from '../../../src/protocols/index.js';
import { type VerifiedCopy } from '../../../src/replicas/index.js';
import { type Rse } from '../../../src/rses/index.js';
import { StorageCause } from '../../../src/vocabulary/index.js';

const START = Date.parse('2026-11-21T12:00:00Z');
const LEASE_SECONDS = 100;

const copies = (count: number): VerifiedCopy[] =>
  Array.from({ length: count }, (_, i) => ({
    didId: BigInt(i),
    bytes: 1n,
    adler32: null,
    scope: 'km3net',
    name: `f${i}`,
    path: `/f${i}`,
    locked: false,
    last: false,
  }));

/** Deletions one after another, each taking `secondsEach` of a clock that only they move. */
function story(secondsEach: number, more: Partial<DeletionSpec> = {}, fail = (_: string) => false) {
  const files = copies(10);
  let now = START;
  const clock = () => new Date(now);
  const lease = new Lease(
    'first',
    files.map(({ didId }) => didId),
    clock(),
    LEASE_SECONDS,
  );
  const removed: string[] = [];
  const remove = (path: string): Promise<boolean> => {
    now += secondsEach * 1000;
    removed.push(path);
    if (fail(path)) throw new StorageError(StorageCause.CONNECTION, 'no answer');
    return Promise.resolve(true);
  };
  let renewals = 0;
  const spec: DeletionSpec = {
    rse: { name: 'DISK', deterministic: false } as Rse,
    driver: { remove } as unknown as StorageDriver,
    lease,
    clock,
    signal: new AbortController().signal,
    parallelMax: 1,
    renew: () => {
      renewals++;
      lease.renewed(
        `token ${renewals}`,
        files.map(({ didId }) => didId),
        clock(),
      );
      return Promise.resolve();
    },
    ...more,
  };
  return { run: () => deleteFiles(spec, files), removed, lease, renewals: () => renewals };
}

describe('deleting the bytes of a batch', () => {
  it('renews the lease each time a third of it has passed, and settles under the last token', async () => {
    const { run, lease, renewals } = story(20);
    expect((await run()).gone).toHaveLength(10);
    expect(renewals()).toBe(4);
    expect(lease.token).toBe('token 4');
  });

  it('begins nothing that could outlive the lease', async () => {
    const lost = { renew: () => Promise.resolve() };
    const { run, removed } = story(30, lost);
    const { gone, left } = await run();
    // After 90 of 100 seconds the rest is left: a tenth is kept back.
    expect([gone.length, left.length, removed.length]).toEqual([3, 7, 3]);
  });

  it('begins nothing any more when the lease cannot be renewed', async () => {
    const { run } = story(40, { renew: () => Promise.reject(new Error('the database is away')) });
    const { gone, left } = await run();
    expect([gone.length, left.length]).toEqual([1, 9]);
  });

  it('begins nothing any more when the process ends', async () => {
    const { run } = story(1, { signal: AbortSignal.abort() });
    expect(await run()).toMatchObject({ gone: [], failed: [] });
  });

  it('stops after eight failures in a row that are the fault of the storage', async () => {
    const all = story(1, {}, () => true);
    expect((await all.run()).failed).toHaveLength(8);
    const some = story(1, {}, (path) => path !== '/f5');
    expect((await some.run()).failed).toHaveLength(9);
  });
});
