import {
  RSEOperationNotSupported,
  RSEProtocolDomainNotSupported,
  RSEProtocolPriorityError,
} from '../errors/index.js';
import {
  type Operation,
  Operations,
  type Priorities,
  type ProtocolDomain,
  ProtocolDomains,
} from './protocol.sql.js';

/** The priorities of a protocol in both domains. */
export type Domains = Readonly<Record<ProtocolDomain, Priorities>>;

/** What a client says of them: parts, of names that may not exist. */
export type GivenDomains = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const NONE = Object.fromEntries(Operations.map((name) => [name, null])) as unknown as Priorities;

/** A protocol that supports nothing yet. */
export const NO_DOMAINS: Domains = { lan: NONE, wan: NONE };

const isDomain = (name: string): name is ProtocolDomain =>
  (ProtocolDomains as readonly string[]).includes(name);

const isOperation = (name: string): name is Operation =>
  (Operations as readonly string[]).includes(name);

/** 1 is the first choice, 0 goes before it, null is not supported. */
function priority(value: unknown, domain: string, operation: string): number | null {
  if (value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31) {
    return value;
  }
  throw new RSEProtocolPriorityError(
    `The priority of operation '${operation}' in domain '${domain}' must be null or an integer from 0, not ${JSON.stringify(value)}`,
    { domain, operation },
  );
}

/**
 * The domains with what is given in place of what was. Throws RSEProtocolDomainNotSupported,
 * RSEOperationNotSupported, RSEProtocolPriorityError.
 */
export function changeDomains(domains: Domains, given: GivenDomains): Domains {
  const changed: Record<ProtocolDomain, Priorities> = { ...domains };
  for (const [domain, operations] of Object.entries(given)) {
    if (!isDomain(domain)) {
      throw new RSEProtocolDomainNotSupported(
        `The protocol domain '${domain}' is not known: there are ${ProtocolDomains.join(' and ')}`,
        { domain },
      );
    }
    for (const [operation, value] of Object.entries(operations)) {
      if (!isOperation(operation)) {
        throw new RSEOperationNotSupported(
          `Operation '${operation}' is not known: there are ${Operations.join(', ')}`,
          { operation },
        );
      }
      changed[domain] = { ...changed[domain], [operation]: priority(value, domain, operation) };
    }
  }
  return changed;
}
