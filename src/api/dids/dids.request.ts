import { Type } from 'typebox';
import {
  InvalidObject,
  UnsupportedOperation,
  UnsupportedStatus,
  ValueError,
} from '../../errors/index.js';
import { expiryOf, type Meta } from '../../metadata/index.js';
import { type Filter, parseFilter, parseFilterArguments } from '../../metadata/query/index.js';
import {
  type DidName,
  DidType,
  DidTypeCodec,
  Limits,
  type NamingScheme,
} from '../../vocabulary/index.js';
import { readRule, type RequestedRule, RuleItem } from '../rules/rule-item.request.js';
import {
  orNull,
  parseBody,
  parseBool,
  parseInteger,
  parseObject,
  parseParameters,
  parseText,
  readPythonLiteral,
} from '../wire/index.js';
import { DidItem, MetaBody, type ParsedDidItem, readDidItems } from './did-item.request.js';
import { parseNewName } from './did-name.js';

const newDid = {
  type: Type.String(),
  statuses: orNull(Type.Object({ monotonic: orNull(Type.Boolean()) })),
  meta: orNull(MetaBody),
  rules: orNull(Type.Array(RuleItem, { maxItems: Limits.bulkItems })),
  lifetime: orNull(Type.Number()),
  dids: orNull(Type.Array(DidItem, { maxItems: Limits.attachmentsPerRequest })),
  rse: orNull(Type.String()),
};
const NewDid = Type.Object(newDid);
const NewDids = Type.Array(Type.Object({ scope: Type.String(), name: Type.String(), ...newDid }), {
  maxItems: Limits.bulkItems,
});

/** A dataset or container to add, with what is to be in it. */
export interface DidRequest extends DidName {
  readonly type: typeof DidType.DATASET | typeof DidType.CONTAINER;
  readonly monotonic: boolean;
  readonly meta: Meta;
  readonly dids: readonly ParsedDidItem[];
  readonly rse: string | null;
  readonly rules: readonly RequestedRule[];
}

interface GivenDid {
  readonly type: string;
  readonly statuses?: { readonly monotonic?: boolean | null } | null;
  readonly meta?: Meta | null;
  readonly rules?: readonly Parameters<typeof readRule>[0][] | null;
  readonly lifetime?: number | null;
  readonly dids?: Parameters<typeof readDidItems>[0] | null;
  readonly rse?: string | null;
}

/** What the reading of new DIDs turns on, besides what the client says. */
export interface NewDidTerms {
  readonly now: Date;
  readonly naming: NamingScheme;
}

function readNewDid(did: DidName, given: GivenDid, { now, naming }: NewDidTerms): DidRequest {
  const type = DidTypeCodec.parse(given.type);
  if (type === undefined) {
    throw new InvalidObject(`Problem validating type: '${given.type}' is no DID type`, {
      field: 'type',
    });
  }
  if (type === DidType.FILE) {
    throw new UnsupportedOperation('Files are registered with their replicas, not added like this');
  }
  // Read here, so that a lifetime is refused before anything is written.
  if (given.lifetime != null) expiryOf(given.lifetime, now);
  return {
    ...parseNewName(did, naming),
    type,
    monotonic: given.statuses?.monotonic ?? false,
    meta: { ...given.meta, ...(given.lifetime != null && { lifetime: given.lifetime }) },
    dids: readDidItems(given.dids ?? []),
    rse: given.rse || null,
    rules: (given.rules ?? []).map(readRule),
  };
}

/** The body of `POST dids/{scope}/{name}`. */
export function parseNewDid(did: DidName, body: unknown, terms: NewDidTerms): DidRequest {
  return readNewDid(did, parseParameters(NewDid, body, 'a DID'), terms);
}

/** The body of `POST dids`. */
export function parseNewDids(body: unknown, terms: NewDidTerms): DidRequest[] {
  return parseBody(NewDids, body, 'DIDs').map((given) => readNewDid(given, given, terms));
}

/** The body of `PUT dids/{scope}/{name}/status`: to be open or not. */
export function parseStatus(body: unknown): boolean {
  const given = parseObject(body, 'a status');
  const other = Object.keys(given).find((key) => key !== 'open');
  if (other !== undefined || !('open' in given)) {
    throw new UnsupportedStatus(`The status ${other ?? '(none)'} is not supported: use open`, {
      field: other,
    });
  }
  if (typeof given['open'] === 'boolean') return given['open'];
  throw new InvalidObject('Problem validating open: must be true or false', { field: 'open' });
}

/** The unit in which a DID's size is counted, or undefined where the stored size will do. */
export function parseDepth(value: unknown): 'FILE' | 'DATASET' | undefined {
  const text = parseText(value, 'dynamic_depth')?.toUpperCase();
  if (text === undefined || text === '' || text === 'NONE') return undefined;
  if (text === 'FILE' || text === 'DATASET') return text;
  throw new ValueError(`dynamic_depth takes FILE or DATASET, not '${text}'`);
}

/** A single DID type of a query, or undefined. */
export function parseType(value: unknown): DidType | undefined {
  const text = parseText(value, 'type');
  if (text === undefined || text === '') return undefined;
  const type = DidTypeCodec.parse(text);
  if (type !== undefined) return type;
  throw new UnsupportedOperation(`'${text}' is no DID type`, { type: text });
}

/** The query of `GET dids/{scope}/dids/search`. */
export interface SearchRequest {
  readonly filter: Filter;
  readonly long: boolean;
  readonly recursive: boolean;
  readonly limit: number | undefined;
}

/** Reads a search; filters are Python literals, older clients send plain parameters. */
export function parseSearch(query: Readonly<Record<string, unknown>>): SearchRequest {
  const filters = parseText(query['filters'], 'filters');
  const type = parseText(query['type'], 'type');
  return {
    filter:
      filters === undefined || filters === ''
        ? parseFilterArguments(query)
        : parseFilter(readPythonLiteral(filters), type),
    long: parseBool(query['long'], 'long'),
    recursive: parseBool(query['recursive'], 'recursive'),
    limit: parseInteger(query['limit'], 'limit', { min: 1 }),
  };
}
