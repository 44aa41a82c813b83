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

/** A protocol that is to be rewritten, and what it becomes. */
export interface ProtocolRewrite {
  readonly old: RseProtocol;
  readonly changed: RseProtocol;
}

/** Rewrites protocols by their old keys. Throws the database's error if a new key is taken. */
export async function updateProtocolRows(
  tx: Tx,
  rewrites: readonly ProtocolRewrite[],
): Promise<void> {
  const column = <T>(value: (rewrite: ProtocolRewrite) => T) => rewrites.map(value);
  await execute(
    tx,
    sql`UPDATE rse_protocols p SET scheme = n.scheme, hostname = n.hostname, port = n.port,
          prefix = n.prefix, impl = n.impl, domains = n.domains,
          extended_attributes = n.extended_attributes, updated_at = now()
        FROM unnest(${column(({ old }) => old.rseId)}::int[],
          ${column(({ old }) => old.scheme)}::text[], ${column(({ old }) => old.hostname)}::text[],
          ${column(({ old }) => old.port)}::int[],
          ${column(({ changed }) => changed.scheme)}::text[],
          ${column(({ changed }) => changed.hostname)}::text[],
          ${column(({ changed }) => changed.port)}::int[],
          ${column(({ changed }) => changed.prefix)}::text[],
          ${column(({ changed }) => changed.impl)}::text[],
          ${column(({ changed }) => JSON.stringify(changed.domains))}::jsonb[],
          ${column(({ changed }) => jsonOrNull(changed.extendedAttributes))}::jsonb[])
          AS n(rse_id, old_scheme, old_hostname, old_port, scheme, hostname, port, prefix, impl,
               domains, extended_attributes)
        WHERE p.rse_id = n.rse_id AND p.scheme = n.old_scheme AND p.hostname = n.old_hostname
          AND p.port = n.old_port`,
  );
}

/** Sets whole protocols, whether their keys are there or not. */
export async function upsertProtocols(tx: Tx, protocols: readonly RseProtocol[]): Promise<void> {
  const column = <T>(value: (protocol: RseProtocol) => T) => protocols.map(value);
  await execute(
    tx,
    sql`INSERT INTO rse_protocols
          (rse_id, scheme, hostname, port, prefix, impl, domains, extended_attributes)
        SELECT * FROM unnest(${column(({ rseId }) => rseId)}::int[],
          ${column(({ scheme }) => scheme)}::text[], ${column(({ hostname }) => hostname)}::text[],
          ${column(({ port }) => port)}::int[], ${column(({ prefix }) => prefix)}::text[],
          ${column(({ impl }) => impl)}::text[],
          ${column(({ domains }) => JSON.stringify(domains))}::jsonb[],
          ${column((protocol) => jsonOrNull(protocol.extendedAttributes))}::jsonb[])
          AS n(rse_id, scheme, hostname, port, prefix, impl, domains, extended_attributes)
        ORDER BY rse_id, scheme, hostname, port
        ON CONFLICT (rse_id, scheme, hostname, port) DO UPDATE
        SET prefix = EXCLUDED.prefix, impl = EXCLUDED.impl, domains = EXCLUDED.domains,
            extended_attributes = EXCLUDED.extended_attributes, updated_at = now()`,
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
