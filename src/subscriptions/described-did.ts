import { accountsById } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { didsById } from '../dids/index.js';
import { builtInOf, type DidMetadata, metadataOf } from '../metadata/index.js';
import { type DidId, type DidName, DidType } from '../vocabulary/index.js';

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
      const texts =
        known.get(key) ??
        textsOf(Object.hasOwn(builtIn, key) ? builtIn[key] : ownOf(metadata, key));
      known.set(key, texts);
      return texts;
    },
  };
}

const ownOf = ({ own }: DidMetadata, key: string): unknown =>
  Object.hasOwn(own, key) ? own[key] : undefined;

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
