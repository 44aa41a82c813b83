import pLimit from 'p-limit';
import { FileConsistencyMismatch } from '../../errors/index.js';
import { StorageError, type StorageRegistry } from '../../protocols/index.js';
import { copyPath } from '../../replicas/index.js';
import { chooseProtocols, endpointOf, type Rse, type RseProtocol } from '../../rses/index.js';
import { adler32FromInt4, type DidName } from '../../vocabulary/index.js';

/** A copy that a client says it has written. */
export interface Upload extends DidName {
  readonly bytes: bigint;
  readonly adler32: number | null;
  /** Only where the RSE is not deterministic. */
  readonly path: string | null;
}

const PARALLEL = 16;

/**
 * Looks at the storage for what clients say they have written. Gives the `scope:name` of copies whose
 * size, and checksum where both sides know one, are right; a storage that cannot be asked leaves a
 * copy the client's assertion. Throws FileConsistencyMismatch for one that is missing or wrong.
 */
export async function verifyUploads(
  storages: StorageRegistry,
  rse: Rse,
  protocols: readonly RseProtocol[],
  uploads: readonly Upload[],
): Promise<Set<string>> {
  const verified = new Set<string>();
  const protocol = (['wan', 'lan'] as const)
    .flatMap((domain) => chooseProtocols(protocols, { domain, operation: 'read' }))
    .find((each) => storages.supports(each));
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
    if (upload.adler32 === null || entry?.adler32 != null) {
      verified.add(`${upload.scope}:${upload.name}`);
    }
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
