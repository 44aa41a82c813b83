import { ring, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { Channel, type DidId, DidType } from '../vocabulary/index.js';
import { attachDids } from './attach-dids.js';
import { attachToArchives } from './attach-archives.js';
import {
  type Attachment,
  attachmentFact,
  type AttachOptions,
  circle,
  demandOneKind,
  distinctChildren,
  type ReadyAttachment as Ready,
  refuseClosed,
} from './attachment.js';
import { edgesAbove, insertManyContents, type ManyChild } from './attach-many.sql.js';
import { lockContainers } from './content.sql.js';
import { type Did, nameOf } from './did.js';
import { selectDidsForShare } from './did.sql.js';
import { holdExpiring } from './expiring.sql.js';
import { notFound, resolveDids } from './find-dids.js';

/**
 * Attaches to many parents as `attachDids` would one after the other, all or none, by as many
 * statements as for two. Throws what it throws, for the first attachment that cannot be.
 *
 * Parents are held in the order of their ids. Archives come first: they make their constituents, which
 * other parents may take.
 */
export async function attachMany(
  tx: Tx,
  attachments: readonly Attachment[],
  options: AttachOptions = {},
): Promise<void> {
  const names = attachments.map(({ parent }) => parent);
  if (names.length < 2) {
    for (const { parent, children } of attachments) await attachDids(tx, parent, children, options);
    return;
  }
  const held = await selectDidsForShare(tx, names);
  const parents = new Map(held.map((did) => [nameOf(did), did]));
  const asked = upToRefusal(attachments, (attachment) => readyOf(parents, attachment, options));
  await holdExpiring(
    tx,
    asked.done.flatMap(({ children }) => children),
  );
  const isArchive = ({ parent }: Ready) => parent.type === DidType.FILE;
  await attachToArchives(tx, asked.done.filter(isArchive), options);
  const others = asked.done.filter((it) => !isArchive(it));
  const trees = await treesOf(tx, others);
  const checked = upToRefusal(others, trees);
  await insert(tx, checked.done, options);
  const refusal = checked.refusal ?? asked.refusal;
  if (refusal) throw refusal;
  await ring(tx, Channel.EVALUATION);
}

/** What comes before the first item that is refused, and why that is. */
function upToRefusal<Item, Done>(
  items: readonly Item[],
  step: (item: Item) => Done,
): { readonly done: readonly Done[]; readonly refusal?: SluiceError } {
  const done: Done[] = [];
  for (const item of items) {
    try {
      done.push(step(item));
    } catch (error) {
      if (error instanceof SluiceError) return { done, refusal: error };
      throw error;
    }
  }
  return { done };
}

function readyOf(
  parents: ReadonlyMap<string, Did>,
  { parent: name, children }: Attachment,
  options: AttachOptions,
): Ready {
  const parent = parents.get(nameOf(name));
  if (!parent) throw notFound(name);
  refuseClosed(parent);
  return { parent, children: distinctChildren(parent, children, options) };
}

/**
 * Gives the check of one attachment after the other, each with what those before it attach: a
 * container's children are of one kind, and none of them is above it.
 */
async function treesOf(tx: Tx, ready: readonly Ready[]): Promise<(item: Ready) => Ready> {
  const inContainers = ready.filter(({ parent }) => parent.type === DidType.CONTAINER);
  const children = inContainers.flatMap((item) => item.children);
  const found = new Map((await resolveDids(tx, children)).map((did) => [nameOf(did), did]));
  const above = new Map<DidId, DidId[]>();
  if ([...found.values()].some(({ type }) => type === DidType.CONTAINER)) {
    await lockContainers(tx);
    const edges = await edgesAbove(
      tx,
      inContainers.map(({ parent }) => parent.id),
    );
    for (const { childId, parentId } of edges) addTo(above, childId, parentId);
  }
  return (item) => {
    if (item.parent.type !== DidType.CONTAINER) return item;
    const dids = item.children.flatMap((child) => found.get(nameOf(child)) ?? []);
    demandOneKind(item.parent, dids);
    const containers = dids.filter(({ type }) => type === DidType.CONTAINER).map(({ id }) => id);
    const ancestors = containers.length === 0 ? new Set<DidId>() : upFrom(above, item.parent.id);
    if (containers.some((id) => ancestors.has(id))) throw circle(item.parent);
    for (const id of containers) addTo(above, id, item.parent.id);
    return item;
  };
}

function addTo(above: Map<DidId, DidId[]>, childId: DidId, parentId: DidId): void {
  const known = above.get(childId);
  if (known) known.push(parentId);
  else above.set(childId, [parentId]);
}

/** Everything above a DID. */
function upFrom(above: ReadonlyMap<DidId, readonly DidId[]>, id: DidId): Set<DidId> {
  const ancestors = new Set<DidId>();
  const left = [...(above.get(id) ?? [])];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (ancestors.has(next)) continue;
    ancestors.add(next);
    left.push(...(above.get(next) ?? []));
  }
  return ancestors;
}

async function insert(tx: Tx, ready: readonly Ready[], options: AttachOptions): Promise<void> {
  const seen = new Set<string>();
  const children = ready.flatMap(({ parent, children: specs }, turn) =>
    specs.map((child): ManyChild => {
      const key = `${parent.id} ${nameOf(child)}`;
      const again = seen.has(key);
      seen.add(key);
      return { ...child, parent, turn, again };
    }),
  );
  if (children.length === 0) return;
  const problem = await insertManyContents(tx, children, options);
  if (problem) throw attachmentFact((ready[problem.turn] as Ready).parent, problem);
}
