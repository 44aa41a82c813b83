import { sql } from '../../src/db/index.js';
import { type RestClient } from '../../src/demo/rest-client.js';
import { type Lab } from '../lab.js';

export const SCOPE = 'bench';
export const RSES = ['BENCH1', 'BENCH2', 'BENCH3', 'BENCH4'] as const;

/** Files a request. */
export const BATCH = 1000;

/** Account, scope and RSEs that every path needs. */
export async function furnish({ root }: Lab): Promise<void> {
  await root.text('POST', `/accounts/root/scopes/${SCOPE}`);
  await root.text('POST', '/accounts/root/attr/admin', { key: 'admin', value: true });
  for (const rse of RSES) {
    await addRse(root, rse);
    await root.text('POST', `/rses/${rse}/attr/bench`, { value: 'true' });
  }
}

/** An RSE on disk whose storage is in memory, without a limit for root. */
export async function addRse(root: RestClient, rse: string): Promise<void> {
  await root.text('POST', `/rses/${rse}`, { rse_type: 'DISK' });
  await root.text('POST', `/rses/${rse}/protocols/memory`, {
    scheme: 'memory',
    hostname: rse.toLowerCase(),
    port: 0,
    prefix: '/data/',
    impl: 'rucio.rse.protocols.webdav.Default',
    domains: {
      lan: { read: 1, write: 1, delete: 1 },
      wan: { read: 1, write: 1, delete: 1, third_party_copy_read: 0, third_party_copy_write: 0 },
    },
  });
  await root.text('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
}

/** Names as long as KM3NeT's raw data: 53 characters. */
export const nameOf = (path: string, round: number, at: number): string => {
  const run = `KM3NeT_${path.padEnd(9, '0')}_${String(round).padStart(8, '0')}`;
  return `${run}_S${String(at).padStart(9, '0')}.raw.jpp-v18.6.0.root`;
};

export const namesOf = (path: string, round: number, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => nameOf(path, round, from + i));

/** The name of the file number `at`, from 1, in a dataset of loadDataset. */
export const fileName = (dataset: string, at: number): string =>
  `${dataset}_S${String(at).padStart(9, '0')}.raw.jpp-v18.6.0.root`;

export interface DatasetSpec {
  readonly name: string;
  readonly count: number;
  /** Where each file has an AVAILABLE copy. */
  readonly rses: readonly string[];
  /** Of each file; default 1,000. */
  readonly bytes?: number;
  /** Of each file, as two's complement; default 1. */
  readonly adler32?: number;
}

/**
 * `count` files in a new dataset `name` with AVAILABLE copies at `rses`, by bare INSERT … SELECT: what
 * other paths start from. Gives nothing; the dataset is open.
 */
export async function loadDataset(
  lab: Lab,
  { name, count, rses, bytes = 1000, adler32 = 1 }: DatasetSpec,
): Promise<void> {
  await lab.root.text('POST', `/dids/${SCOPE}/${name}`, { type: 'DATASET' });
  await lab.bare(sql`
    WITH made AS (
      INSERT INTO dids (type, account_id, scope, name, bytes, adler32)
      SELECT 'F', (SELECT id FROM accounts WHERE name = 'root'), ${SCOPE},
             ${name}::text || '_S' || lpad(i::text, 9, '0') || '.raw.jpp-v18.6.0.root', ${bytes}::bigint, ${adler32}::int
        FROM generate_series(1, ${count}::int) i
      RETURNING id),
    copies AS (
      INSERT INTO replicas (did_id, rse_id, bytes, state)
      SELECT made.id, r.id, ${bytes}::bigint, 'A' FROM made CROSS JOIN rses r WHERE r.name = ANY(${[...rses]}::text[]))
    INSERT INTO contents (parent_id, child_id)
    SELECT d.id, made.id FROM made, dids d WHERE d.scope = ${SCOPE} AND d.name = ${name}`);
  await lab.bare(sql`
    INSERT INTO collection_deltas (did_id, length, bytes)
    SELECT id, ${count}::bigint, ${count * bytes}::bigint FROM dids WHERE scope = ${SCOPE} AND name = ${name}`);
  if (lab.loaded === true) return;
  for (const table of ['dids', 'replicas', 'contents']) {
    await lab.meters.watcher.query(`ANALYZE ${table}`);
  }
}
