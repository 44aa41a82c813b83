import { rows, sql, type Tx } from '../db/index.js';
import { type DidName, type RseId } from '../vocabulary/index.js';

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
