import {
  builtInOf,
  type DidMetadata,
  type Meta,
  type MetadataPlugin,
} from '../../metadata/index.js';
import { DidType } from '../../vocabulary/index.js';

/** All built-in metadata of a DID: every key is always there. */
function presentColumns(metadata: DidMetadata, account: string): Record<string, unknown> {
  const { type, description } = metadata.did;
  return {
    ...builtInOf(metadata, account),
    // Files carry no mark unless a subscription asks for files: no other ever looks at them.
    is_new: type === DidType.FILE ? (description.is_new ?? true) : description.is_new,
    deleted_at: null,
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
