import { ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type Description,
  type DescriptionColumn,
  type Did,
  didsBelow,
  lockDids,
  nameOf,
  renewDids,
  writeDescriptions,
} from '../dids/index.js';
import { InvalidObject, KeyNotFound } from '../errors/index.js';
import { Channel } from '../vocabulary/index.js';
import { applies, type Convention, demandAdmitted } from './convention.js';
import { conventionsOf } from './convention.sql.js';
import { deleteOwnKey, mergeOwnMetadata } from './did-meta.sql.js';
import { isBuiltIn, isReserved } from './keys.js';
import { type Meta, type ParsedMeta, parseMetadata } from './parse-metadata.js';

/** What a DID is told about itself. */
export interface MetaChange {
  readonly did: Pick<Did, 'id' | 'scope' | 'name' | 'type'>;
  readonly meta: Meta;
}

export interface SetOptions {
  /** Also on everything below each DID. */
  readonly recursive?: boolean;
  readonly now: Date;
}

/** The conventions of all keys that occur, in one read. */
export async function conventionsFor(
  tx: Tx,
  metas: readonly Meta[],
): Promise<ReadonlyMap<string, Convention>> {
  const keys = new Set(metas.flatMap((meta) => Object.keys(meta)));
  const found = await conventionsOf(tx, [...keys]);
  return new Map(found.map((convention) => [convention.key, convention]));
}

/** Throws InvalidValueForKey where a value breaks a convention that applies to this type of DID. */
export function demandConventions(
  conventions: ReadonlyMap<string, Convention>,
  type: Did['type'],
  { description, own }: ParsedMeta,
): void {
  for (const [key, value] of [...Object.entries(description), ...Object.entries(own)]) {
    const convention = conventions.get(key);
    if (convention && applies(convention.keyType, type)) demandAdmitted(convention, value);
  }
}

/**
 * Sets metadata on DIDs, all or none: built-in keys in their columns, others as own metadata; keys
 * that are not named stay. What is new, or is said to be, is shown to the subscriptions again. Throws
 * AccessDenied (reserved key), InvalidMetadata, InvalidValueForKey,
 * InvalidObject (a DID named twice).
 */
export async function setMetadata(
  tx: Tx,
  changes: readonly MetaChange[],
  { recursive = false, now }: SetOptions,
): Promise<void> {
  const conventions = await conventionsFor(
    tx,
    changes.map(({ meta }) => meta),
  );
  const parsed = changes.map(({ did, meta }) => {
    const parts = parseMetadata(meta, now);
    demandConventions(conventions, did.type, parts);
    return { did, ...parts };
  });
  if (recursive) {
    for (const change of parsed) await writeBelow(tx, change, now);
    return;
  }
  const ids = distinctIds(changes);
  if (ids.length > 1) await lockDids(tx, ids);
  await write(
    tx,
    parsed.map(({ did, description, own }) => ({ id: did.id, description, own })),
  );
  const told = parsed.filter(({ description }) => 'is_new' in description);
  if (told.some(({ description }) => description.is_new === true)) await ring(tx, Channel.NEW_DIDS);
  const others = parsed.filter((change) => !told.includes(change)).map(({ did }) => did.id);
  if (others.length > 0) await renewDids(tx, sql`SELECT unnest(${others}::bigint[])`, now);
}

function distinctIds(changes: readonly MetaChange[]): bigint[] {
  const seen = new Set<bigint>();
  for (const { did } of changes) {
    if (seen.has(did.id)) {
      throw new InvalidObject(`'${nameOf(did)}' is named twice`, {
        scope: did.scope,
        name: did.name,
      });
    }
    seen.add(did.id);
  }
  return [...seen];
}

const columnsOf = (descriptions: readonly Description[]): DescriptionColumn[] => [
  ...new Set(descriptions.flatMap((it) => Object.keys(it) as DescriptionColumn[])),
];

/** A set of JSON objects by DID, as rows (did_id, json). */
const targetRows = (items: readonly { id: bigint; json: string }[]): Sql =>
  sql`SELECT * FROM unnest(${items.map(({ id }) => id)}::bigint[],
                           ${items.map(({ json }) => json)}::jsonb[])`;

async function write(
  tx: Tx,
  items: readonly { id: bigint; description: Description; own: Meta }[],
): Promise<void> {
  const described = items.filter(({ description }) => Object.keys(description).length > 0);
  if (described.length > 0) {
    const targets = described.map(({ id, description }) => ({ id, json: toJson(description) }));
    const columns = columnsOf(described.map(({ description }) => description));
    await writeDescriptions(tx, targetRows(targets), columns);
  }
  const owning = items.filter(({ own }) => Object.keys(own).length > 0);
  if (owning.length === 0) return;
  await mergeOwnMetadata(tx, targetRows(owning.map(({ id, own }) => ({ id, json: toJson(own) }))));
}

/** One DID and everything below it: the tree is read once, in key order, and locked by that. */
async function writeBelow(
  tx: Tx,
  { did, description, own }: { did: MetaChange['did'] } & ParsedMeta,
  now: Date,
): Promise<void> {
  const below = sql`SELECT id FROM (${didsBelow(did.id)}) AS b(id)`;
  const each = (json: string) => sql`SELECT b.id, ${json}::jsonb FROM (${below}) AS b`;
  const columns = columnsOf([description]);
  if (columns.length > 0) {
    await rows(tx, sql`SELECT FROM dids WHERE id IN (${below}) ORDER BY id FOR NO KEY UPDATE`);
    await writeDescriptions(tx, each(toJson(description)), columns);
  }
  if (Object.keys(own).length > 0) await mergeOwnMetadata(tx, each(toJson(own)));
  if (description.is_new === true) await ring(tx, Channel.NEW_DIDS);
  if (!('is_new' in description)) await renewDids(tx, below, now);
}

const toJson = (value: object): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));

/**
 * Takes one key away from a DID; a built-in one becomes null. Throws KeyNotFound where it has none,
 * AccessDenied by the same keys as setMetadata.
 */
export async function deleteMetadata(
  tx: Tx,
  did: MetaChange['did'],
  key: string,
  now: Date,
): Promise<void> {
  if (key === 'lifetime' || isBuiltIn(key) || isReserved(key)) {
    await setMetadata(tx, [{ did, meta: { [key]: null } }], { now });
    return;
  }
  if (await deleteOwnKey(tx, did.id, key)) return;
  throw new KeyNotFound(`'${nameOf(did)}' has no metadata key '${key}'`, { key });
}
