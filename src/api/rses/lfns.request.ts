import {
  InvalidPath,
  RSEOperationNotSupported,
  RSEProtocolDomainNotSupported,
} from '../../errors/index.js';
import {
  type Operation,
  Operations,
  type ProtocolDomain,
  ProtocolDomains,
} from '../../rses/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { parseText } from '../wire/index.js';

/** Which files' physical names are asked for, and for what. */
export interface LfnsRequest {
  readonly files: readonly DidName[];
  readonly domain: ProtocolDomain;
  readonly operation: Operation;
  readonly schemes: readonly string[] | undefined;
}

function parseLfn(lfn: unknown): DidName {
  const text = typeof lfn === 'string' ? lfn : '';
  const at = text.indexOf(':');
  if (at <= 0 || at === text.length - 1) {
    throw new InvalidPath(`'${text}' is no logical name: use scope:name`, { lfn: text });
  }
  return { scope: text.slice(0, at), name: text.slice(at + 1) };
}

/** Reads `lfn=scope:name` (repeated), `scheme`, `domain` (wan) and `operation` (write). */
export function parseLfns(query: Readonly<Record<string, unknown>>): LfnsRequest {
  const lfns = [query.lfn ?? []].flat();
  if (lfns.length > Limits.bulkItems) {
    throw new InvalidPath(`At most ${Limits.bulkItems} logical names at once`);
  }
  const domain = parseText(query.domain, 'domain') ?? 'wan';
  const operation = parseText(query.operation, 'operation') ?? 'write';
  const scheme = parseText(query.scheme, 'scheme');
  if (!isOneOf(ProtocolDomains, domain)) {
    throw new RSEProtocolDomainNotSupported(`The protocol domain '${domain}' is not known`);
  }
  if (!isOneOf(Operations, operation)) {
    throw new RSEOperationNotSupported(`Operation '${operation}' is not known`);
  }
  const schemes = scheme === undefined || scheme === '' ? undefined : scheme.split(',');
  return { files: lfns.map(parseLfn), domain, operation, schemes };
}

const isOneOf = <Name extends string>(names: readonly Name[], text: string): text is Name =>
  (names as readonly string[]).includes(text);
