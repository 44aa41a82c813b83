import pLimit from 'p-limit';
import { FileConsistencyMismatch, ResourceTemporaryUnavailable } from '../../errors/index.js';
import { StorageError, type StorageRegistry } from '../../protocols/index.js';
import { copyPath } from '../../replicas/index.js';
import {
  chooseProtocols,
  endpointOf,
  normalisePath,
  type Rse,
  type RseProtocol,
} from '../../rses/index.js';
import { adler32FromInt4, type DidId } from '../../vocabulary/index.js';

/** A copy that a client says it has written. */
export interface Upload {
  readonly didId: DidId;
  readonly scope: string;
  readonly name: string;
  readonly bytes: bigint;
  readonly adler32: number | null;
  readonly path: string | null;
}

/** What was seen at the storage, and how often leftovers had been removed at each path by then. */
export interface SeenUploads {
  readonly verified: ReadonlySet<DidId>;
  readonly paths: readonly string[];
  readonly removals: Removals;
}
type Removals = ReadonlyMap<string, { readonly count: number; readonly underWay: boolean }>;

export const NOTHING_SEEN: SeenUploads = { verified: new Set(), paths: [], removals: new Map() };

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

/** Where an upload stands below the protocols' prefixes, with one slash in front. */
export const uploadPath = (rse: Rse, upload: Upload): string =>
  normalisePath(copyPath(rse, upload, upload.path));

const PARALLEL = 16;

/** Whether uploads to the RSE are looked at before they count: it signs URLs, or says so itself. */
export const looksAtUploads = ({ attributes }: Rse): boolean =>
  attributes['verify_uploads'] === 'true' ||
  (Boolean(attributes['sign_url']) && attributes['verify_uploads'] !== 'false');

/**
 * Looks at the storage for what clients say they have written. Gives the copies whose size, and
 * checksum where both sides know one, are right; a storage that cannot be asked leaves a copy the
 * client's assertion. Throws FileConsistencyMismatch for one that is missing or wrong.
 */
export async function verifyUploads(
  storages: StorageRegistry,
  rse: Rse,
  protocols: readonly RseProtocol[],
  uploads: readonly Upload[],
): Promise<Set<DidId>> {
  const verified = new Set<DidId>();
  const protocol = (['wan', 'lan'] as const)
    .flatMap((domain) => chooseProtocols(protocols, { domain, operation: 'read' }))
    .find(({ scheme }) => storages.supports(scheme));
  if (!protocol) return verified;
  const driver = storages.driver(endpointOf(rse, protocol));
  const look = async (upload: Upload) => {
    const path = copyPath(rse, upload, upload.path);
    const entry = await driver
      .stat(path, { checksum: true, bytes: upload.bytes })
      .catch((error: unknown) => {
        if (error instanceof StorageError) return undefined;
        throw error;
      });
    if (entry === undefined) return;
    const wrong = difference(upload, entry);
    if (wrong !== undefined) {
      throw new FileConsistencyMismatch(
        `${upload.scope}:${upload.name} at ${rse.name} ${wrong}; it is not AVAILABLE`,
        { scope: upload.scope, name: upload.name, rse: rse.name },
      );
    }
    // Without a digest of the storage's only the size was seen.
    if (upload.adler32 === null || entry?.adler32 != null) verified.add(upload.didId);
  };
  const limit = pLimit(PARALLEL);
  await Promise.all(uploads.map((upload) => limit(look, upload)));
  return verified;
}

function difference(
  upload: Upload,
  entry: { readonly bytes: bigint; readonly adler32: string | null } | null,
): string | undefined {
  if (entry === null) return 'is not at the storage';
  if (entry.bytes !== upload.bytes) return `has ${entry.bytes} bytes instead of ${upload.bytes}`;
  const expected = upload.adler32 === null ? null : adler32FromInt4(upload.adler32);
  if (expected === null || entry.adler32 === null || entry.adler32 === expected) return undefined;
  return `has the adler32 ${entry.adler32} instead of ${expected}`;
}
