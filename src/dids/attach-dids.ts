import { ring, sql, type Tx } from '../db/index.js';
import {
  DuplicateContent,
  FileAlreadyExists,
  FileConsistencyMismatch,
  type SluiceError,
  UnsupportedOperation,
} from '../errors/index.js';
import { type AccountId, Channel, type DidName, DidType } from '../vocabulary/index.js';
import { insertFiles } from './add-dids.js';
import {
  type AttachProblem,
  type ChildSpec,
  insertConstituents,
  insertContents,
  isAbove,
  lockContainers,
} from './content.sql.js';
import { type Did, nameOf } from './did.js';
import { nameRows, selectDidForShare, writeArchive } from './did.sql.js';
import { holdExpiring } from './expiring.sql.js';
import { findDids, notFound, resolveDids } from './find-dids.js';

/** What makes a FILE an archive that can have constituents: its name. */
const ARCHIVE = /\.(zip|zipx|tar|tar\.gz|tgz|tar\.Z|tar\.bz2|tbz2)(\.\d+)?$/i;

export interface AttachOptions {
  /** Children that are attached already are passed over instead of refused. */
  readonly ignoreDuplicate?: boolean;
  /** Who attaches: owns the constituents that an archive makes. Default: the archive's account. */
  readonly accountId?: AccountId;
}

/** A child of an archive may be new: then it needs its size. */
export interface ConstituentSpec extends ChildSpec {
  readonly guid?: string | null;
}

/**
 * Attaches children to a dataset (files), a container (datasets or containers, not both at once) or
 * an archive (a FILE named like one; constituents are made where they are missing). All or none; the
 * judge is told in the same transaction.
 *
 * The parent's row is held FOR SHARE: attaching goes on side by side, closing waits for it, and what
 * comes after the closing sees it. Children that expire are held against the undertaker likewise.
 *
 * Throws DataIdentifierNotFound, UnsupportedOperation (closed, wrong types, cycle, lost file),
 * FileAlreadyExists, DuplicateContent, FileConsistencyMismatch.
 */
export async function attachDids(
  tx: Tx,
  parentName: DidName,
  children: readonly ConstituentSpec[],
  options: AttachOptions = {},
): Promise<void> {
  const parent = await selectDidForShare(tx, parentName);
  if (!parent) throw notFound(parentName);
  refuseClosed(parent);
  if (children.length === 0) return;
  const distinct = distinctChildren(parent, children, options);
  await holdExpiring(tx, distinct);
  if (parent.type === DidType.FILE) return await attachToArchive(tx, parent, distinct, options);
  if (parent.type === DidType.CONTAINER) await demandTree(tx, parent, distinct);
  const types =
    parent.type === DidType.DATASET ? [DidType.FILE] : [DidType.DATASET, DidType.CONTAINER];
  const problem = await insertContents(tx, parent, distinct, types);
  if (problem && !(problem.problem === 'duplicate' && options.ignoreDuplicate)) {
    throw attachmentFact(parent, problem);
  }
  await ring(tx, Channel.EVALUATION);
}

const unsupported = (did: DidName, message: string): UnsupportedOperation =>
  new UnsupportedOperation(message, { scope: did.scope, name: did.name });

/** Throws UnsupportedOperation for a collection that takes no more. */
export function refuseClosed(parent: Did): void {
  if (parent.isOpen !== false) return;
  throw unsupported(parent, `The collection '${nameOf(parent)}' is closed`);
}

/** The children once each; one given twice is a duplicate like one that is there already. */
export function distinctChildren(
  parent: Did,
  children: readonly ConstituentSpec[],
  { ignoreDuplicate }: AttachOptions,
): ConstituentSpec[] {
  const distinct = new Map<string, ConstituentSpec>();
  for (const child of children) {
    const key = nameOf(child);
    if (distinct.has(key) && !ignoreDuplicate) {
      throw attachmentFact(parent, { scope: child.scope, name: child.name, problem: 'duplicate' });
    }
    if (!distinct.has(key)) distinct.set(key, child);
  }
  return [...distinct.values()];
}

/** A container's children are of one kind, and none of them is above it. */
async function demandTree(tx: Tx, parent: Did, children: readonly ChildSpec[]): Promise<void> {
  const found = await resolveDids(tx, children);
  demandOneKind(parent, found);
  const containers = found.filter(({ type }) => type === DidType.CONTAINER);
  if (containers.length === 0) return;
  await lockContainers(tx);
  const ids = containers.map(({ id }) => id);
  if (await isAbove(tx, parent.id, ids)) throw circle(parent);
}

/** Throws UnsupportedOperation where datasets and containers are attached together. */
export function demandOneKind(parent: Did, children: readonly Did[]): void {
  const types = new Set(children.map(({ type }) => type));
  if (!types.has(DidType.DATASET) || !types.has(DidType.CONTAINER)) return;
  throw unsupported(parent, 'Datasets and containers cannot be attached in one call');
}

/** The fact that a child of a container is above it. */
export const circle = (parent: Did): UnsupportedOperation =>
  unsupported(parent, `Attaching to '${nameOf(parent)}' would make a circle`);

async function attachToArchive(
  tx: Tx,
  archive: Did,
  children: readonly ConstituentSpec[],
  { accountId = archive.accountId, ignoreDuplicate }: AttachOptions,
): Promise<void> {
  if (!ARCHIVE.test(archive.name)) {
    throw unsupported(archive, `'${nameOf(archive)}' is a file, and not named like an archive`);
  }
  const known = await resolveDids(tx, children);
  const knownNames = new Set(known.map(nameOf));
  const fresh = children.filter((child) => !knownNames.has(nameOf(child)));
  const incomplete = fresh.find(({ bytes }) => bytes == null);
  if (incomplete) throw notFound(incomplete);
  await insertFiles(tx, accountId, fresh.map(fileOf));
  const found = await findDids(tx, children);
  found.forEach((did, at) => demandSame(archive, did, children[at] as ConstituentSpec));
  const problem = await insertConstituents(tx, archive.id, children);
  if (problem && !ignoreDuplicate) throw attachmentFact(archive, problem);
  const ids = sql`SELECT d.id FROM ${nameRows(children)}
    JOIN dids d ON d.scope = i.scope AND d.name = i.name ORDER BY d.id`;
  await writeArchive(tx, archive.id, ids);
}

const fileOf = ({ scope, name, bytes, adler32, md5, guid }: ConstituentSpec) => ({
  scope,
  name,
  bytes: bytes as bigint,
  adler32: adler32 ?? null,
  md5: md5 ?? null,
  guid: guid ?? null,
});

function demandSame(archive: Did, did: Did, said: ConstituentSpec): void {
  const { scope, name } = did;
  if (did.type !== DidType.FILE) throw attachmentFact(archive, { scope, name, problem: 'type' });
  if (did.id === archive.id) throw attachmentFact(archive, { scope, name, problem: 'self' });
  const plain = (uuid: string | null) => uuid?.replaceAll('-', '').toLowerCase();
  if (said.bytes != null && said.bytes !== did.bytes) {
    throw attachmentFact(archive, { scope, name, problem: 'bytes' });
  }
  if (said.adler32 != null && did.adler32 !== null && said.adler32 !== did.adler32) {
    throw attachmentFact(archive, { scope, name, problem: 'adler32' });
  }
  if (said.md5 != null && did.md5 !== null && plain(said.md5) !== plain(did.md5)) {
    throw attachmentFact(archive, { scope, name, problem: 'md5' });
  }
}

/** A problem of the statement as the fact that clients know it by. */
export function attachmentFact(parent: Did, { problem, ...child }: AttachProblem): SluiceError {
  const name = nameOf(child);
  const fields = { scope: child.scope, name: child.name, parent: nameOf(parent) };
  switch (problem) {
    case 'missing':
      return notFound(child);
    case 'self':
      return new UnsupportedOperation(`'${name}' cannot be attached to itself`, fields);
    case 'type':
      return new UnsupportedOperation(
        parent.type === DidType.CONTAINER
          ? `A container takes datasets and containers only; '${name}' is a file`
          : `'${nameOf(parent)}' takes files only; '${name}' is a collection`,
        fields,
      );
    case 'lost':
      return new UnsupportedOperation(`File '${name}' is LOST and cannot be attached`, fields);
    case 'duplicate':
      return parent.type === DidType.CONTAINER
        ? new DuplicateContent(`'${name}' is already attached to '${nameOf(parent)}'`, fields)
        : new FileAlreadyExists(`'${name}' is already attached to '${nameOf(parent)}'`, fields);
    case 'bytes':
    case 'adler32':
    case 'md5':
      return new FileConsistencyMismatch(
        `'${name}' is in the catalogue with another value of ${problem}`,
        { ...fields, field: problem },
      );
  }
}
