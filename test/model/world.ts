import { Readable } from 'node:stream';
import { type Config } from '../../src/config/index.js';
import { type Database, lit, lits, only, rows, sql } from '../../src/db/index.js';
import { digestOf, StorageRegistry } from '../../src/protocols/index.js';
import { DEFAULT_ALGORITHM, pathOf } from '../../src/rses/index.js';
import { adler32ToInt4, LockState, ReplicaState } from '../../src/vocabulary/index.js';
import { type Lake, SCOPE, type Site } from './lake.js';
import { expressionsOf, type LakePlan } from './lake-plan.js';
import { type AddedRule } from '../../src/rules/index.js';
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
  readonly didId: bigint;
}

/** What has happened so far, and hands to let more happen. */
export class World {
  readonly files: ModelFile[] = [];
  readonly datasets: string[] = [];
  readonly containers: string[] = [];
  readonly rules: AddedRule[] = [];
  readonly uploads: Upload[] = [];
  /** Wire ids of jobs, and names of subscriptions. */
  readonly jobs: string[] = [];
  readonly subscriptions: string[] = [];
  readonly expressions: readonly string[];
  readonly storages = new StorageRegistry({ allowPrivate: true, attemptsMax: 1 });
  readonly workers: Workers;
  /** Files whose last protection was ended on purpose: these may go. */
  readonly expendable = new Set<bigint>();
  /** Names of files that have been registered at all, and of those that have had a whole copy. */
  readonly seen = new Set<string>();
  readonly arrived = new Set<string>();
  /** Names of DIDs that were told to end. */
  readonly expired = new Set<string>();
  /** Names of files of which somebody deleted a copy by name. */
  readonly deleted = new Set<string>();
  /** Files that a rule holds, with a copy that can be read or mended, when we last looked. */
  private wanted: ReadonlySet<bigint> = new Set();
  readonly losses: string[] = [];
  /** What was refused, and why: a domain error is an answer and no failure. */
  readonly refusals: string[] = [];
  private made = 0;
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
    const name = `f${this.made++}`;
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

  /** Every name there ever was. */
  names(): string[] {
    return [...this.datasets, ...this.containers, ...this.files.map(({ name }) => name)];
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

  /** Files that rules hold now, but none that stays: their last protection ends on purpose. */
  async noteRemoval(): Promise<void> {
    const now = this.now();
    const found = await this.db.read((tx) =>
      rows<{ id: bigint }>(
        tx,
        sql`WITH RECURSIVE ending(id) AS (
              SELECT r.id FROM rules r JOIN dids d ON d.id = r.did_id
               WHERE d.expired_at <= ${now}::timestamptz
                  OR (r.expires_at < ${now}::timestamptz AND r.child_rule_id IS NULL)
              UNION
              -- One that moved goes when what took its place has gone.
              SELECT r.id FROM rules r JOIN ending e ON e.id = r.child_rule_id
               WHERE r.expires_at < ${now}::timestamptz)
            SELECT l.did_id AS id FROM locks l GROUP BY l.did_id
            HAVING bool_and(l.rule_id IN (SELECT id FROM ending))`,
      ),
    );
    for (const { id } of found) this.expendable.add(id);
  }

  /**
   * Lets things happen at the same time. Where a rule ends among them nobody can tell what it held
   * at last: every file that nothing holds afterwards may go.
   */
  async whileRulesMayEnd(happen: () => Promise<unknown>): Promise<void> {
    const ended = () =>
      this.db.read((tx) =>
        only<{ count: number }>(tx, sql`SELECT count(*)::int FROM rules_history`),
      );
    const before = await ended();
    await happen();
    if ((await ended()).count === before.count) return;
    const loose = await this.db.read((tx) =>
      rows<{ id: bigint }>(
        tx,
        sql`SELECT d.id FROM dids d WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = d.id)`,
      ),
    );
    for (const { id } of loose) this.expendable.add(id);
  }

  /**
   * Looks at the files that rules hold. One with a good copy may not go any more, whatever was wished
   * before; and one that is merely wanted may not lose what its copy is to be made from.
   */
  async noteProtection(): Promise<void> {
    const { AVAILABLE, TEMPORARY_UNAVAILABLE, BAD, BEING_DELETED } = ReplicaState;
    const held = await this.db.read((tx) =>
      rows<{ id: bigint; name: string; safe: boolean; there: boolean }>(
        tx,
        sql`SELECT l.did_id AS id, d.name, bool_or(l.state = ${lit(LockState.OK)}) AS safe,
                   EXISTS (SELECT FROM replicas r WHERE r.did_id = l.did_id AND r.state IN (${lits([
                     AVAILABLE,
                     TEMPORARY_UNAVAILABLE,
                     BAD,
                     BEING_DELETED,
                   ])})) AS there
              FROM locks l JOIN dids d ON d.id = l.did_id GROUP BY l.did_id, d.name`,
      ),
    );
    for (const { id, name, safe, there } of held) {
      if (safe) this.expendable.delete(id);
      const onPurpose = this.deleted.has(name) || this.expired.has(name);
      if (!there && this.wanted.has(id) && !onPurpose) {
        this.losses.push(`${name} lost its last copy while a rule wanted it`);
      }
    }
    this.wanted = new Set(held.filter(({ there }) => there).map(({ id }) => id));
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
