import { execute, join, rows, sql, type Sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';

export const Operations = [
  'read',
  'write',
  'delete',
  'third_party_copy_read',
  'third_party_copy_write',
] as const;
export type Operation = (typeof Operations)[number];

export const ProtocolDomains = ['lan', 'wan'] as const;
export type ProtocolDomain = (typeof ProtocolDomains)[number];

/** Priority of each operation: 1 is the first choice, larger is later, null is not supported. */
export type Priorities = Readonly<Record<Operation, number | null>>;

/** A way to reach a storage element. One per (RSE, scheme, hostname, port). */
export interface RseProtocol {
  readonly rseId: RseId;
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
  readonly prefix: string;
  readonly impl: string;
  readonly domains: Readonly<Record<ProtocolDomain, Priorities>>;
  readonly extendedAttributes: Readonly<Record<string, unknown>> | null;
}

/** Which protocols are meant: of a scheme, perhaps of one host, perhaps on one port. */
export interface ProtocolKey {
  readonly scheme: string;
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
}

/** The protocols of the RSEs asked for, each list by hostname, scheme, port (as the wire shows them). */
export async function protocolsOf(
  tx: Tx,
  rseIds: readonly RseId[],
): Promise<Map<RseId, RseProtocol[]>> {
  const found = await rows<RseProtocol>(
    tx,
    sql`SELECT rse_id AS "rseId", scheme, hostname, port, prefix, impl, domains,
          extended_attributes AS "extendedAttributes"
        FROM rse_protocols WHERE rse_id = ANY(${[...rseIds]}::int[])
        ORDER BY rse_id, hostname, scheme, port`,
  );
  const protocols = new Map<RseId, RseProtocol[]>(rseIds.map((id) => [id, []]));
  for (const protocol of found) protocols.get(protocol.rseId)?.push(protocol);
  return protocols;
}

/** Inserts a protocol; false if the RSE has one of that scheme, hostname and port. */
export async function insertProtocol(tx: Tx, protocol: RseProtocol): Promise<boolean> {
  const { rseId, scheme, hostname, port, prefix, impl } = protocol;
  const added = await execute(
    tx,
    sql`INSERT INTO rse_protocols
          (rse_id, scheme, hostname, port, prefix, impl, domains, extended_attributes)
        VALUES (${rseId}, ${scheme}, ${hostname}, ${port}, ${prefix}, ${impl},
          ${JSON.stringify(protocol.domains)}::jsonb, ${jsonOrNull(protocol.extendedAttributes)}::jsonb)
        ON CONFLICT (rse_id, scheme, hostname, port) DO NOTHING`,
  );
  return added === 1;
}

/** Rewrites the protocol that had `old`'s key. Throws the database's error if the new key is taken. */
export async function updateProtocolRow(
  tx: Tx,
  old: RseProtocol,
  changed: RseProtocol,
): Promise<void> {
  await execute(
    tx,
    sql`UPDATE rse_protocols SET scheme = ${changed.scheme}, hostname = ${changed.hostname},
          port = ${changed.port}, prefix = ${changed.prefix}, impl = ${changed.impl},
          domains = ${JSON.stringify(changed.domains)}::jsonb,
          extended_attributes = ${jsonOrNull(changed.extendedAttributes)}::jsonb,
          updated_at = now()
        WHERE ${isMeant(old.rseId, old)}`,
  );
}

/** Removes the protocols meant; gives how many there were. */
export async function deleteProtocolRows(tx: Tx, rseId: RseId, key: ProtocolKey): Promise<number> {
  return await execute(tx, sql`DELETE FROM rse_protocols WHERE ${isMeant(rseId, key)}`);
}

function isMeant(rseId: RseId, key: ProtocolKey): Sql {
  const terms = [sql`rse_id = ${rseId}`, sql`scheme = ${key.scheme}`];
  if (key.hostname !== undefined) terms.push(sql`hostname = ${key.hostname}`);
  if (key.port !== undefined) terms.push(sql`port = ${key.port}`);
  return join(terms, ' AND ');
}

const jsonOrNull = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
