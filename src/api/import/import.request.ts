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

const Distance = Type.Object({
  distance: Type.Union([Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), Type.Null()]),
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

/** Under its name of today or its older one. A distance that is null is none: Rucio has such rows. */
function parseDistances(
  given: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>,
): ImportedDistance[] {
  return Object.entries(given).flatMap(([source, ways]) =>
    Object.entries(ways).flatMap(([destination, way]) => {
      const what = `the distance from ${source} to ${destination}`;
      const named = { distance: way.distance ?? way.ranking ?? null };
      const { distance } = parseBody(Distance, named, what);
      if (distance === null) return [];
      const createdAt = parseDate(way.created_at, 'created_at') ?? null;
      const updatedAt = parseDate(way.updated_at, 'updated_at') ?? null;
      return [{ source, destination, distance, createdAt, updatedAt }];
    }),
  );
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
