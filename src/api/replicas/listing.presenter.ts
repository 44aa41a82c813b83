import { type ListedFile } from '../../replicas/index.js';
import {
  adler32FromInt4,
  type DidName,
  ReplicaState,
  ReplicaStateCodec,
  type RseId,
} from '../../vocabulary/index.js';
import { toJson } from '../wire/index.js';
import { pathFinder, type Place, type Places } from './places.js';

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
  /** So many of them are shown where priorities are told; undefined: all. */
  readonly pfnsMax?: number | undefined;
  /** Every copy that matches, also those without a physical name; and archives that it can be read from. */
  readonly states: readonly (readonly [rse: string, state: string])[];
  readonly parents?: readonly string[];
}

/** The physical names of a file, in the order of the places' ranks (or any, where `shuffle`). */
export function pfnsOf(file: ListedFile, places: Places, shuffle: boolean): ListedPfn[] {
  const found: ListedPfn[] = [];
  const pathOf = pathFinder(file);
  for (const [at, rseId] of file.rseIds.entries()) {
    for (const place of places.get(rseId) ?? []) {
      const path = pathOf(place.rse, file.paths?.[at] ?? null);
      if (path === undefined) continue;
      const pfn = place.base + (path.startsWith('/') ? path.slice(1) : path);
      found.push({ pfn, place, domain: place.domain, clientExtract: false });
    }
  }
  if (found.length < 2) return found;
  if (!shuffle) return found.sort((a, b) => a.place.rank - b.place.rank);
  const drawn = found.map((pfn) => ({ pfn, at: Math.random() })).sort((a, b) => a.at - b.at);
  // Near networks stay in front, whatever the order within.
  return drawn
    .map(({ pfn }) => pfn)
    .sort((a, b) => Number(a.domain === 'wan') - Number(b.domain === 'wan'));
}

/** What a row tells of a file besides its copies. */
export interface RowTerms {
  /** The RSEs' names. */
  readonly names: ReadonlyMap<RseId, string>;
  readonly parents: readonly string[] | undefined;
  readonly pfnsMax: number | undefined;
}

/** A file as a row. */
export function listedRow(
  file: ListedFile,
  pfns: readonly ListedPfn[],
  { names, parents, pfnsMax }: RowTerms,
): ListedRow {
  return {
    scope: file.scope,
    name: file.name,
    bytes: file.bytes,
    adler32: file.adler32 === null ? null : adler32FromInt4(file.adler32),
    md5: file.md5,
    pfns,
    pfnsMax,
    states: [...new Map([...statesInArchives(pfns), ...ownStates(file, names)])],
    ...(parents && { parents }),
  };
}

const ownStates = (file: ListedFile, names: RowTerms['names']): [string, string][] =>
  file.rseIds.map((rseId, at) => [
    names.get(rseId) ?? '',
    ReplicaStateCodec.name(file.states?.[at] ?? ReplicaState.AVAILABLE),
  ]);

/** A member of an archive is there where the archive can be read. */
const statesInArchives = (pfns: readonly ListedPfn[]): [string, string][] =>
  pfns
    .filter(({ domain }) => domain === 'zip')
    .map(({ place }) => [place.rse.name, ReplicaStateCodec.name(ReplicaState.AVAILABLE)]);

/** JSON text of a string. */
const quoted = (text: string | null): string => (text === null ? 'null' : toJson(text));

/**
 * A row as one line of JSON. Written by hand: a listing may have a million of them, and what is said
 * of an RSE is the same in each.
 */
export function presentListed(row: ListedRow): string {
  const pfns: string[] = [];
  const byRse = new Map<string, string[]>();
  for (const [at, { pfn, place, domain, clientExtract }] of row.pfns.entries()) {
    const text = quoted(pfn);
    if (at < (row.pfnsMax ?? Number.POSITIVE_INFINITY)) {
      pfns.push(
        `${text}:{${place.told},"domain":"${domain}","priority":${at + 1},"client_extract":${String(clientExtract)}}`,
      );
    }
    const same = byRse.get(place.rse.name);
    if (same) same.push(text);
    else byRse.set(place.rse.name, [text]);
  }
  const rses = [...byRse].map(([rse, texts]) => `"${rse}":[${texts.join(',')}]`);
  const states = row.states.map(([rse, state]) => `"${rse}":"${state}"`);
  const parents = row.parents ? `,"parents":${toJson(row.parents)}` : '';
  return (
    `{"adler32":${quoted(row.adler32)},"name":${quoted(row.name)},"bytes":${row.bytes},` +
    `"scope":${quoted(row.scope)},"md5":${quoted(row.md5)},"pfns":{${pfns.join(',')}},` +
    `"rses":{${rses.join(',')}},"states":{${states.join(',')}}${parents}}`
  );
}
