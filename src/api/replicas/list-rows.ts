import { type Tx } from '../../db/index.js';
import { ancestries, type CopyFilter, listedFiles } from '../../replicas/index.js';
import { listRses, protocolsOf, resolveRses, type Rse } from '../../rses/index.js';
import { ReplicaState, type RseId } from '../../vocabulary/index.js';
import { measureFrom, type SiteDistances } from './distance-from.js';
import { ancestorNames } from './ancestors.js';
import { archivePfns } from './archive-pfns.js';
import { type ListedPage, listingPages } from './listing-pages.js';
import { listedRow, type ListedPfn, type ListedRow, pfnsOf } from './listing.presenter.js';
import { type Listing } from './listing.request.js';
import { Pace } from './pace.js';
import { type Places, rankPlaces } from './places.js';
import { type ListingContext, signPfns } from './sign-pfns.js';

/** What holds for a whole listing: read once, before the first row. */
export interface Scene {
  readonly listing: Listing;
  readonly rses: readonly Rse[];
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
  const { db, config } = context;
  const scene = await db.read((tx) => setScene(tx, listing, config.replicas.siteDistances));
  const pace = new Pace();
  let left = listing.random ?? Number.POSITIVE_INFINITY;
  for await (const page of listingPages(db, listing, pace)) {
    for await (const row of rowsOfPage(context, scene, page)) {
      if (left-- <= 0) return;
      yield row;
    }
    pace.next();
  }
}

/** The rows of one page. */
export async function* rowsOfPage(
  context: ListingContext,
  scene: Scene,
  { ids, named }: ListedPage,
): AsyncGenerator<ListedRow, void, undefined> {
  const { db } = context;
  const { listing } = scene;
  const sign = (pfns: readonly ListedPfn[]) => signPfns(context, listing, pfns);
  const files = await db.read((tx) => listedFiles(tx, ids, scene.filter));
  const zips = listing.resolveArchives
    ? await archivePfns(db, { ...scene, sign }, files)
    : undefined;
  const parents = listing.resolveParents
    ? await db.read(async (tx) => ancestorNames(await ancestries(tx, ids), ids))
    : undefined;
  for (const file of files) {
    const { didId, rseIds } = file;
    if (rseIds.length === 0 && !named.has(didId) && !zips?.has(didId)) continue;
    const own = pfnsOf(file, scene.places, listing.sort === 'random');
    const pfns = [...(await sign(own)), ...(zips?.get(didId) ?? [])];
    const { names } = scene;
    yield listedRow(file, pfns, {
      names,
      parents: parents?.get(didId),
      pfnsMax: listing.pfnsMax,
    });
  }
}

/** Reads what holds for a whole listing. Throws InvalidRSEExpression. */
export async function setScene(
  tx: Tx,
  listing: Listing,
  siteDistances: SiteDistances = {},
): Promise<Scene> {
  const { expression, ignoreAvailability } = listing;
  const found = expression === undefined ? await listRses(tx) : await resolveRses(tx, expression);
  const rses = found.filter((rse) => ignoreAvailability || rse.availabilityRead);
  const ids = rses.map(({ id }) => id);
  return {
    listing,
    rses,
    filter: {
      rseIds: ids,
      states: statesOf(listing),
      since: listing.since ?? null,
      withPaths: rses.some((rse: Rse) => !rse.deterministic),
    },
    places: rankPlaces(rses, await protocolsOf(tx, ids), {
      ...listing,
      distanceOf: await measureFrom(tx, listing, siteDistances),
    }),
    names: new Map(rses.map(({ id, name }) => [id, name])),
  };
}

function statesOf({ allStates, unavailable }: Listing): ReplicaState[] | null {
  if (allStates) return null;
  const { AVAILABLE, UNAVAILABLE, COPYING } = ReplicaState;
  return unavailable ? [AVAILABLE, UNAVAILABLE, COPYING] : [AVAILABLE];
}
