import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from '@jest/globals';
import { type Authority, makeAuthority } from '../../../src/demo/certificates.js';
import { digestOf } from '../../../src/protocols/index.js';
import { pathOf } from '../../../src/rses/index.js';
import { eventually } from '../../support/eventually.js';
import { type SluiceAnswer, type SluiceProcess, startSluice } from '../site/sluice.js';
import { type StorageServer } from '../site/storage-server.js';
import { startXrootd, type XrootdOptions } from '../site/xrootd.js';

/** An RSE, and where on disk its files really lie. */
export interface Place {
  readonly rse: string;
  readonly directory: string;
}

export interface PlaceOptions {
  /** Fetches from other storages by itself (http-tpc); otherwise bytes stream through Sluice. */
  readonly pulls?: boolean;
  /** Reached through a gate, or at a door, instead of directly. */
  readonly port?: number;
  readonly hostname?: string;
  readonly scheme?: 'https' | 'http';
  readonly attributes?: Readonly<Record<string, string>>;
  readonly extended?: Readonly<Record<string, unknown>>;
}

export type Content = Readonly<Record<string, Buffer>>;

/** An attempt that is over, as `/requests/history/list` shows it. */
export interface PastAttempt {
  readonly name: string;
  readonly state: string;
  readonly err_msg: string | null;
  readonly transfertool: string | null;
  readonly retry_count: number;
}

export interface RuleRow {
  readonly state: string;
  readonly locks_ok_cnt: number;
  readonly locks_replicating_cnt: number;
  readonly locks_stuck_cnt: number;
}

const SCOPE = 'raw';
const EVERYTHING = {
  lan: { read: 1, write: 1, delete: 1 },
  wan: { read: 1, write: 1, delete: 1, third_party_copy_read: 1, third_party_copy_write: 1 },
};

/**
 * What an operator would set to seconds in order to watch: the demo's times, and besides leases of
 * 5 s, and storages that are given up after 8 s (XRootD's markers come every 5 s). A lock that is
 * stuck is tried again after 2 s, and rules do not move to other RSEs: there are none.
 */
export const SHORT_TIMES = {
  SLUICE_REQUESTS__LEASE_SECONDS: '5',
  SLUICE_REQUESTS__BACKOFF_SECONDS: '1',
  SLUICE_REQUESTS__BACKOFF_SECONDS_MAX: '4',
  SLUICE_RULES__LOCK_RETRY_SECONDS: '2',
  SLUICE_STORAGE__CONNECT_TIMEOUT_MS: '2000',
  SLUICE_STORAGE__TIMEOUT_BASE_MS: '8000',
  SLUICE_LOG__LEVEL: 'info',
} as const;

/** Random bytes: no two files of a story are alike. */
export function content(bytes: number): Buffer {
  const seed = Buffer.alloc(Math.min(bytes, 65_536));
  for (let at = 0; at < seed.length; at += 1) seed[at] = Math.floor(Math.random() * 256);
  const all = Buffer.alloc(bytes, seed.length > 0 ? seed : 0);
  // A piece that is missing or doubled must not look like its neighbour.
  for (let at = 0; at + 4 <= bytes; at += 65_536) all.writeUInt32LE(at / 65_536, at);
  return all;
}

/** A whole Sluice and the storage servers around it, of one spec file. */
export class FaultLake {
  readonly #servers: StorageServer[] = [];
  readonly #places = new Set<string>();

  private constructor(
    readonly root: string,
    readonly authority: Authority,
    readonly sluice: SluiceProcess,
  ) {}

  /**
   * `env` may be changed later: the next start of Sluice reads it. `authority` vouches for every
   * server; default: one that nobody else believes.
   */
  static async open(
    env: Record<string, string> = {},
    authority: Authority | undefined = undefined,
  ): Promise<FaultLake> {
    const root = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
    // PostgreSQL and XRootD run as users of their own.
    chmodSync(root, 0o755);
    const trusted = authority ?? (await makeAuthority('authority of the fault tests'));
    const sluice = await startSluice({ state: join(root, 's'), authority: trusted, env });
    const lake = new FaultLake(root, trusted, sluice);
    await lake.ask('POST', `/accounts/root/scopes/${SCOPE}`);
    return lake;
  }

  async close(): Promise<void> {
    await Promise.allSettled([
      this.sluice.remove(),
      ...this.#servers.map((server) => server.remove()),
    ]);
    await rm(this.root, { recursive: true, force: true });
  }

  async xrootd(name: string, options: Partial<XrootdOptions> = {}): Promise<StorageServer> {
    const { root, authority } = this;
    const server = await startXrootd({ root, name, authority, ...options });
    this.#servers.push(server);
    return server;
  }

  /** A call as root that has to succeed. */
  async ask(method: string, path: string, body?: unknown): Promise<SluiceAnswer['body']> {
    const answer = await this.sluice.call(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
    }
    return answer.body;
  }

  /** An RSE with a directory of its own at a server. */
  async place(server: StorageServer, rse: string, options: PlaceOptions = {}): Promise<Place> {
    if (this.#places.has(rse)) throw new Error(`${rse} is there already`);
    this.#places.add(rse);
    const directory = join(server.dataDir, rse);
    mkdirSync(directory, { recursive: true });
    owned(directory, server.dataDir);
    await this.ask('POST', `/rses/${rse}`, {});
    await this.protocol(server, rse, options);
    await this.ask('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
    for (const [key, value] of Object.entries(options.attributes ?? {})) {
      await this.ask('POST', `/rses/${rse}/attr/${key}`, { value });
    }
    return { rse, directory };
  }

  /** Defines the protocol of an RSE. */
  async protocol(server: StorageServer, rse: string, options: PlaceOptions = {}): Promise<void> {
    const { hostname = 'localhost', port = server.port, scheme = 'https' } = options;
    await this.ask('POST', `/rses/${rse}/protocols/${scheme}`, {
      ...{ hostname, port, prefix: `${server.prefix}${rse}/` },
      impl: 'rucio.rse.protocols.webdav.Default',
      domains: EVERYTHING,
      extended_attributes: {
        ca: this.authority.certificate,
        third_party_copy: options.pulls === true,
        ...options.extended,
      },
    });
  }

  /** Bytes on the disk of a storage, registered there, in a dataset of this name. */
  async files(dataset: string, place: Place, files: Content): Promise<void> {
    await this.copies(place, files);
    const dids = Object.keys(files).map((name) => ({ scope: SCOPE, name }));
    await this.ask('POST', `/dids/${SCOPE}/${dataset}`, { type: 'DATASET', dids });
  }

  /** Bytes on the disk of a storage, registered there. */
  async copies(place: Place, files: Content): Promise<void> {
    const described = [];
    for (const [name, bytes] of Object.entries(files)) {
      this.put(place, name, bytes);
      const { adler32 } = await digestOf(Readable.from([bytes]));
      described.push({ scope: SCOPE, name, bytes: bytes.length, adler32 });
    }
    await this.ask('POST', '/replicas', { rse: place.rse, files: described });
  }

  /** Writes to the disk of a storage behind everybody's back. */
  put(place: Place, name: string, bytes: Buffer): void {
    const path = this.path(place, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    for (let at = path; at !== place.directory; at = dirname(at)) owned(at, place.directory);
  }

  path = (place: Place, name: string): string =>
    join(place.directory, pathOf('hash', SCOPE, name).replace(/^\//, ''));

  /** One copy of a dataset (or file) at an RSE. */
  async rule(name: string, { rse }: Place): Promise<string> {
    const wish = { dids: [{ scope: SCOPE, name }], copies: 1, rse_expression: rse };
    const [id] = (await this.ask('POST', '/rules', { ...wish, grouping: 'DATASET' })) as string[];
    return id ?? '';
  }

  ruleRow = async (id: string): Promise<RuleRow> =>
    (await this.ask('GET', `/rules/${id}`)) as RuleRow;

  /** Waits until all these rules are OK. */
  async satisfied(rules: readonly string[], withinMs = 60_000): Promise<void> {
    for (const id of rules) {
      const ok = async () => {
        const row = await this.ruleRow(id);
        return row.state === 'OK' && row.locks_replicating_cnt + row.locks_stuck_cnt === 0;
      };
      await eventually(`rule ${id} is OK`, ok, withinMs).catch(async (error: unknown) => {
        const analysis = await this.sluice.call('GET', `/rules/${id}/analysis`);
        throw new Error(`${String(error)}\n${analysis.text}`, { cause: error });
      });
    }
  }

  /** Attempts from one RSE to another that are over, oldest first. */
  async attempts(from: Place, to: Place): Promise<PastAttempt[]> {
    const found: PastAttempt[] = [];
    for (let offset = 0; ; offset += 1000) {
      const query = new URLSearchParams({
        src_rse: from.rse,
        dst_rse: to.rse,
        request_states: 'D,F,L,N,O,A,M',
        offset: String(offset),
        limit: '1000',
      });
      const page = (await this.ask(
        'GET',
        `/requests/history/list?${query.toString()}`,
      )) as PastAttempt[];
      found.push(...page);
      if (page.length < 1000) return found.reverse();
    }
  }

  /** The causes that failed attempts between two RSEs were given, in order. */
  async causes(from: Place, to: Place): Promise<string[]> {
    const failed = (await this.attempts(from, to)).filter(({ state }) => state !== 'DONE');
    return failed.map(({ err_msg: said }) => /^[A-Z_]+/.exec(said ?? '')?.[0] ?? '');
  }

  /** What the analysis of a rule says of its first trouble: the cause and what was said. */
  async trouble(rule: string): Promise<{ cause: string; last_error: string } | undefined> {
    const { transfers } = (await this.ask('GET', `/rules/${rule}/analysis`)) as {
      transfers: { cause: string; last_error: string }[];
    };
    return transfers[0];
  }

  /** How many bytes stand at a place, under whatever names. */
  bytesAt = (place: Place): number =>
    filesBelow(place.directory).reduce((sum, path) => sum + readFileSync(path).length, 0);

  /**
   * Nothing lost, nothing double: on the disk stand exactly these files under their final names, byte
   * for byte; the catalogue has their checksums and says AVAILABLE; every lock of the rule is OK; each
   * copy has arrived once.
   */
  async expectWhole(from: Place, to: Place, rule: string, files: Content): Promise<void> {
    const names = Object.keys(files);
    const expected = names.map((name) => relative(to.directory, this.path(to, name))).sort();
    // A leftover may go a moment after the copy came.
    const standing = () => filesBelow(to.directory).map((path) => relative(to.directory, path));
    await eventually(
      'no leftover stands there',
      () => standing().length <= expected.length,
      10_000,
    ).catch(() => undefined);
    expect(standing().sort()).toEqual(expected);
    for (const [name, bytes] of Object.entries(files)) {
      if (!readFileSync(this.path(to, name)).equals(bytes)) throw new Error(`${name} differs`);
    }
    const locks = (await this.ask('GET', `/rules/${rule}/locks`)) as { state: string }[];
    expect(locks.map(({ state }) => state)).toEqual(names.map(() => 'OK'));
    const replicas = (await this.ask('POST', '/replicas/list', {
      dids: names.map((name) => ({ scope: SCOPE, name })),
      all_states: true,
    })) as { name: string; adler32: string; states: Record<string, string> }[];
    for (const { name, adler32, states } of replicas) {
      const { adler32: real } = await digestOf(Readable.from([files[name] ?? Buffer.alloc(0)]));
      expect([name, adler32, states[to.rse]]).toEqual([name, real, 'AVAILABLE']);
    }
    expect(replicas).toHaveLength(names.length);
    const done = (await this.attempts(from, to)).filter(({ state }) => state === 'DONE');
    const arrivals = new Set(done.map(({ name }) => name));
    expect([done.length, arrivals.size]).toEqual([arrivals.size, arrivals.size]);
  }

  /** All files of a place, below it, whatever their names. */
  standing = (place: Place): string[] =>
    filesBelow(place.directory).map((path) => relative(place.directory, path));
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The storage's user has to be able to write beside what we have put there. */
function owned(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  chownSync(path, uid, gid);
}
