import { ring, type Tx } from '../db/index.js';
import { Channel, type DidName, DidType } from '../vocabulary/index.js';
import { attachToArchives } from './attach-archives.js';
import {
  attachmentFact,
  type AttachOptions,
  circle,
  type ConstituentSpec,
  demandOneKind,
  distinctChildren,
  refuseClosed,
} from './attachment.js';
import { type ChildSpec, insertContents, isAbove, lockContainers } from './content.sql.js';
import { type Did } from './did.js';
import { selectDidForShare } from './did.sql.js';
import { holdExpiring } from './expiring.sql.js';
import { notFound, resolveDids } from './find-dids.js';

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
  if (parent.type === DidType.FILE) {
    return await attachToArchives(tx, [{ parent, children: distinct }], options);
  }
  if (parent.type === DidType.CONTAINER) await demandTree(tx, parent, distinct);
  const types =
    parent.type === DidType.DATASET ? [DidType.FILE] : [DidType.DATASET, DidType.CONTAINER];
  const problem = await insertContents(tx, parent, distinct, types, options.accountId);
  if (problem && !(problem.problem === 'duplicate' && options.ignoreDuplicate)) {
    throw attachmentFact(parent, problem);
  }
  await ring(tx, Channel.EVALUATION);
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
