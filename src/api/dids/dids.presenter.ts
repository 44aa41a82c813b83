import {
  type CollectionSize,
  type Depth,
  type Did,
  type FormerChild,
  type ListedFile,
  type Relative,
} from '../../dids/index.js';
import { type FoundDid } from '../../metadata/index.js';
import {
  adler32FromInt4,
  type DidName,
  DidType,
  DidTypeCodec,
  plainHex,
} from '../../vocabulary/index.js';

const adler32 = (stored: number | null): string | null =>
  stored === null ? null : adler32FromInt4(stored);
const hex = (uuid: string | null): string | null => (uuid === null ? null : plainHex(uuid));

/** `GET dids/{s}/{n}`. A collection's size is null where nobody counted it. */
export function presentDid(did: Did, account: string, size: CollectionSize | null): object {
  const named = {
    scope: did.scope,
    name: did.name,
    type: DidTypeCodec.name(did.type),
    account,
  };
  if (did.type === DidType.FILE) {
    return {
      ...named,
      bytes: did.bytes,
      length: 1,
      md5: hex(did.md5),
      adler32: adler32(did.adler32),
    };
  }
  return {
    ...named,
    open: did.isOpen,
    monotonic: did.monotonic,
    expired_at: did.expiredAt,
    length: size?.length ?? null,
    bytes: size?.bytes ?? null,
  };
}

/** What is below a DID, counted in files or in datasets. */
export const sizeAtDepth = (depth: Depth, unit: 'FILE' | 'DATASET'): CollectionSize => ({
  length: unit === 'FILE' ? depth.length : depth.datasets,
  bytes: depth.bytes,
});

/** A direct child, or a constituent of an archive. */
export const presentChild = (did: Did): object => ({
  scope: did.scope,
  name: did.name,
  type: DidTypeCodec.name(did.type),
  bytes: did.bytes,
  adler32: adler32(did.adler32),
  md5: hex(did.md5),
});

export const presentConstituent = ({ scope, name, bytes, ...did }: Did): object => ({
  scope,
  name,
  bytes,
  adler32: adler32(did.adler32),
  md5: hex(did.md5),
});

/** A child that was detached. When it was attached is not kept: the dates are the child's own. */
export const presentFormerChild = (did: FormerChild): object => ({
  ...presentChild(did),
  deleted_at: did.deletedAt,
  created_at: did.createdAt,
  updated_at: did.updatedAt,
});

/** A file of `list_files`; its guid is in capitals here and nowhere else. */
export const presentFile = (file: ListedFile, long: boolean): object => ({
  scope: file.scope,
  name: file.name,
  bytes: file.bytes,
  adler32: adler32(file.adler32),
  guid: hex(file.guid)?.toUpperCase() ?? null,
  events: file.events,
  ...(long && { lumiblocknr: file.lumiblocknr }),
});

export const presentBulkFile = (file: ListedFile, parent: DidName): object => ({
  ...presentFile(file, false),
  parent_scope: parent.scope,
  parent_name: parent.name,
});

export const presentParent = ({ scope, name, type }: Did): object => ({
  scope,
  name,
  type: DidTypeCodec.name(type),
});

/** Where a DID came from, or what became of it; `deleted_at` where it is known by its last name only. */
export const presentRelative = (
  { scope, name, type, deletedAt }: Relative,
  depth: number,
): object => ({
  scope,
  name,
  type: type === null ? null : DidTypeCodec.name(type),
  depth,
  deleted_at: deletedAt,
});

export const presentNewDid = ({ scope, name, type }: Did): object => ({
  scope,
  name,
  did_type: DidTypeCodec.name(type),
});

/** A top-level DID of a scope. */
export const presentTop = ({ scope, name, type, bytes }: Did): object => ({
  scope,
  name,
  type: DidTypeCodec.name(type),
  parent: null,
  level: 0,
  bytes,
});

/** A DID below another one of a scope's listing. */
export const presentBelow = (
  { scope, name, type }: Did,
  parent: DidName,
  level: number,
): object => ({
  scope,
  name,
  type: DidTypeCodec.name(type),
  parent: { scope: parent.scope, name: parent.name },
  level,
});

/** A long row of a search. */
export const presentFound = (
  { scope, name, type, bytes }: FoundDid,
  size: CollectionSize | undefined,
): object => ({
  scope,
  name,
  did_type: DidTypeCodec.name(type),
  bytes: type === DidType.DATASET ? (size?.bytes ?? 0n) : bytes,
  length: type === DidType.DATASET ? (size?.length ?? 0n) : null,
});
