import { type Database } from '../../db/index.js';
import {
  countListed,
  datasetPage,
  type ListedDids,
  randomFiles,
  resolveListed,
  sortedFiles,
} from '../../replicas/index.js';
import { type DidId } from '../../vocabulary/index.js';
import { type Listing } from './listing.request.js';

/** Files a statement. */
const PAGE = 1000;
/** Listings up to this size are sorted by scope and name; larger ones come dataset by dataset. */
const SORTED_MAX = 20_000;

/** Ids of a listing's files; those asked for by name are shown even without a copy. */
export interface ListedPage {
  readonly ids: readonly DidId[];
  readonly named: ReadonlySet<DidId>;
}

/**
 * The files of a listing in pages, each file once. Every page is a short statement of its own: no
 * cursor stays open while the client reads, and memory does not grow with the listing.
 */
export async function* listingPages(
  db: Database,
  listing: Listing,
): AsyncGenerator<ListedPage, void, undefined> {
  const listed = await db.read((tx) => resolveListed(tx, listing.dids));
  const named = new Set(listed.files);
  if (listing.random !== undefined) {
    // More than asked for, read as far as needed: files without a copy that fits show no row.
    const count = listing.random + SORTED_MAX;
    yield* slices(await db.read((tx) => randomFiles(tx, listed, count)), named);
    return;
  }
  const size = await db.read((tx) => countListed(tx, listed, SORTED_MAX + 1));
  if (size <= SORTED_MAX) {
    yield* slices(await db.read((tx) => sortedFiles(tx, listed)), named);
    return;
  }
  yield* slices(listed.files, named);
  for (const dataset of listed.datasets) yield* datasetPages(db, listed, dataset, named);
}

function* slices(
  ids: readonly DidId[],
  named: ReadonlySet<DidId>,
): Generator<ListedPage, void, undefined> {
  for (let at = 0; at < ids.length; at += PAGE) yield { ids: ids.slice(at, at + PAGE), named };
}

async function* datasetPages(
  db: Database,
  listed: ListedDids,
  dataset: DidId,
  named: ReadonlySet<DidId>,
): AsyncGenerator<ListedPage, void, undefined> {
  let after: DidId | undefined = 0n;
  while (after !== undefined) {
    const at = { dataset, after, limit: PAGE };
    const page: Awaited<ReturnType<typeof datasetPage>> = await db.read((tx) =>
      datasetPage(tx, listed, at),
    );
    if (page.ids.length > 0) yield { ids: page.ids, named };
    after = page.last;
  }
}
