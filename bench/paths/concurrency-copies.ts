import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { lit, ring, sql } from '../../src/db/index.js';
import { Channel, RequestState } from '../../src/vocabulary/index.js';
import { type Lab } from '../lab.js';
import { expectCount } from './concurrency-checks.js';
import { type SharedWork } from './concurrency-daemons.js';
import { loadDataset, SCOPE } from './fixtures.js';
import { addRule, locksOf } from './rules.js';

const FILES = 5000;

/** The files of a dataset, as ids. */
const filesOf = (name: string) => sql`
  SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
   WHERE d.scope = ${SCOPE} AND d.name = ${name}`;

/** Arrivals at two storage elements, of which one rule wants both and another one the first. */
export const finishing: SharedWork = {
  role: 'conveyor-finisher',
  item: 'completion',
  items: 2 * FILES,
  async prepare(lab, name) {
    await loadDataset(lab, { name, count: FILES, rses: ['BENCH1'] });
    const judge = await lab.daemons('judge-injector');
    await addRule(lab, name, { asynchronous: true, rse_expression: 'BENCH2|BENCH3' });
    await addRule(lab, name, { asynchronous: true, rse_expression: 'BENCH2', copies: 1 });
    await locksOf(lab, name, 3 * FILES);
    await judge.stop();
  },
  async begin(lab, name) {
    await lab.bare(sql`
      UPDATE requests SET state = ${lit(RequestState.DONE)}, bytes_moved = bytes, source_rse_id = 1,
             submitted_at = now(), finished_at = now() WHERE did_id IN (${filesOf(name)})`);
    await lab.db.tx((tx) => ring(tx, Channel.TRANSFERS));
  },
  done: (name) =>
    sql`SELECT NOT EXISTS (SELECT FROM requests WHERE did_id IN (${filesOf(name)})) AS done`,
  async verify(lab, name) {
    const count = sql`SELECT count(*)::int AS count`;
    await expectCount(
      lab,
      'locks that are OK',
      3 * FILES,
      sql`${count} FROM locks WHERE state = 'O' AND did_id IN (${filesOf(name)})`,
    );
    await expectCount(
      lab,
      'requests in the history',
      2 * FILES,
      sql`${count} FROM requests_history WHERE did_id IN (${filesOf(name)})`,
    );
  },
};

const RSE = 'COUNTED';

/** A storage over HTTP that holds nothing and counts how often each path is deleted. */
class CountingStorage {
  readonly deletions = new Map<string, number>();
  readonly #server: Server = createServer((request, answer) => {
    if (request.method === 'DELETE') {
      const path = request.url ?? '';
      this.deletions.set(path, (this.deletions.get(path) ?? 0) + 1);
    }
    answer.writeHead(request.method === 'DELETE' ? 204 : 404).end();
  });

  async open({ root }: Lab, rse: string): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    await root.text('POST', `/rses/${rse}`, { rse_type: 'DISK' });
    await root.text('POST', `/rses/${rse}/protocols/http`, {
      scheme: 'http',
      hostname: '127.0.0.1',
      port: (this.#server.address() as AddressInfo).port,
      prefix: '/data/',
      impl: 'rucio.rse.protocols.webdav.Default',
      domains: {
        lan: { read: 1, write: 1, delete: 1 },
        wan: { read: 1, write: 1, delete: 1 },
      },
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Copies at a storage that counts are due; another copy of each file stays. */
export function reaping(): SharedWork {
  let storage: CountingStorage;
  const rseOf = (name: string) => `${RSE}_${name.slice(-1)}`;
  const due = (name: string) => sql`
    SELECT did_id FROM replicas WHERE rse_id = (SELECT id FROM rses WHERE name = ${rseOf(name)})`;
  return {
    role: 'reaper',
    item: 'copy',
    items: FILES,
    async prepare(lab, name) {
      storage = new CountingStorage();
      await storage.open(lab, rseOf(name));
      await loadDataset(lab, { name, count: FILES, rses: ['BENCH1', rseOf(name)] });
    },
    async begin(lab, name) {
      await lab.bare(sql`UPDATE replicas SET tombstone = '1970-01-01T00:00:00Z'
                          WHERE rse_id = (SELECT id FROM rses WHERE name = ${rseOf(name)})`);
      await lab.db.tx((tx) => ring(tx, Channel.DELETION));
    },
    done: (name) => sql`SELECT NOT EXISTS (${due(name)}) AS done`,
    verify() {
      storage.close();
      const twice = [...storage.deletions.values()].filter((times) => times > 1).length;
      if (twice > 0) throw new Error(`${twice} files were deleted twice`);
      if (storage.deletions.size !== FILES) {
        throw new Error(`${storage.deletions.size} files were deleted instead of ${FILES}`);
      }
      return Promise.resolve();
    },
  };
}
