import {
  adler32FromInt4,
  DidAvailabilityCodec,
  DidTypeCodec,
  plainHex,
} from '../vocabulary/index.js';
import { type DidMetadata } from './read-metadata.js';

/**
 * The built-in metadata of a DID by its names, in the words that people write: none of these keys is an
 * account's own. `account` is the name of its owner. The size of a collection is told once it is closed.
 */
export function builtInOf({ did, size }: DidMetadata, account: string): Record<string, unknown> {
  const closed = did.isOpen === false ? size : undefined;
  return {
    ...did.description,
    scope: did.scope,
    name: did.name,
    account,
    did_type: DidTypeCodec.name(did.type),
    is_open: did.isOpen,
    monotonic: did.monotonic,
    obsolete: did.obsolete,
    complete: did.complete,
    availability: DidAvailabilityCodec.name(did.availability),
    suppressed: did.suppressed,
    bytes: did.bytes ?? closed?.bytes ?? null,
    length: closed?.length ?? null,
    md5: did.md5 === null ? null : plainHex(did.md5),
    adler32: did.adler32 === null ? null : adler32FromInt4(did.adler32),
    guid: did.guid === null ? null : plainHex(did.guid),
    is_archive: did.isArchive,
    constituent: did.constituent,
    created_at: did.createdAt,
    updated_at: did.updatedAt,
  };
}
