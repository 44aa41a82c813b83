import { type Database, type Tx } from '../../db/index.js';
import {
  countListed,
  datasetPage,
  type ListedDids,
  randomFiles,
  resolveListed,
  SORTED_MAX,
  sortedFiles,
} from '../../replicas/index.js';
import { type DidId } from '../../vocabulary/index.js';
import { type Listing } from './listing.request.js';
import { type Pace } from './pace.js';

/** Ids of a listing's files; those asked for by name are shown even without a copy. */
export interface ListedPage {
  readonly ids: readonly DidId[];
  readonly named: ReadonlySet<DidId>;
}

/**
 * The files of a listing in pages as long as `pace` says, each file once. Every page is a short statement of its own: no
 * cursor stays open while the client reads, and memory does not grow with the listing.
 */
export async function* listingPages(
  db: Database,
  listing: Listing,
  pace: Pace,
): AsyncGenerator<ListedPage, void, undefined> {
  const listed = await db.read((tx) => resolveListed(tx, listing.dids));
  const named = new Set(listed.files);
  if (listing.random !== undefined) {
    // More than asked for, read as far as needed: files without a copy that fits show no row.
    const count = listing.random + SORTED_MAX;
    yield* slices(await db.read((tx) => randomFiles(tx, listed, count)), named, pace);
    return;
  }
  const sorted = await db.read((tx) => sortedIfFew(tx, listed));
  if (sorted.length > 0) {
    yield* slices(sorted, named, pace);
    return;
  }
  yield* slices(listed.files, named, pace);
  for (const dataset of listed.datasets) yield* datasetPages(db, listed, dataset, { named, pace });
}

/** Empty where they are too many, also when they became so just now. */
async function sortedIfFew(tx: Tx, listed: ListedDids): Promise<DidId[]> {
  const size = await countListed(tx, listed, SORTED_MAX + 1);
  return size > SORTED_MAX ? [] : await sortedFiles(tx, listed);
}

function* slices(
  ids: readonly DidId[],
  named: ReadonlySet<DidId>,
  pace: Pace,
): Generator<ListedPage, void, undefined> {
  for (let at = 0; at < ids.length;) {
    const page = ids.slice(at, at + pace.files);
    at += page.length;
    yield { ids: page, named };
  }
}

async function* datasetPages(
  db: Database,
  listed: ListedDids,
  dataset: DidId,
  { named, pace }: { named: ReadonlySet<DidId>; pace: Pace },
): AsyncGenerator<ListedPage, void, undefined> {
  let after: DidId | undefined = 0n;
  while (after !== undefined) {
    const at = { dataset, after, limit: pace.files };
    const page: Awaited<ReturnType<typeof datasetPage>> = await db.read((tx) =>
      datasetPage(tx, listed, at),
    );
    if (page.ids.length > 0) yield { ids: page.ids, named };
    after = page.last;
  }
}
