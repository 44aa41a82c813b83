import { type DidMetadata, type Meta, type MetadataPlugin } from '../../metadata/index.js';
import {
  adler32FromInt4,
  DidAvailabilityCodec,
  DidType,
  DidTypeCodec,
  plainHex,
} from '../../vocabulary/index.js';

/** All built-in metadata of a DID: every key is always there. */
function presentColumns({ did, size }: DidMetadata, account: string): Record<string, unknown> {
  const { description } = did;
  // The size of a collection is promised once it is closed; get_did tells it before.
  const closed = did.isOpen === false ? size : undefined;
  const isFile = did.type === DidType.FILE;
  return {
    ...description,
    scope: did.scope,
    name: did.name,
    account,
    did_type: DidTypeCodec.name(did.type),
    is_open: did.isOpen,
    monotonic: did.monotonic,
    obsolete: did.obsolete,
    complete: did.complete,
    // Files carry no mark unless a subscription asks for files: no other ever looks at them.
    is_new: isFile ? (description.is_new ?? true) : description.is_new,
    availability: DidAvailabilityCodec.name(did.availability),
    suppressed: did.suppressed,
    bytes: isFile ? did.bytes : (closed?.bytes ?? null),
    length: closed?.length ?? null,
    md5: did.md5 === null ? null : plainHex(did.md5),
    adler32: did.adler32 === null ? null : adler32FromInt4(did.adler32),
    guid: did.guid === null ? null : plainHex(did.guid),
    deleted_at: null,
    is_archive: did.isArchive,
    constituent: did.constituent,
    created_at: did.createdAt,
    updated_at: did.updatedAt,
  };
}

/** The metadata object of one DID. */
export function presentMetadata(
  metadata: DidMetadata,
  account: string,
  plugin: MetadataPlugin,
): Meta {
  if (plugin === 'JSON') return metadata.own;
  const columns = presentColumns(metadata, account);
  return plugin === 'DID_COLUMN' ? columns : { ...metadata.own, ...columns };
}

/** A row of metadata of several DIDs, which says whose it is. */
export function presentMetadataRow(
  metadata: DidMetadata,
  account: string,
  plugin: MetadataPlugin,
): Meta {
  const { scope, name } = metadata.did;
  return { scope, name, ...presentMetadata(metadata, account, plugin) };
}
