import { type Database } from '../../db/index.js';
import { childrenPage, type Did } from '../../dids/index.js';
import { DidType } from '../../vocabulary/index.js';
import { type Line } from '../wire/index.js';
import { presentBelow } from './dids.presenter.js';

const PAGE = 2000;

/** A line that belongs to one of several DIDs, with that one's place among them. */
export interface LineOf {
  readonly at: number;
  readonly line: Line;
}

/**
 * What is below DIDs, depth first in their order; without `recursive` their children only. Read page
 * by page for all of a level's page together: as many statements for many collections as for few.
 */
export async function* linesBelow(
  db: Database,
  parents: readonly Did[],
  level: number,
  recursive: boolean,
): AsyncGenerator<LineOf> {
  let left = parents.map((did, at) => ({ did, at })).filter(({ did }) => did.type !== DidType.FILE);
  for (let after = -1n; left.length > 0;) {
    const ids = left.map(({ did }) => did.id);
    const page = await db.read((tx) => childrenPage(tx, ids, after, PAGE));
    const owned = page.flatMap((child) => {
      const owner = left[child.at];
      return owner ? [{ at: owner.at, line: presentBelow(child, owner.did, level) }] : [];
    });
    const deeper = recursive ? linesBelow(db, page, level + 1, true) : [];
    yield* headed(owned, deeper);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    left = left.slice(last.at);
    after = last.id;
  }
}

/** Each line, followed by what is below it. */
export async function* headed(
  heads: readonly LineOf[],
  deeper: AsyncIterable<LineOf> | Iterable<LineOf>,
): AsyncGenerator<LineOf> {
  let shown = 0;
  for await (const { at: under, line } of deeper) {
    yield* heads.slice(shown, under + 1);
    shown = Math.max(shown, under + 1);
    yield { at: heads[under]?.at ?? 0, line };
  }
  yield* heads.slice(shown);
}
