import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { hermes } from '../../src/daemons/hermes.js';
import { kronos } from '../../src/daemons/kronos.js';
import { darkReaper } from '../../src/daemons/reaper/dark-reaper.js';
import { sql } from '../../src/db/index.js';
import { memoryStorage } from '../../src/protocols/memory/memory-storage.js';
import { openStorages } from '../../src/storages.js';
import { type Path } from '../path.js';
import { expectCount } from './concurrency-checks.js';
import { work } from './daemons.js';
import { BATCH, fileName, loadDataset, SCOPE } from './fixtures.js';

const TRACES = 3000;
const read = (round: number) => `traced_${round}`;

/** What the client tells when it has downloaded; an address may leave 10,000 traces a minute. */
const traces: Path = {
  name: 'traces, 1,000 a request',
  item: 'trace',
  items: TRACES,
  async run(lab, round) {
    for (let from = 0; from < TRACES; from += BATCH) {
      const told = Array.from({ length: BATCH }, (_, i) => ({
        eventType: 'download',
        clientState: 'DONE',
        scope: SCOPE,
        filename: fileName(read(round), from + i + 1),
        remoteSite: 'BENCH1',
        uuid: '6a5b1c9e0f3d4a7b8c2d1e0f9a8b7c6d',
      }));
      await lab.root.text('POST', '/traces/', told);
    }
  },
  floor: (lab, round) =>
    lab.bare(sql`
      WITH told AS (
        SELECT ${read(round)}::text || '_S' || lpad(i::text, 9, '0') || '.raw.jpp-v18.6.0.root' AS name
          FROM generate_series(1, ${TRACES}::int) i),
      kept AS (
        INSERT INTO traces (payload, address)
        SELECT jsonb_build_object('eventType', 'download', 'clientState', 'DONE', 'scope', ${SCOPE}::text,
                 'filename', name, 'remoteSite', 'BENCH1', 'uuid', '6a5b1c9e0f3d4a7b8c2d1e0f9a8b7c6d'), '::1'
          FROM told)
      INSERT INTO accesses (accessed_at, scope, name, rse) SELECT now(), ${SCOPE}, name, 'BENCH1' FROM told`),
  after: (lab) => lab.bare(sql`DELETE FROM accesses`),
};

const ACCESSES = 10_000;
const touched = (round: number) => `touched_${round}`;

/** What was read is written down: the copy, the file, the dataset that holds it. */
const dated: Path = {
  name: 'kronos, 10,000 accesses',
  item: 'read',
  items: ACCESSES,
  inProcess: true,
  async before(lab, round) {
    await loadDataset(lab, { name: touched(round), count: ACCESSES, rses: ['BENCH1'] });
    await lab.bare(sql`
      INSERT INTO accesses (accessed_at, scope, name, rse)
      SELECT now(), d.scope, d.name, 'BENCH1' FROM contents c JOIN dids d ON d.id = c.child_id
       WHERE c.parent_id = (SELECT id FROM dids WHERE scope = ${SCOPE} AND name = ${touched(round)})`);
  },
  run: (lab) => work(lab, kronos(lab.config)),
  floor: (lab, round) =>
    lab.bare(sql`
      WITH files AS MATERIALIZED (
        SELECT c.child_id AS id FROM contents c JOIN dids d ON d.id = c.parent_id
         WHERE d.scope = ${SCOPE} AND d.name = ${touched(round)}),
      copies AS (
        UPDATE replicas r SET accessed_at = now()
         WHERE r.rse_id = (SELECT id FROM rses WHERE name = 'BENCH1') AND r.did_id IN (SELECT id FROM files))
      UPDATE dids d SET accessed_at = now(), access_cnt = 2 WHERE d.id IN (SELECT id FROM files)`),
};

const EVENTS = 10_000;

/** A sink that takes whatever it is told, and counts it. */
class CountingSink {
  told = 0;
  readonly #server: Server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.told += (JSON.parse(Buffer.concat(chunks).toString()) as unknown[]).length;
      answer.writeHead(204).end();
    });
  });

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Events of the outbox reach a sink in order; its own work is in the figure, as it is in this process. */
function told(): Path {
  const sink = new CountingSink();
  let url = '';
  return {
    name: 'hermes, 10,000 events',
    item: 'event',
    items: EVENTS,
    inProcess: true,
    async prepare() {
      url = await sink.open();
    },
    async before(lab) {
      await lab.bare(sql`DELETE FROM messages`);
      await lab.bare(sql`
        INSERT INTO messages (event_type, payload)
        SELECT 'transfer-done', jsonb_build_object('scope', ${SCOPE}::text, 'name', 'KM3NeT_' || i,
                 'bytes', 1000, 'activity', 'Staging', 'dst-rse', 'BENCH2', 'src-rse', 'BENCH1',
                 'request-id', replace(gen_random_uuid()::text, '-', ''))
          FROM generate_series(1, ${EVENTS}::int) i`);
      sink.told = 0;
    },
    async run(lab) {
      const sinks = [{ name: 'bench', url }];
      await work(lab, hermes({ ...lab.config, messages: { ...lab.config.messages, sinks } }));
      if (sink.told !== EVENTS) throw new Error(`${sink.told} events instead of ${EVENTS}`);
    },
    floor: (lab) =>
      lab.bare(sql`
        SELECT sum(length(payload::text)) FROM (SELECT payload FROM messages ORDER BY xact, id) m`),
    after: () => Promise.resolve(sink.close()),
  };
}

const DARK = 5000;

/** Files of no catalogue are looked up, looked at, deleted at a storage in memory, forgotten. */
const dark: Path = {
  name: 'dark-reaper, 5,000 files',
  item: 'file',
  items: DARK,
  inProcess: true,
  async before(lab, round) {
    const storage = memoryStorage('bench4');
    for (let at = 1; at <= DARK; at++) {
      const path = `/data/dark/${round}/${at}`;
      storage.put(path, 'dark');
      // Nobody has written it since it was found.
      const file = storage.files.get(path);
      if (file) file.modifiedAt = new Date(0);
    }
    await lab.bare(sql`
      INSERT INTO quarantined_replicas (rse_id, account_id, path, created_at)
      SELECT r.id, 1, '/dark/' || ${round}::int || '/' || i, now() - interval '1 year'
        FROM rses r, generate_series(1, ${DARK}::int) i WHERE r.name = 'BENCH4'`);
  },
  run: (lab) => work(lab, darkReaper(lab.config, openStorages(lab.db, lab.config))),
  floor: (lab, round) =>
    lab.bare(sql`
      WITH made AS (
        SELECT '/floor/' || ${round}::int || '/' || i AS path FROM generate_series(1, ${DARK}::int) i)
      INSERT INTO quarantined_replicas (rse_id, account_id, path)
      SELECT r.id, 1, made.path FROM rses r, made WHERE r.name = 'BENCH1'`),
  async figures(lab) {
    if (memoryStorage('bench4').files.size > 0) throw new Error('dark files still stand');
    const left = sql`SELECT count(*)::int AS count FROM quarantined_replicas q
                       JOIN rses r ON r.id = q.rse_id WHERE r.name = 'BENCH4'`;
    await expectCount(lab, 'files in quarantine', 0, left);
    return [];
  },
  after: (lab) => lab.bare(sql`DELETE FROM quarantined_replicas`),
};

/** What clients told, events for those who listen, and files that nobody knows. */
export const upkeep: readonly Path[] = [traces, dated, told(), dark];
