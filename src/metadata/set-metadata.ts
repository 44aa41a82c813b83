import { ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type Description,
  type DescriptionColumn,
  type Did,
  didsBelow,
  didsBelowEach,
  lockDids,
  nameOf,
  renewDids,
  writeDescriptions,
} from '../dids/index.js';
import { InvalidObject, KeyNotFound, UnsupportedOperation } from '../errors/index.js';
import { Channel, DidType } from '../vocabulary/index.js';
import { deleteOwnKey, mergeOwnMetadata } from './did-meta.sql.js';
import { isBuiltIn, isReserved } from './keys.js';
import { conventionsFor, keepConventions } from './keep-conventions.js';
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

/** What may be below a DID of a type, itself included. */
const BELOW: Readonly<Record<DidType, readonly DidType[]>> = {
  [DidType.FILE]: [DidType.FILE],
  [DidType.DATASET]: [DidType.DATASET, DidType.FILE],
  [DidType.CONTAINER]: [DidType.CONTAINER, DidType.DATASET, DidType.FILE],
};

/** A change, read: what goes where. */
interface ParsedChange extends ParsedMeta {
  readonly did: MetaChange['did'];
}

/**
 * Sets metadata on DIDs, all or none: built-in keys in their columns, others as own metadata; keys
 * that are not named stay. What is new, or is said to be, is shown to the subscriptions again. Throws
 * AccessDenied (reserved key), InvalidMetadata, InvalidValueForKey,
 * InvalidObject (a DID named twice), UnsupportedOperation (what only files have).
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
  const said = changes.map(({ did, meta }) => ({
    types: recursive ? BELOW[did.type] : [did.type],
    parts: parseMetadata(meta, now),
  }));
  const kept = await keepConventions(tx, conventions, said);
  const parsed = changes.map(({ did }, at) => ({ did, ...(kept[at] as ParsedMeta) }));
  parsed.forEach(demandFile);
  if (recursive) return await writeBelow(tx, parsed, now);
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

/** A collection's events are those of its files, counted when it is closed; a guid it has not. */
function demandFile({ did, description }: ParsedChange): void {
  const key = (['guid', 'events'] as const).find((each) => each in description);
  if (key === undefined || did.type === DidType.FILE) return;
  throw new UnsupportedOperation(`${key} of '${nameOf(did)}' cannot be set: it is no file`, {
    scope: did.scope,
    name: did.name,
    key,
  });
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

/**
 * Several DIDs and everything below each: the trees are read once a table, in key order, and locked by
 * that. What is below several of them is told all, in the order of the changes.
 */
async function writeBelow(tx: Tx, changes: readonly ParsedChange[], now: Date): Promise<void> {
  const ids = (of: readonly ParsedChange[]) => sql`SELECT b.id FROM (${below(of)}) AS b(at, id)`;
  const described = changes.filter(({ description }) => Object.keys(description).length > 0);
  if (described.length > 0) {
    const columns = columnsOf(described.map(({ description }) => description));
    const json = described.map(({ description }) => toJson(description));
    await rows(
      tx,
      sql`SELECT FROM dids WHERE id IN (${ids(described)}) ORDER BY id FOR NO KEY UPDATE`,
    );
    await writeDescriptions(tx, mergedBelow(below(described), json), columns);
  }
  const owning = changes.filter(({ own }) => Object.keys(own).length > 0);
  if (owning.length > 0) {
    const json = owning.map(({ own }) => toJson(own));
    await mergeOwnMetadata(tx, mergedBelow(below(owning), json));
  }
  if (changes.some(({ description }) => description.is_new === true)) {
    await ring(tx, Channel.NEW_DIDS);
  }
  const others = changes.filter(({ description }) => !('is_new' in description));
  if (others.length > 0) await renewDids(tx, ids(others), now);
}

/** Rows (at, id) of everything below the DIDs of some changes, `at` from 1. */
function below(changes: readonly ParsedChange[]): Sql {
  const [only, ...others] = changes.map(({ did }) => did.id);
  if (only === undefined || others.length > 0)
    return didsBelowEach(changes.map(({ did }) => did.id));
  return sql`SELECT 1, b.id FROM (${didsBelow(only)}) AS b(id)`;
}

/** Rows (did_id, json) from rows (at, id): of a DID that is below several, later changes win. */
const mergedBelow = (below: Sql, json: readonly string[]): Sql => sql`
  SELECT b.id, jsonb_object_agg(said.key, said.value ORDER BY b.at)
    FROM (${below}) AS b(at, id)
    JOIN (SELECT s.at::int, e.key, e.value
            FROM unnest(${[...json]}::jsonb[]) WITH ORDINALITY AS s(json, at), jsonb_each(s.json) AS e
         ) AS said(at, key, value) ON said.at = b.at
   GROUP BY b.id`;

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
