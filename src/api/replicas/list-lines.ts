import { fileLines, type Lines } from './file-lines.sql.js';
import { type LineForm, lineForm } from './line-form.js';
import { listRows, rowsOfPage, type Scene, setScene } from './list-rows.js';
import { type ListedPage, listingPages } from './listing-pages.js';
import { presentListed } from './listing.presenter.js';
import { type Listing } from './listing.request.js';
import { Pace } from './pace.js';
import { type ListingContext } from './sign-pfns.js';

/** For fewer files in a page the statement costs more than it saves: its plan, and all RSEs it tells of. */
const FEW = 50;

/**
 * Groups of equal copies in a page from which on the statement does not pay: what it writes once for
 * each costs 20 to 60 µs at 50 to 300 RSEs, against 10 that it saves a file (measured). A short first
 * page tells little.
 */
const kindsMax = (files: number): number => Math.max(64, files / 8);

/** Of a page's parts, how many may have a file that the database cannot write and its others still pay. */
const oddMax = (parts: number): number => parts / 4;

/**
 * A listing as JSON lines, one or more in each text, without the newline behind the last of them.
 * Mostly the database writes them, page by page. Few files are written here, letter for letter the
 * same, and so are those around one that the database cannot write, and all that follows a page with
 * many such, or in which hardly two files have equal copies. Throws InvalidRSEExpression before the
 * first.
 */
export async function* listLines(
  context: ListingContext,
  listing: Listing,
): AsyncGenerator<string, void, undefined> {
  const { db, config } = context;
  const scene = await db.read((tx) => setScene(tx, listing, config.replicas.siteDistances));
  let form = formOf(context, scene);
  if (!form) {
    for await (const row of listRows(context, listing)) yield presentListed(row);
    return;
  }
  const pace = new Pace();
  for await (const page of listingPages(db, listing, pace)) {
    const many: boolean = page.ids.length >= FEW;
    const lines = form && many ? await linesOfPage(context, scene, page, form) : undefined;
    const pays = lines !== undefined && oddParts(lines) <= oddMax(lines.parts.length);
    if (pays) yield* textsOf(context, scene, page, lines);
    else for await (const row of rowsOfPage(context, scene, page)) yield presentListed(row);
    if (many && !(pays && lines.kinds <= kindsMax(page.ids.length))) form = undefined;
    pace.next(lines?.parts.reduce((sum, { text = '' }) => sum + text.length, 0));
  }
}

const oddParts = ({ parts }: Lines): number =>
  parts.filter(({ text }) => text === undefined).length;

/** What the database wrote, and what it could not in its place. */
async function* textsOf(
  context: ListingContext,
  scene: Scene,
  { named }: ListedPage,
  { parts }: Lines,
): AsyncGenerator<string, void, undefined> {
  for (const { text, ids } of parts) {
    if (text !== undefined) yield text;
    else
      for await (const row of rowsOfPage(context, scene, { ids, named })) yield presentListed(row);
  }
}

/** Undefined where a row is more than its copies: drawn by lot, shuffled, cut, with parents, signed. */
function formOf({ sign = true }: ListingContext, scene: Scene): LineForm | undefined {
  const { random, sort, resolveParents, pfnsMax } = scene.listing;
  if (random !== undefined || sort === 'random' || resolveParents) return undefined;
  if (pfnsMax !== undefined) return undefined;
  return lineForm(scene.rses, scene.places, sign);
}

async function linesOfPage(
  { db }: ListingContext,
  { filter, listing: { resolveArchives } }: Scene,
  { ids, named }: ListedPage,
  form: LineForm,
): Promise<Lines> {
  const spec = { ids, named: ids.filter((id) => named.has(id)), filter, form, resolveArchives };
  return await db.read((tx) => fileLines(tx, spec));
}
