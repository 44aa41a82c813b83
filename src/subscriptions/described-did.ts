import { accountsById } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { DescriptionColumns, didsById } from '../dids/index.js';
import { type DidMetadata, metadataOf } from '../metadata/index.js';
import {
  adler32FromInt4,
  DidAvailabilityCodec,
  type DidId,
  type DidName,
  DidType,
  DidTypeCodec,
  plainHex,
} from '../vocabulary/index.js';

/** A DID as filters see it. */
export interface DescribedDid extends DidName {
  readonly id: DidId;
  readonly type: DidType;
  /** Its owner's name. */
  readonly account: string;
  /** Bytes a file; null where its size is not settled: open datasets, and containers. */
  readonly avgFileSize: number | null;
  /** What a key of its metadata says, as texts: none where it has no such key. */
  readonly texts: (key: string) => readonly string[];
}

/** More of a value is not looked at. */
export const TEXT_MAX = 4000;

/** These DIDs as filters see them; hidden, suppressed and expired ones are left out. */
export async function describeDids(
  tx: Tx,
  ids: readonly DidId[],
  now: Date,
): Promise<DescribedDid[]> {
  const metadata = await metadataOf(tx, await didsById(tx, ids), { plugin: 'ALL' });
  const shown = metadata.filter(({ did }) => {
    const gone = did.expiredAt !== null && did.expiredAt <= now;
    return did.description.hidden !== true && !did.suppressed && !gone;
  });
  const owners = await accountsById(tx, [...new Set(shown.map(({ did }) => did.accountId))]);
  return shown.map((it) => described(it, owners.get(it.did.accountId)?.name ?? ''));
}

function described(metadata: DidMetadata, account: string): DescribedDid {
  const { id, scope, name, type } = metadata.did;
  const known = new Map<string, readonly string[]>();
  const builtIn = builtInOf(metadata, account);
  return {
    id,
    scope,
    name,
    type,
    account,
    avgFileSize: avgFileSizeOf(metadata),
    texts(key) {
      const texts = known.get(key) ?? textsOf(key in builtIn ? builtIn[key] : ownOf(metadata, key));
      known.set(key, texts);
      return texts;
    },
  };
}

const ownOf = ({ own }: DidMetadata, key: string): unknown =>
  Object.hasOwn(own, key) ? own[key] : undefined;

/** Keys that are not an account's own, whatever it has under that name. */
export const BUILT_IN_KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(DescriptionColumns),
  'scope',
  'name',
  'account',
  'did_type',
  'is_open',
  'monotonic',
  'obsolete',
  'complete',
  'availability',
  'suppressed',
  'bytes',
  'length',
  'md5',
  'adler32',
  'is_archive',
  'constituent',
  'created_at',
  'updated_at',
]);

/** Built-in metadata by name, as the wire names it; its keys are those above. */
function builtInOf({ did, size }: DidMetadata, account: string): Record<string, unknown> {
  const closed = did.isOpen === false ? size : undefined;
  return Object.assign(Object.create(null) as Record<string, unknown>, did.description, {
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
  });
}

function avgFileSizeOf({ did, size }: DidMetadata): number | null {
  if (did.type === DidType.FILE) return Number(did.bytes);
  if (did.isOpen !== false || !size || size.length === 0n || size.bytes === 0n) return null;
  return Number(size.bytes) / Number(size.length);
}

/**
 * A value as Python writes it: a built-in key without a value is `None`, as in Rucio. A list is its
 * items, each for itself.
 */
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  switch (typeof value) {
    case 'undefined':
    case 'function':
    case 'symbol':
      return [];
    case 'boolean':
      return [value ? 'True' : 'False'];
    case 'string':
      return [value.slice(0, TEXT_MAX)];
    case 'number':
    case 'bigint':
      return [String(value)];
    case 'object':
      if (value === null) return ['None'];
      if (value instanceof Date) return [value.toISOString().slice(0, 19).replace('T', ' ')];
      return [JSON.stringify(value).slice(0, TEXT_MAX)];
  }
}
