import { type Rse } from '../../rses/index.js';
import { type RseId } from '../../vocabulary/index.js';
import { addTo } from './account-book.js';
import { type Books } from './books.js';
import { type Taken } from './choose-units.js';
import { type LakeMap } from './lake-map.js';
import { type Placed } from './place-draft.js';
import { type SpaceChange } from './plan.js';

/** What a placement takes: every lock is charged, except where its rule has one already. */
export function takenBy({
  flows,
  units,
  choices,
}: Pick<Placed, 'flows' | 'units' | 'choices'>): Taken {
  const charged = new Map<RseId, bigint>();
  const stored = new Map<RseId, bigint>();
  for (const { destination, bytes, freshBytes } of flows) {
    addTo(charged, destination, bytes);
    addTo(stored, destination, freshBytes);
  }
  units.forEach(({ keep, bytes }, at) => {
    for (const rseId of keep ?? []) {
      if (choices.places[at]?.includes(rseId)) addTo(charged, rseId, -bytes);
    }
  });
  return { charged, stored };
}

/** The space of RSEs before and after so much more was stored there. */
export const spaceChanges = (
  rses: readonly Rse[],
  stored: ReadonlyMap<RseId, bigint>,
  { books, map }: { readonly books: Books; readonly map: LakeMap },
): SpaceChange[] =>
  rses.map(({ id, name }) => {
    const { limit, used } = map.spaceAt(id);
    const before = used + (books.stored.get(id) ?? 0n);
    return { rse: name, limit, before, after: before + (stored.get(id) ?? 0n) };
  });
