import { rows, sql, type Tx } from '../db/index.js';
import { type CopyKey, type DidName, type RseId } from '../vocabulary/index.js';
import { copyKeys } from './replica.sql.js';

/** The paths that were registered for copies of these files at an RSE that is not deterministic. */
export async function registeredPaths(
  tx: Tx,
  rseId: RseId,
  files: readonly DidName[],
): Promise<(DidName & { readonly path: string })[]> {
  return await rows(
    tx,
    sql`SELECT d.scope, d.name, p.path
        FROM unnest(${files.map(({ scope }) => scope)}::text[],
                    ${files.map(({ name }) => name)}::text[]) AS asked (scope, name)
        JOIN dids d ON d.scope = asked.scope AND d.name = asked.name
        JOIN replica_paths p ON p.did_id = d.id AND p.rse_id = ${rseId}`,
  );
}

/** The paths that were registered for these copies, by `<DID>@<RSE>`; those of computed ones are missing. */
export async function registeredPathsOf(
  tx: Tx,
  copies: readonly CopyKey[],
): Promise<Map<string, string>> {
  const found = await rows<CopyKey & { path: string }>(
    tx,
    sql`SELECT p.did_id AS "didId", p.rse_id AS "rseId", p.path
        FROM ${copyKeys(copies)} AS k(did_id, rse_id)
        JOIN replica_paths p ON p.did_id = k.did_id AND p.rse_id = k.rse_id`,
  );
  return new Map(found.map(({ didId, rseId, path }) => [`${didId}@${rseId}`, path]));
}
