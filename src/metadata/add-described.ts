import { sql, type Tx } from '../db/index.js';
import {
  addDids,
  type CollectionSpec,
  type Did,
  type FileSpec,
  insertFiles,
} from '../dids/index.js';
import { InvalidObject } from '../errors/index.js';
import { type AccountId, DidType } from '../vocabulary/index.js';
import { admitted, type Convention } from './convention.js';
import { insertOwnMetadata, mergeOwnMetadata } from './did-meta.sql.js';
import { conventionsFor, keepConventions } from './keep-conventions.js';
import { type Meta, type ParsedMeta, parseMetadata } from './parse-metadata.js';

const NOTHING: ParsedMeta = { description: {}, own: {} };

/** A new dataset or container with its metadata, `lifetime` included. */
export interface DescribedCollection extends Omit<CollectionSpec, 'description'> {
  readonly meta?: Meta;
}

/**
 * Adds datasets and containers with their metadata, all or none, in the order given. Throws as
 * addDids and setMetadata do, and InvalidObject where a dataset's `datatype` is not a declared one.
 */
export async function addDescribedDids(
  tx: Tx,
  accountId: AccountId,
  specs: readonly DescribedCollection[],
  now: Date,
): Promise<Did[]> {
  const conventions = await conventionsFor(
    tx,
    specs.map(({ meta = {} }) => meta),
  );
  const said = specs.map(({ meta, type }) => {
    const parts = meta ? parseMetadata(meta, now) : NOTHING;
    demandDatatype(conventions.get('datatype'), type, parts);
    return { types: [type], parts };
  });
  const parsed = await keepConventions(tx, conventions, said);
  const made = await addDids(
    tx,
    accountId,
    specs.map(({ scope, name, type, monotonic }, at) => ({
      scope,
      name,
      type,
      monotonic,
      description: parsed[at]?.description,
    })),
  );
  const owning = made
    .map(({ id }, at) => ({ id, own: parsed[at]?.own ?? {} }))
    .filter(({ own }) => Object.keys(own).length > 0);
  if (owning.length > 0) {
    await mergeOwnMetadata(
      tx,
      sql`SELECT * FROM unnest(${owning.map(({ id }) => id)}::bigint[],
                               ${owning.map(({ own }) => JSON.stringify(own))}::jsonb[])`,
    );
  }
  return made;
}

/** Rucio's one convention with a class of its own: a dataset's datatype is a declared value. */
function demandDatatype(
  convention: Convention | undefined,
  type: DidType,
  { description }: ParsedMeta,
): void {
  const { datatype } = description;
  if (!convention || datatype == null || type !== DidType.DATASET) return;
  if (admitted(convention, datatype) !== undefined) return;
  throw new InvalidObject(`The datatype '${String(datatype)}' is not a declared value`, {
    field: 'meta.datatype',
  });
}

/** A file's name with its metadata. */
export interface DescribedFile extends Omit<FileSpec, 'description'> {
  readonly meta?: Meta;
}

/**
 * Makes the file names that are missing, with their metadata: insertFiles for registrations that
 * describe. Files that exist keep what they have. Throws as insertFiles and setMetadata do.
 */
export async function insertDescribedFiles(
  tx: Tx,
  accountId: AccountId,
  files: readonly DescribedFile[],
  now: Date,
): Promise<void> {
  const described = files.flatMap(({ meta }) => (meta ? [meta] : []));
  if (described.length === 0) return await insertFiles(tx, accountId, files);
  const conventions = await conventionsFor(tx, described);
  const said = files.map(({ meta }) => ({
    types: [DidType.FILE],
    parts: meta ? parseMetadata(meta, now) : NOTHING,
  }));
  const kept = await keepConventions(tx, conventions, said);
  const parsed = files.map(({ meta: _, ...file }, at) => ({ ...file, ...(kept[at] ?? NOTHING) }));
  await insertFiles(tx, accountId, parsed);
  const owning = parsed.filter(({ own }) => Object.keys(own).length > 0);
  if (owning.length > 0) await insertOwnMetadata(tx, owning);
}
