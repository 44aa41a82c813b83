import { type Sql, type Tx } from '../../db/index.js';
import { readAlike } from './alike.sql.js';
import { chooseForUnits } from './choose-units.js';
import {
  filesOfUnits,
  lookInto,
  type PlacedUnit,
  type SeenUnit,
  sharedFiles,
} from './content.sql.js';
import { type Draft } from './draft-rules.js';
import { copiesOfUnits, flowsOf, wantedByUnits } from './flows.sql.js';
import { filesLeaving, keptBy } from './leaving.sql.js';
import {
  candidatesAfter,
  type Ground,
  type Leaving,
  rsesOfPlaces,
  type Together,
} from './placing.js';

/** Places what stays together, unit after unit, by the decisions of creation; writes nothing. */
export async function placeUnits(
  tx: Tx,
  draft: Draft,
  placed: readonly PlacedUnit[],
  ground: Ground,
): Promise<Together> {
  const { spec, beginnings } = draft;
  const { map, sites, before, leaving } = ground;
  const inside = await filesOfUnits(tx, placed);
  const files = leaving ? filesLeaving(inside.files, leaving) : inside.files;
  const alike = await readAlike(tx, files, before);
  const rseIds = sites.candidates.map(({ rseId }) => rseId);
  const seen = await lookInto(tx, placed, alike, rseIds);
  const units = leaving ? await withKept(tx, seen, { files, leaving }) : seen;
  const choices = await chooseForUnits(units, {
    copies: spec.copies,
    sliceLocks: ground.sliceLocks,
    apart: !beginnings.some(({ begins }) => begins === 'AT_ONCE'),
    reread: (taken) => candidatesAfter(draft, ground, taken),
    constraints: sites.constraints,
  });
  const places = choices.places.flatMap((rses, at) =>
    rses.length > 0 ? [{ at: units[at]?.at ?? at, rses }] : [],
  );
  const destinations = rsesOfPlaces(places);
  const ways = await map.waysTo(destinations, sites, leaving?.rseId);
  const { first } = choices.short;
  return {
    choices,
    units,
    result: places.length > 0 ? [await flowsOf(tx, wantedByUnits(alike, places), ways)] : [],
    errors: first ? [first] : [],
    estimated: [...repetitions(placed, inside.repeated), ...shares(await sharedFiles(tx, placed))],
    wanted:
      places.length > 0
        ? [{ copies: copiesOfUnits(files, places), rses: new Set(destinations) }]
        : [],
  };
}

/** Units of which something leaves, with where else their rules have it: there it stays. */
async function withKept(
  tx: Tx,
  seen: readonly SeenUnit[],
  { files, leaving }: { readonly files: Sql; readonly leaving: Leaving },
): Promise<SeenUnit[]> {
  const kept = await keptBy(tx, files, leaving);
  return seen
    .filter((unit) => unit.files > 0n)
    .map((unit) => ({ ...unit, keep: kept.get(unit.at) ?? [] }));
}

/** Rules on several DIDs that have files in common. */
const shares = (shared: bigint): string[] =>
  shared === 0n ? [] : [`${shared} files are in several of the DIDs: each counts them`];

/** A unit of several datasets has each file once. */
function repetitions(units: readonly PlacedUnit[], repeated: bigint): string[] {
  const isWhole = units.every(({ datasets }) => datasets?.length !== 1);
  return repeated === 0n || isWhole
    ? []
    : [`${repeated} files are in several of the datasets: each counts the whole`];
}
