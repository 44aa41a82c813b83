import { type Database } from '../../db/index.js';
import { type Did, type Direction, type Relative, relativePage } from '../../dids/index.js';
import { type DidId } from '../../vocabulary/index.js';

// As in listings.ts: keyset pages, each a short statement on a connection of its own.
const PAGE = 2000;
/** DIDs that a statement is told of. */
const NEAR = 1000;

/** A relative, and by how many steps, the fewest where several ways lead to it. */
export interface DistantRelative {
  readonly relative: Relative;
  readonly depth: number;
}

/**
 * What a DID was made from, or what was made from it, nearest first, each once. A level at a time and
 * as many DIDs of a level in one statement as it takes; what is known by its id only is passed
 * through and not shown.
 */
export async function* relativesOf(
  db: Database,
  did: Did,
  direction: Direction,
  depthMax: number,
): AsyncGenerator<DistantRelative> {
  const seen = new Set<DidId>([did.id]);
  let level: DidId[] = [did.id];
  for (let depth = 1; depth <= depthMax && level.length > 0; depth++) {
    const next: DidId[] = [];
    for await (const relative of stepsFrom(db, direction, level.toSorted(byNumber))) {
      if (seen.has(relative.farId)) continue;
      seen.add(relative.farId);
      next.push(relative.farId);
      if (relative.name !== null) yield { relative, depth };
    }
    level = next;
  }
}

async function* stepsFrom(
  db: Database,
  direction: Direction,
  ids: readonly DidId[],
): AsyncGenerator<Relative> {
  for (let from = 0; from < ids.length; from += NEAR) {
    const some = ids.slice(from, from + NEAR);
    for (let after = { nearId: some[0] ?? 0n, farId: 0n }; ;) {
      const asked = { after, limit: PAGE };
      const page = await db.read((tx) => relativePage(tx, direction, some, asked));
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) break;
      after = last;
    }
  }
}

const byNumber = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
