import { sql } from '../../src/db/index.js';
import { RestClient } from '../../src/demo/rest-client.js';
import { type Lab, PASSWORD } from '../lab.js';
import { type Path } from '../path.js';
import { expectCount, type Watch, watch } from './concurrency-checks.js';
import { BATCH, namesOf, SCOPE } from './fixtures.js';

/** Requests of each writer for files of its own, and for those that all writers register. */
const [OWN, SHARED] = [5, 5];

/** The writer's own order of things: two that lock in the order given would deadlock soon. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  return items
    .map((item, at) => ({ item, key: Math.imul(at + 1, 2_654_435_761 ^ (seed * 40_503)) >>> 0 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** A writer's batches: the same names for all, then the writer's own; shuffled. */
function batchesOf(path: string, writer: number): string[][] {
  const batches = [
    ...Array.from({ length: SHARED }, (_, at) => namesOf(path, 0, at * BATCH, BATCH)),
    ...Array.from({ length: OWN }, (_, at) => namesOf(path, 1 + writer, at * BATCH, BATCH)),
  ];
  return shuffled(batches, writer).map((names) => shuffled(names, writer));
}

async function write(client: RestClient, path: string, writer: number): Promise<void> {
  for (const names of batchesOf(path, writer)) {
    const files = names.map((name) => ({ scope: SCOPE, name, bytes: 1000, adler32: '0cc737eb' }));
    await client.text('POST', '/replicas', { rse: 'BENCH1', files });
    await client.text('POST', '/dids/attachments', {
      attachments: [
        { scope: SCOPE, name: path, dids: names.map((name) => ({ scope: SCOPE, name })) },
      ],
      ignore_duplicate: true,
    });
  }
}

/** Clients that register files and attach them to one dataset, half of them the same files. */
export function writers(count: number): Path {
  const path = `write${count}`;
  const clients: RestClient[] = [];
  let watched: Watch;
  return {
    name: `concurrency, ${count} writers register and attach`,
    item: 'file',
    items: count * (OWN + SHARED) * BATCH,
    repetitions: 1,
    async before(lab) {
      await lab.root.text('POST', `/dids/${SCOPE}/${path}`, { type: 'DATASET' });
      for (let writer = 0; writer < count; writer++) {
        clients.push(await new RestClient(lab.url, 'root', PASSWORD).login());
      }
      watched = await watch(lab);
    },
    async run() {
      await Promise.all(clients.map((client, writer) => write(client, path, writer)));
    },
    async figures(lab) {
      await expectOnce(lab, path, (SHARED + count * OWN) * BATCH);
      return await watched.verify();
    },
  };
}

/** Every name is one file with one copy, attached once. */
async function expectOnce(lab: Lab, path: string, files: number): Promise<void> {
  const attached = sql`SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
                        WHERE d.scope = ${SCOPE} AND d.name = ${path}`;
  const copies = sql`SELECT count(*)::int AS count FROM replicas WHERE did_id IN (${attached})`;
  await expectCount(lab, 'files', files, sql`SELECT count(*)::int AS count FROM (${attached}) c`);
  await expectCount(lab, 'copies', files, copies);
}
