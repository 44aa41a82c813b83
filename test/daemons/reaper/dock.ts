import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { reaper } from '../../../src/daemons/reaper/reaper.js';
import { type Tally } from '../../../src/daemons/runtime/index.js';
import { type Database, execute, rows, sql } from '../../../src/db/index.js';
import { StorageRegistry } from '../../../src/protocols/index.js';
import { type CopyKey } from '../../../src/vocabulary/index.js';
import { type Harbour, harbour } from '../../support/harbour.js';

/** A harbour with a reaper, and shorthand for what protects a copy and what ends that. */
export interface Dock extends Harbour {
  /** One shift of the reaper. */
  reap(): Promise<Tally>;
  /** A rule for the copy that has expired: its protection ended on purpose. */
  release(name: string, rse: string, purgeReplicas?: boolean): Promise<void>;
  /** The copy's protection ended by side effect. */
  guard(name: string, rse: string): Promise<void>;
  key(name: string, rse: string): Promise<CopyKey>;
  /** Seconds since the epoch until which nothing is due any more, for each copy with a tombstone. */
  tombstones(): Promise<Map<string, Date>>;
  /** What the RSE holds by our count. */
  held(rse: string): Promise<{ files: bigint; bytes: bigint }>;
}

export async function dock(db: Database): Promise<Dock> {
  const base = await harbour(db);
  const storages = new StorageRegistry({ allowPrivate: true, attemptsMax: 1 });
  const rseId = async (rse: string) => {
    const [found] = await db.read((tx) =>
      rows<{ id: number }>(tx, sql`SELECT id FROM rses WHERE name = ${rse}`),
    );
    return found?.id ?? 0;
  };
  const self: Dock = Object.assign(base, {
    reap: () => base.shift(reaper(base.config, storages)),
    async release(name: string, rse: string, purgeReplicas = false) {
      await base.rule(name, { rseExpression: rse, lifetime: 0, purgeReplicas });
      await base.shift(judgeCleaner(base.config));
    },
    async guard(name: string, rse: string) {
      const { didId, rseId: at } = await self.key(name, rse);
      await db.tx((tx) =>
        execute(
          tx,
          sql`INSERT INTO guarded_copies (did_id, rse_id, cause) VALUES (${didId}, ${at}, 'detach')`,
        ),
      );
    },
    async key(name: string, rse: string) {
      return { didId: (await base.did(name)).id, rseId: await rseId(rse) };
    },
    async tombstones() {
      const found = await db.read((tx) =>
        rows<{ copy: string; tombstone: Date }>(
          tx,
          sql`SELECT d.name || '@' || e.name AS copy, r.tombstone
              FROM replicas r JOIN dids d ON d.id = r.did_id JOIN rses e ON e.id = r.rse_id
              WHERE r.tombstone IS NOT NULL ORDER BY 1`,
        ),
      );
      return new Map(found.map(({ copy, tombstone }) => [copy, tombstone]));
    },
    async held(rse: string) {
      const at = await rseId(rse);
      const [sum] = await db.read((tx) =>
        rows<{ files: bigint; bytes: bigint }>(
          tx,
          sql`SELECT coalesce(sum(files), 0)::bigint AS files, coalesce(sum(bytes), 0)::bigint AS bytes
              FROM rse_usage_deltas WHERE rse_id = ${at}`,
        ),
      );
      return sum ?? { files: 0n, bytes: 0n };
    },
  });
  return self;
}
