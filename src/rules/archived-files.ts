import { lit, rows, sql, type Tx } from '../db/index.js';
import { type Did, didsById, holdExpiring } from '../dids/index.js';
import { type DidId, RseType } from '../vocabulary/index.js';
import { held } from './spread.sql.js';

/**
 * The DIDs that rules are to be made on, in the same order: the archive instead of each constituent
 * that has no copy of its own on disk. An archive without any copy is no help; the constituent stays.
 */
export async function onArchives(tx: Tx, dids: readonly Did[]): Promise<Did[]> {
  const archives = await archivesFor(tx, dids);
  if (archives.size === 0) return [...dids];
  const found = [...new Set(archives.values())];
  await holdExpiring(tx, found);
  // Once more, now that none of them can be erased.
  const again = await didsById(
    tx,
    found.map(({ id }) => id),
  );
  const held = new Map(again.map((archive) => [archive.id, archive]));
  return dids.map((did) => held.get(archives.get(did.id)?.id ?? -1n) ?? did);
}

/** The same as things are now: holds nothing. */
export async function seenOnArchives(tx: Tx, dids: readonly Did[]): Promise<Did[]> {
  const archives = await archivesFor(tx, dids);
  return dids.map((did) => archives.get(did.id) ?? did);
}

/** The archives that stand in for some of these DIDs now, by the DIDs' ids. */
async function archivesFor(tx: Tx, dids: readonly Did[]): Promise<Map<DidId, Did>> {
  const constituents = dids.filter((did) => did.constituent === true).map((did) => did.id);
  if (constituents.length === 0) return new Map();
  const archives = await archivesOf(tx, constituents);
  const found = new Map(
    (await didsById(tx, [...new Set(archives.values())])).map((archive) => [archive.id, archive]),
  );
  return new Map(
    [...archives].flatMap(([file, archive]) => {
      const did = found.get(archive);
      return did ? [[file, did] as const] : [];
    }),
  );
}

/** The archive of each of these files that is nowhere on disk by itself; one with a copy. */
async function archivesOf(tx: Tx, ids: readonly DidId[]): Promise<Map<DidId, DidId>> {
  const found = await rows<{ file: DidId; archive: DidId }>(
    tx,
    sql`SELECT ct.child_id AS file, min(ct.parent_id) AS archive
          FROM contents ct JOIN dids a ON a.id = ct.parent_id AND a.is_archive
         WHERE ct.child_id = ANY (${[...ids]}::bigint[])
           AND EXISTS (SELECT FROM replicas r WHERE r.did_id = ct.parent_id AND r.state IN (${held}))
           AND NOT EXISTS (
             SELECT FROM replicas r JOIN rses e ON e.id = r.rse_id AND e.type = ${lit(RseType.DISK)}
              WHERE r.did_id = ct.child_id AND r.state IN (${held}))
         GROUP BY ct.child_id`,
  );
  return new Map(found.map(({ file, archive }) => [file, archive]));
}
