import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type ImportedRse, type ProtocolSpec, type RseTraits } from '../../rses/index.js';
import { Limits, parseWireId } from '../../vocabulary/index.js';
import { parseNewProtocol } from '../rses/protocols.request.js';
import { parseNewRse, parseRseName } from '../rses/rses.request.js';
import { MOST_BYTES, parseQosPolicy } from '../rses/settings.request.js';
import { parseBody, parseDate } from '../wire/index.js';

/** A storage element to import. */
export type RequestedRse = ImportedRse;

type Given = Readonly<Record<string, unknown>>;

const key = Type.String({ minLength: 1, maxLength: Limits.attributeKeyLength });
const bytes = Type.Integer({ minimum: -MOST_BYTES, maximum: MOST_BYTES });
const value = Type.Union([
  Type.String({ maxLength: Limits.attributeValueLength }),
  Type.Boolean(),
  Type.Number(),
  Type.Null(),
]);

const RseBody = Type.Object({
  id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  attributes: Type.Optional(Type.Union([Type.Record(key, value), Type.Null()])),
  lfn2pfn_algorithm: Type.Optional(value),
  verify_checksum: Type.Optional(value),
  protocols: Type.Optional(
    Type.Union([Type.Array(Type.Record(Type.String(), Type.Unknown())), Type.Null()]),
  ),
  MinFreeSpace: Type.Optional(Type.Union([bytes, Type.Null()])),
  limits: Type.Optional(Type.Union([Type.Record(key, bytes), Type.Null()])),
  qos_policies: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
});

/** One storage element of an export, ours or Rucio's. Throws InvalidObject that names it. */
export function parseImportedRse(name: string, body: Given): RequestedRse {
  parseRseName(name);
  const given = parseBody(RseBody, body, `RSE ${name}`);
  const attributes = parseAttributes(given);
  return {
    name,
    uid: parseId(name, given.id ?? null),
    createdAt: parseDate(body.created_at, 'created_at') ?? null,
    updatedAt: parseDate(body.updated_at, 'updated_at') ?? null,
    traits: { ...traitsOf(attributes), ...parseNewRse(withOneAvailability(body)) },
    attributes,
    protocols: parseProtocols(name, given.protocols ?? []),
    limits: parseLimits(given),
    qosPolicies: [...new Set(given.qos_policies ?? [])].map(parseQosPolicy),
  };
}

/** Of the number and the three truth values the latter count: Rucio's number may be an old one. */
function withOneAvailability({ availability, ...rest }: Given): Given {
  const told = Object.keys(rest).some((name) => name.startsWith('availability_'));
  return told ? rest : { ...rest, ...(availability !== undefined && { availability }) };
}

/** What an export says by attributes alone. */
function traitsOf({ continent, ISP: isp, ASN: asn }: Readonly<Record<string, string>>): RseTraits {
  return {
    ...(continent !== undefined && { continent }),
    ...(isp !== undefined && { isp }),
    ...(asn !== undefined && { asn }),
  };
}

/** The two settings that exports tell twice are attributes where they are not the usual ones. */
function parseAttributes(given: {
  readonly attributes?: Given | null;
  readonly lfn2pfn_algorithm?: unknown;
  readonly verify_checksum?: unknown;
}): Record<string, string> {
  const { lfn2pfn_algorithm: algorithm, verify_checksum: verify } = given;
  const all: Given = {
    ...(algorithm !== 'hash' && { lfn2pfn_algorithm: algorithm }),
    ...(verify !== true && { verify_checksum: verify }),
    ...given.attributes,
  };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, item]) => item !== null && item !== undefined)
      .map(([name, item]) => [name, attributeText(String(item))]),
  );
}

const attributeText = (text: string): string =>
  /^(true|false)$/i.test(text) ? text.toLowerCase() : text;

function parseLimits(given: {
  readonly MinFreeSpace?: number | null;
  readonly limits?: Readonly<Record<string, number>> | null;
}): Record<string, bigint> {
  const { MinFreeSpace, limits } = given;
  const all = {
    ...(typeof MinFreeSpace === 'number' && { MinFreeSpace }),
    ...limits,
  };
  return Object.fromEntries(Object.entries(all).map(([name, limit]) => [name, BigInt(limit)]));
}

function parseProtocols(rse: string, given: readonly Given[]): ProtocolSpec[] {
  const protocols = given.map((body) => {
    const { scheme } = parseBody(Type.Object({ scheme: Type.String() }), body, `RSE ${rse}`);
    return parseNewProtocol(scheme, body);
  });
  const keys = protocols.map(({ scheme, hostname, port }) => `${scheme}://${hostname}:${port}`);
  const twice = keys.find((each, at) => keys.indexOf(each) !== at);
  if (twice === undefined) return protocols;
  throw new InvalidObject(`Problem validating RSE ${rse}: two protocols are ${twice}`, { rse });
}

function parseId(rse: string, id: string | null): string | null {
  if (id === null) return null;
  const uid = parseWireId(id);
  if (uid !== undefined) return uid;
  throw new InvalidObject(`Problem validating RSE ${rse}: id takes 32 hexadecimal digits`, { rse });
}
