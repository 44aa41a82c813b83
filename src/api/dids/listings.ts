import { type Database, rows, sql } from '../../db/index.js';
import {
  collectionsBelow,
  contentPage,
  type Did,
  formerContent,
  type FormerChild,
  type FormerPage,
  newDidPage,
  scopePage,
  sizesOf,
} from '../../dids/index.js';
import {
  belowFilter,
  type FoundChild,
  type FoundDid,
  limitStatements,
  searchContentPage,
  searchPage,
} from '../../metadata/index.js';
import { type Filter } from '../../metadata/query/index.js';
import { type DidId, DidType } from '../../vocabulary/index.js';
import { type Line, toJson } from '../wire/index.js';
import { presentFound, presentTop } from './dids.presenter.js';
import { headed, linesBelow } from './tree-listing.js';

// Listings read keyset pages, each a short statement on a connection of its own: nothing stays open
// while a client reads.
const PAGE = 2000;

/** All rows of a listing by id, page by page. */
async function* byId<Row extends { readonly id: DidId }>(
  read: (after: DidId, limit: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  let after = 0n;
  for (;;) {
    const page = await read(after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
  }
}

/** The direct children of a collection; none of a file. */
export async function* childrenOf(db: Database, parent: Did): AsyncGenerator<Did> {
  if (parent.type === DidType.FILE) return;
  yield* byId((after, limit) => db.read((tx) => contentPage(tx, parent.id, after, limit)));
}

/** The constituents of an archive; none of anything else. */
export async function* constituentsOf(db: Database, archive: Did): AsyncGenerator<Did> {
  if (archive.type !== DidType.FILE || archive.isArchive !== true) return;
  yield* byId((after, limit) => db.read((tx) => contentPage(tx, archive.id, after, limit)));
}

/** What was detached from a collection, in the order of detaching. */
export async function* formerChildrenOf(db: Database, parent: Did): AsyncGenerator<FormerChild> {
  for (let after: FormerPage = { detachedAt: '-infinity', id: 0n }; ;) {
    const page = await db.read((tx) => formerContent(tx, parent.id, after, PAGE));
    yield* page.flatMap(({ child }) => child ?? []);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last;
  }
}

/** Collections that no subscription has seen. */
export const newDids = (db: Database, type: DidType | undefined): AsyncGenerator<Did> =>
  byId((after, limit) => db.read((tx) => newDidPage(tx, type, after, limit)));

/** A DID's children, and with `recursive` all below them, depth first. */
export async function* listBelow(db: Database, did: Did, recursive: boolean): AsyncGenerator<Line> {
  for await (const { line } of linesBelow(db, [did], 1, recursive)) yield line;
}

/** A scope's DIDs that are in no collection of the same scope, and with `recursive` all below them. */
export async function* listScope(
  db: Database,
  scope: string,
  recursive: boolean,
): AsyncGenerator<Line> {
  let after = '';
  for (;;) {
    const page = await db.read((tx) => scopePage(tx, scope, after, PAGE));
    const tops = page.filter(({ isTop }) => isTop);
    const heads = tops.map((did, at) => ({ at, line: presentTop(did) }));
    const below = recursive ? linesBelow(db, tops, 1, true) : [];
    for await (const { line } of headed(heads, below)) yield line;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.name;
  }
}

/** What to look for, and how to show it. */
export interface Search {
  readonly scope: string;
  readonly filter: Filter;
  readonly long: boolean;
  readonly recursive: boolean;
  readonly limit: number | undefined;
  /** Time budget of each statement. */
  readonly timeoutMs: number;
}

/** The first page is small, for the one who looks for a single name; the others are large. */
const SEARCH_PAGES = [500, 5000] as const;

async function* foundInScope(db: Database, search: Search): AsyncGenerator<FoundDid[]> {
  let after = '';
  let limit: number = SEARCH_PAGES[0];
  for (;;) {
    const asked = { after, limit };
    const page = await db.tx(async (tx) => {
      await limitStatements(tx, search.timeoutMs);
      return await searchPage(tx, search.scope, search.filter, asked);
    });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < limit) return;
    after = last.name;
    limit = SEARCH_PAGES[1];
  }
}

/** Collections that share a page: as many as a statement is told of. */
const COLLECTIONS = 1000;

/** What the filter finds in collections, whose ids come in order. */
async function* foundBelow(
  db: Database,
  search: Search,
  collections: readonly DidId[],
): AsyncGenerator<FoundDid[]> {
  const filter = belowFilter(search.filter);
  for (let from = 0; from < collections.length; from += COLLECTIONS) {
    const some = collections.slice(from, from + COLLECTIONS);
    let after: Pick<FoundChild, 'parentId' | 'id'> = { parentId: some[0] ?? 0n, id: 0n };
    for (;;) {
      const asked = { after, limit: PAGE };
      const page = await db.tx(async (tx) => {
        await limitStatements(tx, search.timeoutMs);
        return await searchContentPage(tx, some, filter, asked);
      });
      if (page.length > 0) yield page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) break;
      after = last;
    }
  }
}

/** Everything that a recursive search finds, each DID once: a page, then what is below that page. */
async function* foundDeeply(db: Database, search: Search): AsyncGenerator<FoundDid[]> {
  const seen = new Set<DidId>();
  const entered = new Set<DidId>();
  const fresh = (page: readonly FoundDid[]) =>
    page.filter(({ id }) => !seen.has(id) && seen.add(id));
  for await (const page of foundInScope(db, search)) {
    yield fresh(page);
    const roots = page.filter(({ type }) => type !== DidType.FILE).map(({ id }) => id);
    const next = (await collectionsAt(db, roots)).filter((id) => !entered.has(id));
    for (const id of next) entered.add(id);
    for await (const below of foundBelow(db, search, next)) yield fresh(below);
  }
}

/** The collections at or below these, by id. */
async function collectionsAt(db: Database, rootIds: readonly DidId[]): Promise<DidId[]> {
  if (rootIds.length === 0) return [];
  const found = await db.read((tx) =>
    rows<{ id: DidId }>(
      tx,
      sql`SELECT id FROM (${collectionsBelow(rootIds)}) AS b(id) ORDER BY id`,
    ),
  );
  return found.map(({ id }) => id);
}

/** The lines of a search: names, or long rows. */
export async function* searchLines(db: Database, search: Search): AsyncGenerator<Line> {
  let left = search.limit ?? Number.POSITIVE_INFINITY;
  const pages = search.recursive ? foundDeeply(db, search) : foundInScope(db, search);
  for await (const page of pages) {
    const shown = page.slice(0, left);
    left -= shown.length;
    if (!search.long) yield* shown.map(({ name }) => toJson(name));
    else {
      const datasets = shown.filter(({ type }) => type === DidType.DATASET).map(({ id }) => id);
      const sizes = await db.read((tx) => sizesOf(tx, datasets));
      yield* shown.map((did) => presentFound(did, sizes.get(did.id)));
    }
    if (left <= 0) return;
  }
}
