import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type ImportedDistance } from '../../rses/index.js';
import { parseBody, parseDate, parseObject } from '../wire/index.js';
import { parseImportedRse, type RequestedRse } from './rses.request.js';

const ImportBody = Type.Object({
  rses: Type.Optional(
    Type.Union([
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())),
      Type.Null(),
    ]),
  ),
  distances: Type.Optional(
    Type.Union([
      Type.Record(
        Type.String(),
        Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())),
      ),
      Type.Null(),
    ]),
  ),
  accounts: Type.Optional(Type.Unknown()),
});

/** A document to import. The accounts are still as they came. */
export interface ImportRequest {
  readonly rses: readonly RequestedRse[];
  readonly distances: readonly ImportedDistance[];
  readonly accounts: unknown;
}

/** Reads `{rses, distances, accounts}`, each at will. Other keys are ignored. Throws InvalidObject. */
export function parseImport(body: unknown): ImportRequest {
  parseObject(body, 'an import');
  const { rses, distances, accounts } = parseBody(ImportBody, body, 'an import');
  const parsed = Object.entries(rses ?? {}).map(([name, given]) => parseImportedRse(name, given));
  refuseSharedIds(parsed);
  return { rses: parsed, distances: parseDistances(distances ?? {}), accounts: accounts ?? [] };
}

type Way = Readonly<Record<string, unknown>>;

/** A distance that is null is none: Rucio has such rows. A mesh of 400 has 160,000 distances. */
function parseDistances(
  given: Readonly<Record<string, Readonly<Record<string, Way>>>>,
): ImportedDistance[] {
  const dateOf = rememberDates();
  const distances: ImportedDistance[] = [];
  for (const [source, ways] of Object.entries(given)) {
    for (const [destination, way] of Object.entries(ways)) {
      const distance = parseDistance(way, source, destination);
      if (distance === null) continue;
      const createdAt = dateOf(way.created_at, 'created_at');
      const updatedAt = dateOf(way.updated_at, 'updated_at');
      distances.push({ source, destination, distance, createdAt, updatedAt });
    }
  }
  return distances;
}

/** Under its name of today or its older one. */
function parseDistance(way: Way, source: string, destination: string): number | null {
  const distance = way.distance ?? way.ranking ?? null;
  if (distance === null) return null;
  if (Number.isInteger(distance) && Number(distance) >= 0 && Number(distance) < 2 ** 31) {
    return Number(distance);
  }
  throw new InvalidObject(
    `Problem validating the distance from ${source} to ${destination}: distance takes an integer from 0`,
    { source, destination },
  );
}

/** parseDate that reads each text once: many distances were made in the same second. */
function rememberDates(): (value: unknown, field: string) => Date | null {
  const known = new Map<unknown, Date | null>();
  return (value, field) => {
    let date = known.get(value);
    if (date === undefined) known.set(value, (date = parseDate(value, field) ?? null));
    return date;
  };
}

function refuseSharedIds(rses: readonly RequestedRse[]): void {
  const owners = new Map<string, string>();
  for (const { uid, name } of rses) {
    if (uid === null) continue;
    const other = owners.get(uid);
    if (other !== undefined) {
      throw new InvalidObject(
        `Problem validating an import: RSE '${name}' has the id of '${other}'`,
        {
          rse: name,
        },
      );
    }
    owners.set(uid, name);
  }
}
