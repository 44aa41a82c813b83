import { type Database, type Tx } from '../../db/index.js';
import { ResourceTemporaryUnavailable } from '../../errors/index.js';
import { type StorageRegistry } from '../../protocols/index.js';
import { copyPath, grantedPaths, removalsAt } from '../../replicas/index.js';
import { normalisePath, protocolsOf, type Rse, type RseProtocol } from '../../rses/index.js';
import { type Upload, verifyUploads } from './verify-uploads.js';

/** What was seen at the storage, and how often leftovers had been removed at each path by then. */
export interface SeenUploads {
  /** `scope:name` of the copies that are as they should be. */
  readonly verified: ReadonlySet<string>;
  readonly paths: readonly string[];
  readonly removals: Removals;
}
type Removals = ReadonlyMap<string, { readonly count: number; readonly underWay: boolean }>;

export const NOTHING_SEEN: SeenUploads = { verified: new Set(), paths: [], removals: new Map() };

/** Copies that somebody says are written, and where. */
export interface ToldUploads {
  readonly rse: Rse;
  readonly protocols: readonly RseProtocol[];
  readonly uploads: readonly Upload[];
}

/**
 * Looks at what clients say they have written, outside of any transaction. `told` reads what that is;
 * undefined where nobody looks. Throws FileConsistencyMismatch.
 */
export async function lookAtUploads(
  { db, storages, now }: { db: Database; storages: StorageRegistry; now: Date },
  told: (tx: Tx) => Promise<ToldUploads | undefined>,
): Promise<SeenUploads> {
  const facts = await db.read(async (tx) => {
    const found = await told(tx);
    if (!found || found.uploads.length === 0) return undefined;
    const paths = found.uploads.map((upload) => uploadPath(found.rse, upload));
    return { ...found, paths, removals: await removalsAt(tx, found.rse.id, paths, now) };
  });
  if (!facts) return NOTHING_SEEN;
  const { rse, protocols, uploads, paths, removals } = facts;
  return { verified: await verifyUploads(storages, rse, protocols, uploads), paths, removals };
}

/** Throws ResourceTemporaryUnavailable where a leftover was removed while we looked, or is at this moment. */
export function refuseRemoved(seen: SeenUploads, now: Removals): void {
  for (const path of seen.paths) {
    const [before, after] = [seen.removals.get(path)?.count ?? 0, now.get(path)];
    if (!after || (after.count === before && !after.underWay)) continue;
    throw new ResourceTemporaryUnavailable(
      `What stood at ${path} has been removed; upload it again`,
    );
  }
}

/** The end of an upload, which is looked at where the RSE signs URLs, or says so itself. */
export async function endedUploads(
  tx: Tx,
  rse: Rse,
  uploads: (tx: Tx) => Promise<readonly Upload[]>,
): Promise<ToldUploads | undefined> {
  if (!wantsVerification(rse)) return undefined;
  return { rse, protocols: await protocolsAt(tx, rse), uploads: await uploads(tx) };
}

/**
 * What is registered as written. Nobody looks at files that have been there: they are thousands, and
 * whoever registers them answers for them. Those whose path was given away for writing are uploads
 * that are registered afterwards; an RSE with verify_uploads has all of them looked at.
 */
export async function registeredUploads(
  tx: Tx,
  rse: Rse,
  written: readonly Upload[],
): Promise<ToldUploads | undefined> {
  if (written.length === 0) return undefined;
  const protocols = await protocolsAt(tx, rse);
  if (rse.attributes['verify_uploads'] === 'true') return { rse, protocols, uploads: written };
  const paths = new Map(written.map((upload) => [uploadPath(rse, upload), upload]));
  const granted = await grantedPaths(tx, rse.id, [...paths.keys()]);
  return { rse, protocols, uploads: granted.flatMap((path) => paths.get(path) ?? []) };
}

/** Whether anybody looks at uploads to the RSE before they count. */
export const wantsVerification = ({ attributes }: Rse): boolean =>
  attributes['verify_uploads'] === 'true' ||
  (Boolean(attributes['sign_url']) && attributes['verify_uploads'] !== 'false');

const protocolsAt = async (tx: Tx, rse: Rse): Promise<readonly RseProtocol[]> =>
  (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];

/** Where an upload stands below the protocols' prefixes, with one slash in front. */
const uploadPath = (rse: Rse, upload: Upload): string =>
  normalisePath(copyPath(rse, upload, upload.path));
