import { type ListedFile } from '../../replicas/index.js';
import {
  adler32FromInt4,
  type DidName,
  ReplicaState,
  ReplicaStateCodec,
  type RseId,
} from '../../vocabulary/index.js';
import { toJson } from '../wire/index.js';
import { type Place, type Places, pfnAt } from './places.js';

/** One physical name of one copy. */
export interface ListedPfn {
  readonly pfn: string;
  readonly place: Place;
  /** `zip` is a member of an archive. */
  readonly domain: 'lan' | 'wan' | 'zip';
  readonly clientExtract: boolean;
}

/** A file with its physical names, best first, as JSON rows and metalinks tell it. */
export interface ListedRow extends DidName {
  readonly bytes: bigint;
  readonly adler32: string | null;
  readonly md5: string | null;
  readonly pfns: readonly ListedPfn[];
  /** Every copy that matches, also those without a physical name. */
  readonly states: readonly (readonly [rse: string, state: string])[];
  readonly parents?: readonly string[];
}

/** The physical names of a file, in the order of the places' ranks (or any, where `shuffle`). */
export function pfnsOf(file: ListedFile, places: Places, shuffle: boolean): ListedPfn[] {
  const found = file.rseIds.flatMap((rseId, at) =>
    (places.get(rseId) ?? []).flatMap((place): ListedPfn[] => {
      const pfn = pfnAt(place, file, file.paths?.[at] ?? null);
      return pfn === undefined ? [] : [{ pfn, place, domain: place.domain, clientExtract: false }];
    }),
  );
  if (found.length < 2) return found;
  if (!shuffle) return found.sort((a, b) => a.place.rank - b.place.rank);
  const drawn = found.map((pfn) => ({ pfn, at: Math.random() })).sort((a, b) => a.at - b.at);
  // Near networks stay in front, whatever the order within.
  return drawn
    .map(({ pfn }) => pfn)
    .sort((a, b) => Number(a.domain === 'wan') - Number(b.domain === 'wan'));
}

/** A file as a row. `names` gives the RSEs' names. */
export function listedRow(
  file: ListedFile,
  pfns: readonly ListedPfn[],
  names: ReadonlyMap<RseId, string>,
  parents: readonly string[] | undefined,
): ListedRow {
  return {
    scope: file.scope,
    name: file.name,
    bytes: file.bytes,
    adler32: file.adler32 === null ? null : adler32FromInt4(file.adler32),
    md5: file.md5,
    pfns,
    states: file.rseIds.map((rseId, at) => [
      names.get(rseId) ?? '',
      ReplicaStateCodec.name(file.states?.[at] ?? ReplicaState.AVAILABLE),
    ]),
    ...(parents && { parents }),
  };
}

const presentPfn = ({ place, domain, clientExtract }: ListedPfn, at: number) => ({
  rse_id: place.rseUid,
  rse: place.rse.name,
  type: place.type,
  volatile: place.rse.volatile,
  domain,
  priority: at + 1,
  client_extract: clientExtract,
});

/** A row as one line of JSON. */
export function presentListed(row: ListedRow): string {
  const rses: Record<string, string[]> = {};
  for (const { pfn, place } of row.pfns) (rses[place.rse.name] ??= []).push(pfn);
  return toJson({
    adler32: row.adler32,
    name: row.name,
    bytes: row.bytes,
    scope: row.scope,
    md5: row.md5,
    pfns: Object.fromEntries(row.pfns.map((pfn, at) => [pfn.pfn, presentPfn(pfn, at)])),
    rses,
    states: Object.fromEntries(row.states),
    ...(row.parents && { parents: row.parents }),
  });
}
