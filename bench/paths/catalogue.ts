import { sql } from '../../src/db/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { BATCH, namesOf, SCOPE } from './fixtures.js';

const FILES = 10_000;

const batches = (path: string, round: number): string[][] =>
  Array.from({ length: FILES / BATCH }, (_, at) => namesOf(path, round, at * BATCH, BATCH));

async function register(lab: Lab, round: number): Promise<void> {
  for (const names of batches('register', round)) {
    const files = names.map((name) => ({ scope: SCOPE, name, bytes: 1000, adler32: '0cc737eb' }));
    await lab.root.text('POST', '/replicas', { rse: 'BENCH1', files });
  }
}

/** The two tables that a registration cannot do without, by one statement a batch. */
async function insertFiles(lab: Lab, path: string, round: number): Promise<void> {
  for (const names of batches(path, round)) {
    await lab.bare(sql`
      WITH made AS (
        INSERT INTO dids (type, account_id, scope, name, bytes, adler32)
        SELECT 'F', 1, ${SCOPE}, name, 1000, 1 FROM unnest(${names}::text[]) AS name
        ON CONFLICT DO NOTHING RETURNING id)
      INSERT INTO replicas (did_id, rse_id, bytes, state) SELECT id, 1, 1000, 'A' FROM made`);
  }
}

const registerFloor = (lab: Lab, round: number) => insertFiles(lab, 'floor', round);

async function attach(lab: Lab, round: number): Promise<void> {
  for (const names of batches('attach', round)) {
    const dids = names.map((name) => ({ scope: SCOPE, name }));
    await lab.root.text('POST', `/dids/${SCOPE}/attach${round}/dids`, { dids });
  }
}

async function attachFloor(lab: Lab, round: number): Promise<void> {
  for (const names of batches('attach', round)) {
    await lab.bare(sql`
      INSERT INTO contents (parent_id, child_id)
      SELECT ${-1n - BigInt(round)}::bigint, id FROM dids
       WHERE scope = ${SCOPE} AND name = ANY(${names}::text[])`);
  }
}

const meta = (i: number) => ({
  dtype: i % 2 === 0 ? 'RAW' : 'DL1',
  NumberShowers: i % 4000,
  ParticleType: 'gamma',
  site: 'LaPalma',
  zenith: 20.5,
});

async function describe(lab: Lab, round: number): Promise<void> {
  for (const names of batches('meta', round)) {
    const dids = names.map((name, i) => ({ scope: SCOPE, name, meta: meta(i) }));
    await lab.root.text('POST', '/dids/bulkdidsmeta', { dids });
  }
}

async function describeFloor(lab: Lab, round: number, path = 'metafloor'): Promise<void> {
  for (const names of batches(path, round)) {
    const metas = names.map((_, i) => JSON.stringify(meta(i)));
    await lab.bare(sql`
      INSERT INTO did_meta (did_id, meta)
      SELECT d.id, m.meta FROM unnest(${names}::text[], ${metas}::jsonb[]) m(name, meta)
        JOIN dids d ON d.scope = ${SCOPE} AND d.name = m.name
          ON CONFLICT (did_id) DO UPDATE SET meta = did_meta.meta || EXCLUDED.meta`);
  }
}

/** Registration, attachment and metadata over HTTP, 1,000 files a request. */
export const catalogue: readonly Path[] = [
  {
    name: 'register, 1,000 a request',
    item: 'file',
    items: FILES,
    targetCpu: 62,
    targetRatio: 3,
    run: register,
    floor: registerFloor,
  },
  {
    name: 'register again',
    item: 'file',
    items: FILES,
    targetCpu: 30,
    run: register,
    floor: registerFloor,
  },
  {
    name: 'attach, 1,000 a request',
    item: 'file',
    items: FILES,
    targetCpu: 30,
    async before(lab, round) {
      await insertFiles(lab, 'attach', round);
      await lab.root.text('POST', `/dids/${SCOPE}/attach${round}`, { type: 'DATASET' });
    },
    run: attach,
    floor: attachFloor,
  },
  {
    name: 'metadata, 5 keys, 1,000 a request',
    item: 'DID',
    items: FILES,
    targetRatio: 2.5,
    async before(lab, round) {
      await insertFiles(lab, 'meta', round);
      await insertFiles(lab, 'metafloor', round);
    },
    run: describe,
    floor: describeFloor,
  },
  {
    name: 'metadata, 5 keys, of all files of a dataset at once',
    item: 'DID',
    items: FILES,
    async before(lab, round) {
      for (const path of ['deep', 'deepfloor']) await insertFiles(lab, path, round);
      await lab.root.text('POST', `/dids/${SCOPE}/deep${round}`, { type: 'DATASET' });
      for (const names of batches('deep', round)) {
        const dids = names.map((name) => ({ scope: SCOPE, name }));
        await lab.root.text('POST', `/dids/${SCOPE}/deep${round}/dids`, { dids });
      }
    },
    async run(lab, round) {
      const body = { meta: meta(round), recursive: true };
      await lab.root.text('POST', `/dids/${SCOPE}/deep${round}/meta`, body);
    },
    floor: (lab, round) => describeFloor(lab, round, 'deepfloor'),
  },
];
