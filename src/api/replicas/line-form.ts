import { algorithmOf } from '../../replicas/index.js';
import { isComputed, type Rse } from '../../rses/index.js';
import { type RseId } from '../../vocabulary/index.js';
import { toJson } from '../wire/index.js';
import { type Place, type Places } from './places.js';

/** What rows of JSON say of one way to an RSE; a file adds its path and the way's place in its order. */
export interface WayForm {
  readonly rseId: RseId;
  /** Up to the priority, with a mark where the path comes. */
  readonly before: string;
  /** Behind the priority. */
  readonly after: string;
}

/** What rows of JSON say of one RSE. */
export interface RseForm {
  readonly id: RseId;
  /** Its key in `states`. */
  readonly key: string;
  /** Its member of `rses`, with a mark for each path; null where no way leads there. */
  readonly listed: string | null;
  /** Its place in the order of `rses`; 0 where no way leads there. */
  readonly rank: number;
}

/** A listing's rows but for what differs from file to file. */
export interface LineForm {
  /** The way of naming that each mark stands for. */
  readonly marks: ReadonlyMap<string, string>;
  /** Best first. */
  readonly ways: readonly WayForm[];
  readonly rses: readonly RseForm[];
}

/**
 * Takes apart what presentListed would write, so that a statement can fill it in. Ways that need a
 * registered path are left out (the statement refuses files that have one), and so are RSEs whose way
 * of naming nobody knows. Undefined where names are signed one by one.
 */
export function lineForm(
  rses: readonly Rse[],
  places: Places,
  sign: boolean,
): LineForm | undefined {
  const waysTo = (rse: Rse) =>
    rse.deterministic && isComputed(algorithmOf(rse)) ? (places.get(rse.id) ?? []) : [];
  const ranked = rses.flatMap(waysTo).sort((a, b) => a.rank - b.rank);
  if (sign && [...places.values()].flat().some(({ signed }) => signed)) return undefined;
  const marks = marksOf(ranked);
  const pfn = ({ base, rse }: Place) =>
    `${toJson(base).slice(0, -1)}${marks.get(algorithmOf(rse)) ?? ''}"`;
  return {
    marks,
    ways: ranked.map((place) => ({
      rseId: place.rse.id,
      before: `${pfn(place)}:{${place.told},"domain":"${place.domain}","priority":`,
      after: ',"client_extract":false}',
    })),
    rses: rses.map((rse) => {
      const own = waysTo(rse);
      return {
        id: rse.id,
        key: `"${rse.name}":`,
        listed: own.length === 0 ? null : `"${rse.name}":[${own.map(pfn).join(',')}]`,
        rank: own[0]?.rank ?? 0,
      };
    }),
  };
}

/** Control characters: JSON has none, so a mark is never part of a text. */
function marksOf(places: readonly Place[]): Map<string, string> {
  const algorithms = new Set(places.map(({ rse }) => algorithmOf(rse)));
  return new Map([...algorithms].map((name, at) => [name, String.fromCharCode(1 + at)]));
}
