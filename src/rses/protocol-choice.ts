import { type Operation, type ProtocolDomain, type RseProtocol } from './protocol.sql.js';

/** What a protocol is wanted for. */
export interface ProtocolNeed {
  readonly domain: ProtocolDomain;
  readonly operation: Operation;
  /** Only these schemes; absent is any. */
  readonly schemes?: readonly string[] | undefined;
}

/** The protocols that support the operation in the domain, best first; equals keep their order. */
export function chooseProtocols(
  protocols: readonly RseProtocol[],
  need: ProtocolNeed,
): RseProtocol[] {
  const priority = (protocol: RseProtocol) => protocol.domains[need.domain][need.operation];
  return protocols
    .filter((protocol) => priority(protocol) !== null)
    .filter(({ scheme }) => need.schemes === undefined || need.schemes.includes(scheme))
    .toSorted((a, b) => Number(priority(a)) - Number(priority(b)));
}
