import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lit, sql } from '../../src/db/index.js';
import { makeAuthority } from '../../src/demo/certificates.js';
import { Channel, RequestState } from '../../src/vocabulary/index.js';
import { startXrootd } from '../../test/interop/site/xrootd.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { startAnswering } from '../storage/start-answering.js';
import { fillStorage, SMALL } from '../storage/small-files.js';
import { loadDataset, SCOPE } from './fixtures.js';
import { addRule, locksOf, until } from './rules.js';

/** XRootD 5.5.3 may end (in its TLS, seen twice): nobody here starts it again, as a site would. */
const PATIENCE_MS = 120_000;

/** Two storages that copy from one to the other by themselves. */
interface Ends {
  readonly caPem: string | null;
  readonly ports: readonly [source: number, destination: number];
  /** Makes the files of a dataset stand at the source. */
  fill?(dataset: string): void;
  close(): Promise<void> | void;
}

/** One way to measure the conveyor: its storages, and what is copied. */
interface Belt {
  readonly name: string;
  readonly files: number;
  readonly content: { readonly bytes: number; readonly adler32: number };
  /** How an administrator would set the conveyor for such storages. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly promised: Pick<Path, 'targetCpu' | 'targetRate'>;
  readonly unavailable?: () => string | undefined;
  readonly open: () => Promise<Ends>;
}

/** An https storage as an administrator would declare it; names are paths. */
async function declare({ root }: Lab, rse: string, port: number, caPem: string | null) {
  const all = { read: 1, write: 1, delete: 1 };
  await root.text('POST', `/rses/${rse}`, { rse_type: 'DISK' });
  await root.text('POST', `/rses/${rse}/attr/lfn2pfn_algorithm`, { value: 'identity' });
  await root.text('POST', `/rses/${rse}/protocols/https`, {
    ...{ scheme: 'https', hostname: 'localhost', port, prefix: '/data/' },
    impl: 'rucio.rse.protocols.webdav.NoRename',
    domains: { lan: all, wan: { ...all, third_party_copy_read: 1, third_party_copy_write: 1 } },
    extended_attributes: { ca: caPem },
  });
  await root.text('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
}

/** A rule's requests, kept from the daemons until the clock runs. */
async function park(lab: Lab, dataset: string, rse: string, files: number): Promise<void> {
  const judge = await lab.daemons('judge-injector');
  await addRule(lab, dataset, { copies: 1, asynchronous: true, rse_expression: rse });
  await locksOf(lab, dataset, files);
  await judge.stop();
  await lab.bare(
    sql`UPDATE requests SET state = ${lit(RequestState.WAITING)}, due_at = 'infinity'`,
  );
}

const release = (lab: Lab) =>
  lab.bare(sql`
    WITH queued AS (
      UPDATE requests SET state = ${lit(RequestState.QUEUED)}, due_at = NULL RETURNING id)
    SELECT pg_notify(${Channel.REQUESTS}, '') FROM queued LIMIT 1`);

/** Every copy there, verified, its lock OK: submitter, poller and finisher in one process. */
function belt({ name, files, content, settings, promised, unavailable, open }: Belt): Path {
  const [source, destination] = [`${name.toUpperCase()}-SHORE`, `${name.toUpperCase()}-INLAND`];
  const dataset = (round: number) => `conveyed_${name}_${round}`;
  let ends: Ends | undefined;
  let conveyor: { stop(): Promise<void> } | undefined;
  return {
    name: `conveyor, ${files.toLocaleString('en')} copies, ${name} storages`,
    item: 'copy',
    items: files,
    ...promised,
    ...(unavailable && { unavailable }),
    async prepare(lab) {
      ends = await open();
      const [sourcePort, destinationPort] = ends.ports;
      await declare(lab, source, sourcePort, ends.caPem);
      await declare(lab, destination, destinationPort, ends.caPem);
    },
    async before(lab, round) {
      await conveyor?.stop();
      await lab.bare(sql`DELETE FROM requests`);
      const loaded = { name: dataset(round), count: files, rses: [source], ...content };
      await loadDataset(lab, loaded);
      ends?.fill?.(dataset(round));
      await park(lab, dataset(round), destination, files);
      conveyor = await lab.daemons('conveyor', {
        SLUICE_STORAGE__ALLOW_PRIVATE: 'true',
        ...settings,
      });
    },
    async run(lab, round) {
      await release(lab);
      await until(
        lab,
        sql`SELECT r.locks_ok = ${files}::bigint AS done FROM rules r JOIN dids d ON d.id = r.did_id
             WHERE d.scope = ${SCOPE} AND d.name = ${dataset(round)}`,
        PATIENCE_MS,
      );
    },
    async after(lab) {
      await conveyor?.stop();
      await ends?.close();
      await lab.bare(sql`DELETE FROM requests`);
    },
  };
}

const answering: Belt = {
  name: 'answering',
  files: 3000,
  content: { bytes: 1000, adler32: 1 },
  promised: { targetCpu: 3000, targetRate: 300 },
  async open() {
    const { caPem, sourcePort, destinationPort, close } = await startAnswering();
    return { caPem, ports: [sourcePort, destinationPort], close };
  },
};

const xrootd: Belt = {
  name: 'xrootd',
  files: 1000,
  content: SMALL,
  // Two XRootDs 5.5.3 stand still when fifty copies at once come in and go out.
  settings: { SLUICE_REQUESTS__PER_STORAGE_MAX: '16' },
  promised: { targetRate: 60 },
  unavailable: () =>
    spawnSync('xrootd', ['-v'], { stdio: 'ignore' }).error === undefined
      ? undefined
      : 'no XRootD here: apt-get install xrootd-server xrootd-server-plugins',
  async open() {
    const root = mkdtempSync(join(tmpdir(), 'sluice-bench-xrootd-'));
    const authority = await makeAuthority('bench');
    const shore = await startXrootd({ root, name: 'shore', authority });
    const inland = await startXrootd({ root, name: 'inland', authority });
    return {
      caPem: authority.certificate,
      ports: [shore.port, inland.port],
      fill: (dataset) => fillStorage(join(shore.dataDir, SCOPE), dataset, xrootd.files),
      async close() {
        await Promise.all([shore.remove(), inland.remove()]);
        rmSync(root, { recursive: true, force: true });
      },
    };
  },
};

/** Requests that are queued until their copies are AVAILABLE, between storages of two kinds. */
export const conveyors: readonly Path[] = [belt(answering), belt(xrootd)];
