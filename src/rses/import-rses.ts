import { type Tx } from '../db/index.js';
import { RSENotFound } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type ProtocolSpec } from './define-protocol.js';
import { upsertDistances } from './distance.sql.js';
import {
  addQosPolicies,
  type ImportedName,
  insertRses,
  updateRses,
  upsertAttributes,
  upsertLimits,
} from './imported-rse.sql.js';
import { rseIdsByName } from './find-rse.js';
import { mirroredAttributes } from './mirrored-attributes.js';
import { changeDomains, NO_DOMAINS } from './protocol-domains.js';
import { upsertProtocols } from './protocol.sql.js';
import { markRsesRestored } from './rse.sql.js';

/** All that an import says of one storage element. */
export interface ImportedRse extends ImportedName {
  /** As text; booleans are 'true' and 'false'. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly protocols: readonly ProtocolSpec[];
  /** By name, in the unit of each: MinFreeSpace is bytes. */
  readonly limits: Readonly<Record<string, bigint>>;
  readonly qosPolicies: readonly string[];
}

/** A distance that an import names by the ends' names. */
export interface ImportedDistance {
  readonly source: string;
  readonly destination: string;
  readonly distance: number;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
}

/**
 * Adds storage elements, restores those of these names that were deleted, and sets what is said of
 * them. Nothing is taken away: not a storage element, an attribute, a limit or a protocol that is not
 * named. As many statements for a thousand as for one. Throws what changeDomains throws.
 */
export async function importRses(tx: Tx, rses: readonly ImportedRse[]): Promise<void> {
  const protocols = rses.flatMap(({ name, protocols }) =>
    protocols.map((spec) => ({ name, spec, domains: changeDomains(NO_DOMAINS, spec.domains) })),
  );
  const sorted = rses.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  await markRsesRestored(
    tx,
    sorted.map(({ name }) => name),
  );
  const added = await insertRses(tx, sorted);
  await updateRses(tx, sorted, added);
  const ids = await idsOf(
    tx,
    sorted.map(({ name }) => name),
  );
  const idOf = (name: string) => ids.get(name) ?? 0;
  await upsertAttributes(tx, entries(sorted, idOf, attributesOf));
  await upsertProtocols(
    tx,
    protocols.map(({ name, spec, domains }) => ({ ...spec, domains, rseId: idOf(name) })),
  );
  await upsertLimits(
    tx,
    entries(sorted, idOf, ({ limits }) => limits),
  );
  await addQosPolicies(
    tx,
    sorted.flatMap(({ name, qosPolicies }) =>
      qosPolicies.map((policy) => ({ rseId: idOf(name), policy })),
    ),
  );
}

/** Sets distances, whether they are there or not. Throws RSENotFound that names who is missing. */
export async function importDistances(
  tx: Tx,
  distances: readonly ImportedDistance[],
): Promise<void> {
  const names = distances.flatMap(({ source, destination }) => [source, destination]);
  const ids = await idsOf(tx, [...new Set(names)]);
  await upsertDistances(
    tx,
    distances.map(({ source, destination, ...distance }) => ({
      ...distance,
      sourceId: ids.get(source) ?? 0,
      destinationId: ids.get(destination) ?? 0,
    })),
  );
}

const attributesOf = ({ name, traits, attributes }: ImportedRse) => ({
  ...mirroredAttributes(traits).set,
  ...attributes,
  [name]: 'true',
});

const entries = <Value>(
  rses: readonly ImportedRse[],
  idOf: (name: string) => RseId,
  of: (rse: ImportedRse) => Readonly<Record<string, Value>>,
) =>
  rses.flatMap((rse) =>
    Object.entries(of(rse)).map(([key, value]) => ({ rseId: idOf(rse.name), key, value })),
  );

async function idsOf(tx: Tx, names: readonly string[]): Promise<Map<string, RseId>> {
  const ids = await rseIdsByName(tx, names);
  const missing = names.find((name) => !ids.has(name));
  if (missing === undefined) return ids;
  throw new RSENotFound(`RSE '${missing}' cannot be found`, { rse: missing });
}
