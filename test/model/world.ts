import { Readable } from 'node:stream';
import { type Config } from '../../src/config/index.js';
import { type Database, rows, sql } from '../../src/db/index.js';
import { digestOf, StorageRegistry } from '../../src/protocols/index.js';
import { DEFAULT_ALGORITHM, pathOf } from '../../src/rses/index.js';
import { adler32ToInt4 } from '../../src/vocabulary/index.js';
import { type Lake, SCOPE, type Site } from './lake.js';
import { expressionsOf, type LakePlan } from './lake-plan.js';
import { Workers } from './workers.js';

/** A file as it really is. */
export interface ModelFile {
  readonly name: string;
  readonly content: Buffer;
  /** As the catalogue stores it. */
  readonly adler32: number;
  /** Bytes of a copy were changed or removed behind our back: its loss proves nothing. */
  damaged: boolean;
  /** Somebody declared a whole copy bad: from then on no other copy may be damaged. */
  doubted: boolean;
}

export interface Upload {
  readonly file: ModelFile;
  readonly site: Site;
}

/** What has happened so far, and hands to let more happen. */
export class World {
  readonly files: ModelFile[] = [];
  readonly datasets: string[] = [];
  readonly containers: string[] = [];
  readonly rules: bigint[] = [];
  readonly uploads: Upload[] = [];
  readonly expressions: readonly string[];
  readonly storages = new StorageRegistry({ allowPrivate: true, attemptsMax: 1 });
  readonly workers: Workers;
  /** Files whose last protection was ended on purpose: these may go. */
  readonly expendable = new Set<bigint>();
  /** Names of files that have been registered at all, and of those that have had a whole copy. */
  readonly seen = new Set<string>();
  readonly arrived = new Set<string>();
  /** What was refused, and why: a domain error is an answer and no failure. */
  readonly refusals: string[] = [];
  private names = 0;
  private offsetMs = 0;

  constructor(
    readonly db: Database,
    readonly config: Config,
    readonly lake: Lake,
    plan: LakePlan,
  ) {
    this.expressions = expressionsOf(plan.rses.length);
    this.workers = new Workers(db, config, this.storages, () => this.now());
  }

  /** The machine's time and what was skipped, as columns with a default are written by the former. */
  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  skip(minutes: number): void {
    this.offsetMs += minutes * 60_000;
  }

  async makeFile(bytes: number): Promise<ModelFile> {
    const name = `f${this.names++}`;
    const content = Buffer.from(`${name} `.repeat(bytes)).subarray(0, bytes);
    const { adler32 } = await digestOf(Readable.from([content]));
    const file = {
      name,
      content,
      adler32: adler32ToInt4(adler32),
      damaged: false,
      doubted: false,
    };
    this.files.push(file);
    return file;
  }

  /** Puts a file at a storage, as a client does before it registers it. */
  put(site: Site, file: ModelFile): void {
    site.storage.put(pathAt(site, file), file.content);
  }

  /** The names of what is attached to a collection. */
  async contentOf(name: string): Promise<string[]> {
    const found = await this.db.read((tx) =>
      rows<{ name: string }>(
        tx,
        sql`SELECT d.name FROM dids p JOIN contents c ON c.parent_id = p.id
              JOIN dids d ON d.id = c.child_id
             WHERE p.scope = ${SCOPE} AND p.name = ${name} ORDER BY d.id`,
      ),
    );
    return found.map((child) => child.name);
  }

  /** The files that rules hold, and that rules hold which are about to be removed on purpose. */
  async noteRemoval(removed: readonly bigint[] | 'expired'): Promise<void> {
    const gone =
      removed === 'expired'
        ? sql`r.expires_at < ${this.now()}::timestamptz`
        : sql`r.id = ANY (${[...removed]}::bigint[])`;
    const found = await this.db.read((tx) =>
      rows<{ id: bigint }>(
        tx,
        sql`SELECT l.did_id AS id FROM locks l JOIN rules r ON r.id = l.rule_id
             GROUP BY l.did_id HAVING bool_and(${gone})`,
      ),
    );
    for (const { id } of found) this.expendable.add(id);
  }

  /** A file that is locked again is not to go, whatever was wished before. */
  async noteProtection(): Promise<void> {
    if (this.expendable.size === 0) return;
    const locked = await this.db.read((tx) =>
      rows<{ id: bigint }>(
        tx,
        sql`SELECT DISTINCT did_id AS id FROM locks WHERE did_id = ANY (${[...this.expendable]}::bigint[])`,
      ),
    );
    for (const { id } of locked) this.expendable.delete(id);
  }
}

/** The absolute path of a file at a site. */
export const pathAt = (site: Site, { name }: ModelFile): string => {
  const algorithm = site.rse.attributes['lfn2pfn_algorithm'] ?? DEFAULT_ALGORITHM;
  return `/data/${pathOf(algorithm, SCOPE, name)}`;
};

/** Whether the bytes of a file stand at a site. */
export const isWhole = (site: Site, file: ModelFile): boolean =>
  site.storage.get(pathAt(site, file))?.equals(file.content) ?? false;
