import { lit, sql } from '../../src/db/index.js';
import { busyBuckets, claimRequests } from '../../src/requests/index.js';
import { RequestState } from '../../src/vocabulary/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { type Watch, watch } from './concurrency-checks.js';
import { BATCH } from './fixtures.js';

const CLAIMS = 10_000;
const DESTINATIONS = 10;
/** Files and destinations from here on do not exist: nobody else works on their requests. */
const MADE_UP = 1_000_000_000;

/** Queues so many requests, spread over destinations and activities. */
async function queueMadeUp(lab: Lab, queued: number): Promise<void> {
  await takeAway(lab);
  await lab.bare(sql`
    INSERT INTO requests (did_id, rse_id, bytes, account_id, activity, state)
    SELECT ${MADE_UP}::bigint + i, ${MADE_UP}::int + i % ${DESTINATIONS}::int, 1000, 1, i % 7, ${lit(RequestState.QUEUED)}
      FROM generate_series(1, ${queued}::int) i`);
  await lab.meters.watcher.query('VACUUM ANALYZE requests');
}

const takeAway = (lab: Lab) =>
  lab.bare(sql`DELETE FROM requests WHERE did_id >= ${MADE_UP}::bigint`);

/** Requests claimed fairly from a queue of `queued`, by bucket. */
export const claims = (queued: number): Path => ({
  name: `claims from ${queued.toLocaleString('en')} requests`,
  item: 'claim',
  items: CLAIMS,
  inProcess: true,
  targetCpu: 35,
  prepare: (lab) => queueMadeUp(lab, queued),
  async run(lab) {
    const until = new Date(Date.now() + 600_000);
    for (let claimed = 0; claimed < CLAIMS;) {
      const shares = Array.from({ length: DESTINATIONS }, (_, at) => ({
        rseId: MADE_UP + at,
        activity: claimed % 7,
        slots: BATCH / DESTINATIONS,
      }));
      const got = await lab.db.tx((tx) => claimRequests(tx, shares, 'bench', until));
      if (got.length === 0) throw new Error('nothing left to claim');
      claimed += got.length;
    }
  },
  after: takeAway,
});

const SHARED = 20_000;
const LEASE_MS = 600_000;

/** Claims whatever is queued, as a submitter does, until nothing is left; gives the ids. */
async function claimAll(lab: Lab, worker: string): Promise<bigint[]> {
  const claimed: bigint[] = [];
  for (;;) {
    const got = await lab.db.tx(async (tx) => {
      const busy = (await busyBuckets(tx)).filter(({ rseId }) => rseId >= MADE_UP);
      if (busy.length === 0) return undefined;
      const shares = busy.slice(0, DESTINATIONS).map((bucket) => ({ ...bucket, slots: 20 }));
      return await claimRequests(tx, shares, worker, new Date(Date.now() + LEASE_MS));
    });
    if (got === undefined) return claimed;
    claimed.push(...got.map(({ id }) => id));
  }
}

/** Submitters that claim from one queue, each on a connection of its own, until it is empty. */
export function claimers(count: number): Path {
  let claimed: bigint[] = [];
  let watched: Watch;
  return {
    name: `concurrency, ${count} submitters claim`,
    item: 'claim',
    items: SHARED,
    repetitions: 1,
    inProcess: true,
    async before(lab) {
      watched = await watch(lab);
      await queueMadeUp(lab, SHARED);
    },
    async run(lab) {
      const workers = Array.from({ length: count }, (_, n) => claimAll(lab, `submitter-${n}`));
      claimed = (await Promise.all(workers)).flat();
    },
    async figures(lab) {
      const distinct = new Set(claimed).size;
      if (distinct !== claimed.length || distinct !== SHARED) {
        throw new Error(`${claimed.length} claims of ${distinct} requests instead of ${SHARED}`);
      }
      await takeAway(lab);
      return await watched.verify();
    },
  };
}
