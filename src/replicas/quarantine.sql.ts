import { execute, lit, prepared, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';

/** What somebody found at a storage: its path below the protocols' prefixes, with a leading slash. */
export interface DarkFile {
  readonly path: string;
  readonly scope: string | null;
  readonly name: string | null;
}

/**
 * Quarantines what is not in the catalogue, for the dark-reaper. Found again it keeps its first
 * finder and date. Gives how many are in quarantine now.
 */
export const quarantine = (
  tx: Tx,
  rseId: RseId,
  files: readonly DarkFile[],
  by: { readonly accountId: AccountId; readonly now: Date },
): Promise<number> =>
  execute(
    tx,
    sql`INSERT INTO quarantined_replicas (rse_id, account_id, path, scope, name, created_at)
        SELECT DISTINCT ON (f.path COLLATE "C") ${rseId}::int, ${by.accountId}::int, f.path, f.scope, f.name,
               ${by.now}::timestamptz
          FROM unnest(${files.map(({ path }) => path)}::text[], ${files.map(({ scope }) => scope)}::text[],
                      ${files.map(({ name }) => name)}::text[]) AS f(path, scope, name)
         ORDER BY f.path COLLATE "C"
        ON CONFLICT (rse_id, path) DO UPDATE
           SET scope = coalesce(EXCLUDED.scope, quarantined_replicas.scope),
               name = coalesce(EXCLUDED.name, quarantined_replicas.name)`,
  );

/** When a quarantined file of the alias q may be deleted. */
interface DarkTerms {
  /** In quarantine since then at least. */
  readonly before: Date;
  readonly now: Date;
}

const isDue = ({ before, now }: DarkTerms): Sql => sql`(
  q.created_at <= ${before} AND (q.due_at IS NULL OR q.due_at <= ${now})
  AND (q.claimed_until IS NULL OR q.claimed_until <= ${now}))`;

/** RSEs that allow deletion and have quarantined files that are due. */
export async function rsesWithDark(tx: Tx, terms: DarkTerms): Promise<RseId[]> {
  const found = await rows<{ id: RseId }>(
    tx,
    sql`SELECT e.id FROM rses e
         WHERE e.availability_delete AND e.deleted_at IS NULL
           AND EXISTS (SELECT FROM quarantined_replicas q WHERE q.rse_id = e.id AND ${isDue(terms)} OFFSET 0)
         ORDER BY e.id`,
  );
  return found.map(({ id }) => id);
}

/** A quarantined file, and since when it has been in quarantine. */
export interface DarkClaim {
  readonly path: string;
  readonly since: Date;
}

/**
 * Claims quarantined files of an RSE that are due, in the order of their paths, until `until`, which
 * is also the token that settling carries. At most `limit`.
 */
export const claimDark = (
  tx: Tx,
  rseId: RseId,
  terms: DarkTerms & { readonly until: Date },
  limit: number,
): Promise<DarkClaim[]> =>
  rows<DarkClaim>(
    tx,
    sql`WITH picked AS MATERIALIZED (
          SELECT q.path FROM quarantined_replicas q WHERE q.rse_id = ${rseId} AND ${isDue(terms)}
          ORDER BY q.path LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED),
        claimed AS (
          UPDATE quarantined_replicas q SET claimed_until = ${terms.until}
           WHERE q.rse_id = ${rseId} AND q.path IN (SELECT path FROM picked)
          RETURNING q.path, q.created_at AS since)
        SELECT path, since FROM claimed ORDER BY path`,
  );

/** What was claimed until `until` is in quarantine no more. */
export const forgetDark = (
  tx: Tx,
  rseId: RseId,
  until: Date,
  paths: readonly string[],
): Promise<number> =>
  execute(
    tx,
    sql`DELETE FROM quarantined_replicas q
         WHERE q.rse_id = ${rseId} AND q.path = ANY(${[...paths]}::text[]) AND q.claimed_until = ${until}`,
  );

/** What was claimed until `until` is given back, and due again at `due`. */
export const postponeDark = (
  tx: Tx,
  rseId: RseId,
  { until, due }: { readonly until: Date; readonly due: Date },
  paths: readonly string[],
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE quarantined_replicas q SET claimed_until = NULL, due_at = ${due}
         WHERE q.rse_id = ${rseId} AND q.path = ANY(${[...paths]}::text[]) AND q.claimed_until = ${until}`,
  );

/** Whether an RSE has any file in quarantine. Most have none, and registrations ask each time. */
export async function hasDark(tx: Tx, rseId: RseId): Promise<boolean> {
  const found = await rows(
    tx,
    prepared('has-dark', sql`SELECT FROM quarantined_replicas WHERE rse_id = ${rseId} LIMIT 1`),
  );
  return found.length > 0;
}

/**
 * Takes files out of quarantine because they are about to be in the catalogue, in the order of their
 * paths. Gives those that cannot be, because they are being deleted at this moment, or were when this
 * began: `met` has waited for whoever deleted them, and does not find them any more.
 */
export async function adoptDark(
  tx: Tx,
  rseId: RseId,
  paths: readonly string[],
  now: Date,
): Promise<string[]> {
  const claimed = await rows<{ path: string }>(
    tx,
    sql`WITH seen AS MATERIALIZED (
          SELECT q.path FROM quarantined_replicas q
           WHERE q.rse_id = ${rseId} AND q.path = ANY(${[...paths]}::text[]) AND q.claimed_until > ${now}),
        met AS MATERIALIZED (
          SELECT q.path, coalesce(q.claimed_until > ${now}, false) AS claimed FROM quarantined_replicas q
           WHERE q.rse_id = ${rseId} AND q.path = ANY(${[...paths]}::text[])
           ORDER BY q.path FOR UPDATE),
        adopted AS (
          DELETE FROM quarantined_replicas q
           WHERE q.rse_id = ${rseId} AND q.path IN (SELECT path FROM met WHERE NOT claimed))
        SELECT path FROM seen UNION SELECT path FROM met WHERE claimed ORDER BY path`,
  );
  return claimed.map(({ path }) => path);
}
