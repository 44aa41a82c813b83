import { type Tx } from '../../db/index.js';
import {
  ancestries,
  archivesOf,
  type CopyFilter,
  type ListedFile,
  listedFiles,
} from '../../replicas/index.js';
import { listRses, protocolsOf, resolveRses, type Rse } from '../../rses/index.js';
import { type DidId, ReplicaState, type RseId } from '../../vocabulary/index.js';
import { ancestorNames } from './ancestors.js';
import { listingPages } from './listing-pages.js';
import { listedRow, type ListedPfn, type ListedRow, pfnsOf } from './listing.presenter.js';
import { type Listing } from './listing.request.js';
import { type Places, rankPlaces } from './places.js';
import { type ListingContext, signPfns } from './sign-pfns.js';

/** What holds for a whole listing: read once, before the first row. */
interface Scene {
  readonly listing: Listing;
  readonly filter: CopyFilter;
  readonly places: Places;
  readonly names: ReadonlyMap<RseId, string>;
}

/**
 * The rows of a listing, file by file. A file that was asked for by name has a row even without a
 * copy; one found through a collection has not. Throws InvalidRSEExpression before the first row.
 */
export async function* listRows(
  context: ListingContext,
  listing: Listing,
): AsyncGenerator<ListedRow, void, undefined> {
  const { db } = context;
  const scene = await db.read((tx) => setScene(tx, listing));
  let left = listing.random ?? Number.POSITIVE_INFINITY;
  for await (const { ids, named } of listingPages(db, listing)) {
    const files = await db.read((tx) => listedFiles(tx, ids, scene.filter));
    const zips = listing.resolveArchives ? await archivePfns(context, scene, files) : undefined;
    const shown = files.filter(
      ({ didId, rseIds }) => rseIds.length > 0 || named.has(didId) || zips?.has(didId),
    );
    const parents = listing.resolveParents
      ? await db.read(async (tx) => ancestorNames(await ancestries(tx, ids), ids))
      : undefined;
    for (const file of shown) {
      if (left-- <= 0) return;
      const own = pfnsOf(file, scene.places, listing.sort === 'random');
      const pfns = [...(await signPfns(context, listing, own)), ...(zips?.get(file.didId) ?? [])];
      yield listedRow(file, pfns, scene.names, parents?.get(file.didId));
    }
  }
}

async function setScene(tx: Tx, listing: Listing): Promise<Scene> {
  const { expression, ignoreAvailability } = listing;
  const found = expression === undefined ? await listRses(tx) : await resolveRses(tx, expression);
  const rses = found.filter((rse) => ignoreAvailability || rse.availabilityRead);
  const ids = rses.map(({ id }) => id);
  return {
    listing,
    filter: {
      rseIds: ids,
      states: statesOf(listing),
      since: listing.since ?? null,
      withPaths: rses.some((rse: Rse) => !rse.deterministic),
    },
    places: rankPlaces(rses, await protocolsOf(tx, ids), listing),
    names: new Map(rses.map(({ id, name }) => [id, name])),
  };
}

function statesOf({ allStates, unavailable }: Listing): ReplicaState[] | null {
  if (allStates) return null;
  const { AVAILABLE, UNAVAILABLE, COPYING } = ReplicaState;
  return unavailable ? [AVAILABLE, UNAVAILABLE, COPYING] : [AVAILABLE];
}

/** Members of archives are reached through the archive's own copies. */
async function archivePfns(
  context: ListingContext,
  { filter, places, listing }: Scene,
  files: readonly ListedFile[],
): Promise<Map<DidId, ListedPfn[]>> {
  const members = files.filter(({ constituent }) => constituent === true);
  const found = new Map<DidId, ListedPfn[]>();
  if (members.length === 0) return found;
  const byId = new Map(members.map((file) => [file.didId, file]));
  const { pairs, archives } = await context.db.read(async (tx) => {
    const pairs = await archivesOf(tx, [...byId.keys()]);
    const ids = [...new Set(pairs.map(({ archiveId }) => archiveId))];
    return { pairs, archives: await listedFiles(tx, ids, filter) };
  });
  const pfns = new Map<DidId, ListedPfn[]>();
  for (const archive of archives) {
    const own = pfnsOf(archive, places, false);
    pfns.set(archive.didId, await signPfns(context, listing, own));
  }
  for (const { childId, archiveId } of pairs) {
    const name = byId.get(childId)?.name ?? '';
    const inside = (pfns.get(archiveId) ?? []).map((of): ListedPfn => ({
      ...of,
      pfn: `${of.pfn}${of.pfn.includes('?') ? '&' : '?'}xrdcl.unzip=${name}`,
      domain: 'zip',
      clientExtract: of.place.protocol.scheme !== 'root',
    }));
    found.set(childId, [...(found.get(childId) ?? []), ...inside]);
  }
  return found;
}
