import { type Tx, violatedConstraint } from '../db/index.js';
import { Duplicate, RSEProtocolNotSupported } from '../errors/index.js';
import { changeDomains, type GivenDomains, NO_DOMAINS } from './protocol-domains.js';
import {
  deleteProtocolRows,
  insertProtocol,
  type ProtocolKey,
  protocolsOf,
  type RseProtocol,
  updateProtocolRows,
} from './protocol.sql.js';
import { type Rse } from './rse.sql.js';

/** A protocol as an admin defines it. */
export interface ProtocolSpec {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
  readonly prefix: string;
  readonly impl: string;
  readonly domains: GivenDomains;
  readonly extendedAttributes: Readonly<Record<string, unknown>> | null;
}

/** What of a protocol is to change. Priorities that are not given stay. */
export type ProtocolChange = {
  readonly [Key in keyof ProtocolSpec]?: ProtocolSpec[Key] | undefined;
};

/**
 * Adds a protocol. Throws Duplicate for a second one of a scheme, hostname and port, and what
 * changeDomains throws.
 */
export async function addProtocol(tx: Tx, rse: Rse, spec: ProtocolSpec): Promise<void> {
  const domains = changeDomains(NO_DOMAINS, spec.domains);
  const protocol = { ...spec, rseId: rse.id, domains };
  if (!(await insertProtocol(tx, protocol))) throw taken(rse, protocol);
}

/**
 * Changes all protocols that the key means. Throws RSEProtocolNotSupported if there are none,
 * Duplicate if a changed one meets another, and what changeDomains throws.
 */
export async function changeProtocols(
  tx: Tx,
  rse: Rse,
  key: ProtocolKey,
  change: ProtocolChange,
): Promise<void> {
  const all = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
  const meant = all.filter((protocol) => isMeant(protocol, key));
  if (meant.length === 0) throw notSupported(rse, key);
  const rewrites = meant.map((old) => ({ old, changed: changeProtocol(old, change) }));
  try {
    await updateProtocolRows(tx, rewrites);
  } catch (error) {
    if (violatedConstraint(error) !== 'rse_protocols_pkey') throw error;
    throw taken(rse, rewrites[0]?.changed ?? key);
  }
}

/** Removes all protocols that the key means. Throws RSEProtocolNotSupported if there are none. */
export async function removeProtocols(tx: Tx, rse: Rse, key: ProtocolKey): Promise<void> {
  if ((await deleteProtocolRows(tx, rse.id, key)) === 0) throw notSupported(rse, key);
}

function changeProtocol(old: RseProtocol, change: ProtocolChange): RseProtocol {
  const { domains, extendedAttributes, ...plain } = change;
  const given = Object.fromEntries(
    Object.entries(plain).filter(([, value]) => value !== undefined),
  ) as Partial<RseProtocol>;
  return {
    ...old,
    ...given,
    domains: changeDomains(old.domains, domains ?? {}),
    extendedAttributes:
      extendedAttributes === undefined ? old.extendedAttributes : extendedAttributes,
  };
}

const isMeant = (protocol: RseProtocol, { scheme, hostname, port }: ProtocolKey): boolean =>
  protocol.scheme === scheme &&
  (hostname === undefined || protocol.hostname === hostname) &&
  (port === undefined || protocol.port === port);

const taken = (rse: Rse, { scheme, hostname, port }: ProtocolKey): Duplicate =>
  new Duplicate(
    `RSE '${rse.name}' already has a protocol '${scheme}' for hostname '${hostname}' on port ${port}`,
    { rse: rse.name, scheme, hostname, port },
  );

function notSupported(rse: Rse, { scheme, hostname, port }: ProtocolKey): RSEProtocolNotSupported {
  const where = hostname === undefined ? '' : ` for hostname '${hostname}'`;
  const on = port === undefined ? '' : ` on port ${port}`;
  return new RSEProtocolNotSupported(
    `RSE '${rse.name}' does not support protocol '${scheme}'${where}${on}`,
    { rse: rse.name, scheme, hostname, port },
  );
}
