import { execute, sql, type Tx } from '../db/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';

/** What somebody found at a storage: its path below the protocols' prefixes, with a leading slash. */
export interface DarkFile {
  readonly path: string;
  readonly scope: string | null;
  readonly name: string | null;
}

/**
 * Quarantines what is not in the catalogue, for the dark reaper. Found again it keeps its first
 * finder and date. Gives how many are new.
 */
export const quarantine = (
  tx: Tx,
  rseId: RseId,
  files: readonly DarkFile[],
  accountId: AccountId,
): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO quarantined_replicas (rse_id, account_id, path, scope, name)
        SELECT DISTINCT ON (f.path COLLATE "C") ${rseId}::int, ${accountId}::int, f.path, f.scope, f.name
          FROM unnest(${files.map(({ path }) => path)}::text[], ${files.map(({ scope }) => scope)}::text[],
                      ${files.map(({ name }) => name)}::text[]) AS f(path, scope, name)
         ORDER BY f.path COLLATE "C"
        ON CONFLICT (rse_id, path) DO UPDATE
           SET scope = coalesce(EXCLUDED.scope, quarantined_replicas.scope),
               name = coalesce(EXCLUDED.name, quarantined_replicas.name)`,
  );
