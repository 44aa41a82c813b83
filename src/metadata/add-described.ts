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
import { admits, type Convention } from './convention.js';
import { insertOwnMetadata, mergeOwnMetadata } from './did-meta.sql.js';
import { type Meta, type ParsedMeta, parseMetadata } from './parse-metadata.js';
import { conventionsFor, demandConventions } from './set-metadata.js';

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
  const parsed = specs.map(({ meta, type }) => {
    const parts = meta ? parseMetadata(meta, now) : NOTHING;
    demandDatatype(conventions.get('datatype'), type, parts);
    demandConventions(conventions, type, parts);
    return parts;
  });
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
  if (admits(convention, datatype)) return;
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
  const parsed = files.map(({ meta, ...file }) => {
    const parts = meta ? parseMetadata(meta, now) : NOTHING;
    demandConventions(conventions, DidType.FILE, parts);
    return { ...file, ...parts };
  });
  await insertFiles(tx, accountId, parsed);
  const owning = parsed.filter(({ own }) => Object.keys(own).length > 0);
  if (owning.length > 0) await insertOwnMetadata(tx, owning);
}
