import {
  DuplicateContent,
  FileAlreadyExists,
  FileConsistencyMismatch,
  type SluiceError,
  UnsupportedOperation,
} from '../errors/index.js';
import { type AccountId, type DidName, DidType } from '../vocabulary/index.js';
import { type AttachProblem, type ChildSpec } from './content.sql.js';
import { type Did, nameOf } from './did.js';
import { notFound } from './find-dids.js';

// What may be attached to what, and the facts that refuse it.

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

/** What is to be attached to one parent. */
export interface Attachment {
  readonly parent: DidName;
  readonly children: readonly ConstituentSpec[];
}

/** An attachment whose parent is there and takes more. */
export interface ReadyAttachment {
  readonly parent: Did;
  readonly children: readonly ConstituentSpec[];
}

export const unsupported = (did: DidName, message: string): UnsupportedOperation =>
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

/** Throws UnsupportedOperation where datasets and containers are attached together. */
export function demandOneKind(parent: Did, children: readonly Did[]): void {
  const types = new Set(children.map(({ type }) => type));
  if (!types.has(DidType.DATASET) || !types.has(DidType.CONTAINER)) return;
  throw unsupported(parent, 'Datasets and containers cannot be attached in one call');
}

/** The fact that a child of a container is above it. */
export const circle = (parent: Did): UnsupportedOperation =>
  unsupported(parent, `Attaching to '${nameOf(parent)}' would make a circle`);

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
