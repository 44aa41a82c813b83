import { type Tx } from '../../db/index.js';
import { type Attachment, type Did, edgesAbove, resolveDids } from '../../dids/index.js';
import { addDescribedDids, type Meta } from '../../metadata/index.js';
import { type AccountId, type DidId, DidType } from '../../vocabulary/index.js';
import { type Directory, wrongKind } from './logical-path.js';

export interface DirectoryTerms {
  readonly accountId: AccountId;
  /** What new directories say about themselves, by path. */
  readonly meta: Readonly<Record<string, Meta>>;
  readonly now: Date;
}

/** The directories of a request, as they are in the catalogue now. */
export interface Directories {
  readonly fresh: readonly Did[];
  readonly known: readonly Did[];
  /** Which of them have to be attached to the one above. */
  readonly attachments: readonly Attachment[];
}

/**
 * Makes the directories that are missing, with what is said about them. Those that are known stay as
 * they are; that one is attached to the directory above it is not asked twice, because attaching
 * containers goes on one request after the other.
 *
 * Throws UnsupportedOperation where one is known as something else, DataIdentifierAlreadyExists where
 * another request has made one at this moment, and what describing DIDs throws.
 */
export async function makeDirectories(
  tx: Tx,
  directories: ReadonlyMap<string, Directory>,
  { accountId, meta, now }: DirectoryTerms,
): Promise<Directories> {
  const known = await resolveDids(tx, [...directories.values()]);
  for (const { name, type } of known) {
    const directory = directories.get(name);
    if (directory && directory.type !== type) throw wrongKind(directory);
  }
  const there = new Map(known.map((did) => [did.name, did]));
  const missing = [...directories.values()].filter(({ name }) => !there.has(name));
  const fresh = await addDescribedDids(
    tx,
    accountId,
    missing.map(({ scope, name, type }) => {
      const said = Object.hasOwn(meta, name) ? meta[name] : undefined;
      return { scope, name, type, ...(said && { meta: said }) };
    }),
    now,
  );
  const attached = await attachedPairs(tx, known);
  const loose = [...directories.values()].filter(({ name, parent }) => {
    if (parent === null) return false;
    const [child, above] = [there.get(name), there.get(parent)];
    return !child || !above || !attached.has(pair(child.id, above.id));
  });
  return { fresh, known, attachments: attachmentsOf(directories, loose) };
}

const pair = (childId: DidId, parentId: DidId): string => `${childId} ${parentId}`;

async function attachedPairs(tx: Tx, known: readonly Did[]): Promise<ReadonlySet<string>> {
  if (known.length < 2) return new Set();
  const edges = await edgesAbove(
    tx,
    known.map(({ id }) => id),
  );
  return new Set(edges.map(({ childId, parentId }) => pair(childId, parentId)));
}

/** By parent, datasets and containers apart: no attachment may mix them. */
function attachmentsOf(
  directories: ReadonlyMap<string, Directory>,
  loose: readonly Directory[],
): Attachment[] {
  return [DidType.DATASET, DidType.CONTAINER].flatMap((type) => {
    const children = new Map<string, Directory[]>();
    for (const directory of loose) {
      if (directory.type !== type || directory.parent === null) continue;
      const known = children.get(directory.parent);
      if (known) known.push(directory);
      else children.set(directory.parent, [directory]);
    }
    return [...children].map(([path, dids]) => {
      const { scope, name } = directories.get(path) as Directory;
      return {
        parent: { scope, name },
        children: dids.map((did) => ({ scope: did.scope, name: did.name })),
      };
    });
  });
}
