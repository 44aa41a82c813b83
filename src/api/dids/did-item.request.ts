import { type Static, Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type Meta } from '../../metadata/index.js';
import {
  adler32ToInt4,
  type DidName,
  Limits,
  Patterns,
  ReplicaState,
  ReplicaStateCodec,
} from '../../vocabulary/index.js';
import { orNull } from '../wire/index.js';

const Scope = Type.String({ minLength: 1, maxLength: Limits.scopeLength });
const Name = Type.String({ minLength: 1, maxLength: Limits.didNameLength });

/** `{scope, name}` of a DID that exists. */
export const NamedDid = Type.Object({ scope: Scope, name: Name });

export const MetaBody = Type.Record(Type.String(), Type.Unknown());

const itemProperties = {
  scope: Scope,
  name: Name,
  type: orNull(Type.String()),
  meta: orNull(MetaBody),
  rules: orNull(Type.Array(Type.Unknown())),
  bytes: orNull(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  adler32: orNull(Type.String()),
  md5: orNull(Type.String()),
  state: orNull(Type.String()),
  pfn: orNull(Type.String()),
};

/** A DID to attach, with what the client says about it. Other keys are ignored. */
export const DidItem = Type.Object(itemProperties);

/** The same where the contract allows no other keys. */
export const StrictDidItem = Type.Object(itemProperties, { additionalProperties: false });

/** A DID to attach, read. */
export interface ParsedDidItem extends DidName {
  readonly bytes: bigint | null;
  /** Two's complement, as the catalogue stores it. */
  readonly adler32: number | null;
  readonly md5: string | null;
  readonly guid: string | null;
  readonly meta: Meta | undefined;
  /** Of the copy that is registered with it. */
  readonly state: ReplicaState | undefined;
  readonly pfn: string | null;
}

function checksum(text: string | null | undefined, pattern: RegExp, field: string): string | null {
  if (text == null || text === '') return null;
  if (pattern.test(text)) return text;
  throw new InvalidObject(
    `Problem validating ${field}: '${text}' does not match '${pattern.source}'`,
    {
      field,
    },
  );
}

function readState(text: string): ReplicaState {
  const state = ReplicaStateCodec.parse(text);
  if (state !== undefined && state !== ReplicaState.BEING_DELETED) return state;
  throw new InvalidObject(`Problem validating state: '${text}' is no state of a new replica`, {
    field: 'state',
  });
}

/** Reads items; one that is said twice in the same words is one item. Throws InvalidObject. */
export function readDidItems(items: readonly Static<typeof DidItem>[]): ParsedDidItem[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()].map(readDidItem);
}

/** Reads an item's checksums and guid. Throws InvalidObject. */
function readDidItem(item: Static<typeof DidItem>): ParsedDidItem {
  const adler32 = checksum(item.adler32, Patterns.adler32, 'adler32');
  const guid = item.meta?.['guid'];
  return {
    scope: item.scope,
    name: item.name,
    bytes: item.bytes == null ? null : BigInt(item.bytes),
    adler32: adler32 === null ? null : adler32ToInt4(adler32),
    md5: checksum(item.md5, Patterns.md5, 'md5'),
    guid: typeof guid === 'string' ? checksum(guid, Patterns.guid, 'meta.guid') : null,
    meta: item.meta ?? undefined,
    state: item.state ? readState(item.state) : undefined,
    pfn: item.pfn ?? null,
  };
}
