import { sql } from '../../src/db/index.js';
import { above, Latencies } from '../latency.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { WireClient } from '../wire-client.js';
import { nameOf, SCOPE } from './fixtures.js';

/** One kind of request. */
interface Kind {
  readonly name: string;
  /** Requests a round. */
  readonly count: number;
  /** Of the 95th percentile, above that of the bare route. */
  readonly targetMs: number;
  readonly prepare?: (lab: Lab, round: number) => Promise<void>;
  readonly ask: (client: WireClient, round: number, at: number) => Promise<{ readonly ms: number }>;
  readonly after?: (lab: Lab) => Promise<void>;
}

/** Rounds that are not measured: code compiled, connections open, pages in memory. */
const WARM_UP = -1;

/**
 * Single requests, one after the other on one connection; beside them as many of the bare route: a
 * request that passes through the same server and asks no database.
 */
function single({ name, count, targetMs, prepare, ask, after }: Kind): Path {
  const found = new Latencies();
  const bare = new Latencies();
  let client: WireClient;
  const requests = async (round: number, times?: Latencies) => {
    for (let at = 0; at < count; at++) times?.add(round, (await ask(client, round, at)).ms);
  };
  const pings = async (round: number, times?: Latencies) => {
    for (let at = 0; at < count; at++) times?.add(round, (await client.ask('GET', '/ping')).ms);
  };
  return {
    name: `${name}, one client`,
    item: 'request',
    items: count,
    repetitions: 5,
    async prepare(lab) {
      client = await new WireClient(lab.url).login('root');
      await prepare?.(lab, WARM_UP);
      await requests(WARM_UP, new Latencies());
      await pings(WARM_UP, new Latencies());
    },
    before: async (lab, round) => prepare?.(lab, round),
    run: (_, round) => requests(round, found),
    floor: (_, round) => pings(round, bare),
    figures: () => Promise.resolve(above(found, bare, targetMs)),
    async after(lab) {
      client.close();
      await after?.(lab);
    },
  };
}

const READ = 'read_once';

const getDid: Kind = {
  name: 'get_did',
  count: 1000,
  targetMs: 1,
  prepare: async ({ root }, round) => {
    if (round === WARM_UP) await root.text('POST', `/dids/${SCOPE}/${READ}`, { type: 'DATASET' });
  },
  ask: (client) => client.ask('GET', `/dids/${SCOPE}/${READ}`),
};

const addDid: Kind = {
  name: 'add_did, a dataset',
  count: 500,
  targetMs: 3,
  ask: (client, round, at) =>
    client.ask('POST', `/dids/${SCOPE}/${nameOf('single', round + 1, at)}`, { type: 'DATASET' }),
};

const FILES = 100;
const RULES = 50;
const ruled = (round: number, at: number) => `small_${round + 1}_${at}`;

/** Datasets of 100 files each, with an AVAILABLE copy of every file. */
async function loadSmall(lab: Lab, round: number): Promise<void> {
  const names = Array.from({ length: RULES }, (_, at) => ruled(round, at));
  await lab.bare(sql`
    WITH owner AS (SELECT id FROM accounts WHERE name = 'root'),
    sets AS (
      INSERT INTO dids (type, account_id, scope, name, is_open)
      SELECT 'D', owner.id, ${SCOPE}, name, true FROM owner, unnest(${names}::text[]) name
      RETURNING id, name),
    files AS (
      INSERT INTO dids (type, account_id, scope, name, bytes, adler32)
      SELECT 'F', owner.id, ${SCOPE}, name || '_' || lpad(i::text, 9, '0') || '.root', 1000, 1
        FROM owner, unnest(${names}::text[]) name, generate_series(1, ${FILES}::int) i
      RETURNING id, name),
    copies AS (
      INSERT INTO replicas (did_id, rse_id, bytes, state)
      SELECT f.id, r.id, 1000, 'A' FROM files f, rses r WHERE r.name = 'BENCH1'),
    sizes AS (
      INSERT INTO collection_deltas (did_id, length, bytes)
      SELECT id, ${FILES}::bigint, ${1000 * FILES}::bigint FROM sets)
    INSERT INTO contents (parent_id, child_id)
    SELECT s.id, f.id FROM files f JOIN sets s ON s.name = left(f.name, -15)`);
  await lab.meters.watcher.query('ANALYZE dids, replicas, contents');
}

const addRule: Kind = {
  name: 'rule over 100 files, 2 copies',
  count: RULES,
  targetMs: 50,
  prepare: loadSmall,
  ask: (client, round, at) =>
    client.ask('POST', '/rules', {
      dids: [{ scope: SCOPE, name: ruled(round, at) }],
      account: 'root',
      copies: 2,
      rse_expression: 'bench=true\\BENCH1',
    }),
  after: (lab) => lab.bare(sql`DELETE FROM requests`),
};

/** What a person at a terminal waits for. */
export const requests: readonly Path[] = [single(getDid), single(addDid), single(addRule)];
