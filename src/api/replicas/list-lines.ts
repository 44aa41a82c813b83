import { fileLines } from './file-lines.sql.js';
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
 * A listing as JSON lines, one or more in each text, without the newline behind the last of them.
 * Mostly the database writes them, page by page; few files, and all from a page on that has a file of
 * which it cannot, are written here, the same letter for letter. Throws InvalidRSEExpression before the first.
 */
export async function* listLines(
  context: ListingContext,
  listing: Listing,
): AsyncGenerator<string, void, undefined> {
  const { db } = context;
  const scene = await db.read((tx) => setScene(tx, listing));
  let form = formOf(context, scene);
  if (!form) {
    for await (const row of listRows(context, listing)) yield presentListed(row);
    return;
  }
  const pace = new Pace();
  for await (const page of listingPages(db, listing, pace)) {
    const many: boolean = page.ids.length >= FEW;
    const texts = form && many ? await linesOfPage(context, scene, page, form) : undefined;
    if (texts) yield* texts;
    else {
      if (many) form = undefined;
      for await (const row of rowsOfPage(context, scene, page)) yield presentListed(row);
    }
    pace.next(texts?.reduce((sum, text) => sum + text.length, 0));
  }
}

/** Undefined where a row is more than its copies: drawn by lot, shuffled, with parents, signed. */
function formOf({ sign = true }: ListingContext, scene: Scene): LineForm | undefined {
  const { random, sort, resolveParents } = scene.listing;
  if (random !== undefined || sort === 'random' || resolveParents) return undefined;
  return lineForm(scene.rses, scene.places, sign);
}

async function linesOfPage(
  { db }: ListingContext,
  { filter, listing: { resolveArchives } }: Scene,
  { ids, named }: ListedPage,
  form: LineForm,
): Promise<string[] | undefined> {
  const spec = { ids, named: ids.filter((id) => named.has(id)), filter, form, resolveArchives };
  return await db.read((tx) => fileLines(tx, spec));
}
