import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type ProtocolChange, type ProtocolKey, type ProtocolSpec } from '../../rses/index.js';
import { parseBody, parseInteger, parseObject } from '../wire/index.js';

const PORT_MAX = 65_535;

const scheme = Type.String({ pattern: '^[a-zA-Z][a-zA-Z0-9+.-]{0,31}$' });
const priorities = Type.Record(Type.String(), Type.Union([Type.Integer(), Type.Null()]));

/** Both stand in URLs and in the header of a redirect: printable ASCII, and nothing that leads away. */
const hostname = Type.String({ pattern: '^(?!.*[/?#@\\\\])[!-~]{0,255}$' });
const prefix = Type.String({
  maxLength: 1024,
  pattern: '^(?!(.*/)?\\.{1,2}(/|$))[ -~]*$',
  expected: 'printable ASCII without relative parts',
});

const ProtocolBody = Type.Object({
  scheme: Type.Optional(scheme),
  hostname: Type.Optional(hostname),
  port: Type.Optional(Type.Integer({ minimum: 0, maximum: PORT_MAX })),
  prefix: Type.Optional(Type.Union([prefix, Type.Null()])),
  impl: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  domains: Type.Optional(Type.Union([Type.Record(Type.String(), priorities), Type.Null()])),
  extended_attributes: Type.Optional(Type.Unknown()),
});

/** An object, or the text of one: command lines send either. */
function parseExtendedAttributes(value: unknown): Readonly<Record<string, unknown>> | null {
  if (value === null) return null;
  const found = typeof value === 'string' ? parseText(value) : value;
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
    return found as Record<string, unknown>;
  }
  throw new InvalidObject('Problem validating protocol: extended_attributes takes an object');
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is said of a protocol; what is not is undefined. */
export function parseProtocolChange(body: unknown): ProtocolChange {
  parseObject(body, 'a protocol');
  const given = parseBody(ProtocolBody, body, 'protocol');
  const { extended_attributes: extended } = given;
  return {
    scheme: given.scheme,
    hostname: given.hostname,
    port: given.port,
    prefix: given.prefix === null ? '' : given.prefix,
    impl: given.impl,
    domains: given.domains ?? undefined,
    extendedAttributes: extended === undefined ? undefined : parseExtendedAttributes(extended),
  };
}

/** A new protocol of that scheme. Throws InvalidObject without impl; srm needs web_service_path. */
export function parseNewProtocol(path: string, body: unknown): ProtocolSpec {
  const given = parseProtocolChange(body);
  const { impl, extendedAttributes = null } = given;
  if (impl === undefined) throw new InvalidObject('Problem validating protocol: impl is missing');
  if (path === 'srm' && extendedAttributes?.web_service_path === undefined) {
    throw new InvalidObject(
      'Problem validating protocol: srm needs web_service_path in extended_attributes',
    );
  }
  return {
    scheme: parseBody(scheme, path, 'scheme'),
    hostname: given.hostname ?? 'localhost',
    port: given.port ?? 0,
    prefix: given.prefix ?? '',
    impl,
    domains: given.domains ?? {},
    extendedAttributes,
  };
}

/** Which protocols the path means. */
export const parseProtocolKey = (key: string, hostname?: string, port?: string): ProtocolKey => ({
  scheme: key,
  hostname,
  port: parseInteger(port, 'port', { max: PORT_MAX }),
});
