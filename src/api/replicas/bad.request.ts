import { Type } from 'typebox';
import { InvalidType, ValueError } from '../../errors/index.js';
import {
  type BadFileState,
  BadFileStateCodec,
  type DidName,
  Limits,
} from '../../vocabulary/index.js';
import {
  parseBool,
  parseDate,
  parseInteger,
  parseObject,
  parseParameters,
  parseText,
} from '../wire/index.js';

const reason = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]));
const items = { minItems: 1, maxItems: Limits.replicasPerRequest };
const pfn = Type.String({ minLength: 1, maxLength: 4096 });
const names = { scope: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) };

const force = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]));

const BadPfns = Type.Object({ reason, force, replicas: Type.Array(pfn, items) });
const BadNames = Type.Object({
  reason,
  force,
  replicas: Type.Array(
    Type.Object({
      ...names,
      rse: Type.Optional(Type.String({ minLength: 1 })),
      rse_id: Type.Optional(Type.String({ minLength: 1 })),
    }),
    items,
  ),
});

/** A copy by the names of its file and its RSE (or the RSE's id). */
export interface BadName extends DidName {
  readonly rse?: string;
  readonly rse_id?: string;
}

export interface BadDeclaration {
  readonly reason: string;
  /** What is known to be bad already is no complaint. */
  readonly force: boolean;
  readonly pfns: readonly string[];
  readonly names: readonly BadName[];
}

/** Copies by physical name or by name, not both at once. Throws InvalidType. */
export function parseBad(body: unknown): BadDeclaration {
  const { replicas } = parseObject(body, 'bad replicas');
  const kinds = new Set(Array.isArray(replicas) ? replicas.map((item) => typeof item) : []);
  if (kinds.size > 1) {
    throw new InvalidType('replicas takes physical names or objects with scope, name and rse');
  }
  if (kinds.has('object')) {
    const given = parseParameters(BadNames, body, 'bad replicas');
    if (given.replicas.some(({ rse, rse_id: id }) => rse === undefined && id === undefined)) {
      throw new InvalidType('A bad replica by name takes scope, name and either rse or rse_id');
    }
    return { ...said(given), pfns: [], names: given.replicas };
  }
  const given = parseParameters(BadPfns, body, 'bad replicas');
  return { ...said(given), pfns: given.replicas, names: [] };
}

const said = (given: { reason?: string | null; force?: boolean | null }) => ({
  reason: given.reason ?? '',
  force: given.force ?? false,
});

const BadDids = Type.Object({
  reason,
  rse: Type.String({ minLength: 1 }),
  dids: Type.Array(Type.Object(names), items),
});

export function parseBadDids(body: unknown): {
  readonly reason: string;
  readonly force: boolean;
  readonly rse: string;
  readonly dids: readonly DidName[];
} {
  const given = parseParameters(BadDids, body, 'bad dids');
  return { ...given, reason: given.reason ?? '', force: false };
}

const Suspicious = Type.Object({ reason, pfns: Type.Array(pfn, items) });

export function parseSuspicious(body: unknown): { reason: string; pfns: readonly string[] } {
  const given = parseParameters(Suspicious, body, 'suspicious replicas');
  return { reason: given.reason ?? '', pfns: given.pfns };
}

type Query = Readonly<Record<string, unknown>>;

export interface BadStatesQuestion {
  readonly state: BadFileState | undefined;
  readonly rse: string | undefined;
  readonly youngerThan: Date | undefined;
  readonly olderThan: Date | undefined;
  readonly limit: number | undefined;
  readonly listPfns: boolean;
}

export function parseBadStates(query: Query): BadStatesQuestion {
  const text = parseText(query['state'], 'state');
  const state = text ? BadFileStateCodec.parse(text) : undefined;
  if (text && state === undefined) {
    throw new ValueError(`state takes ${BadFileStateCodec.letters.join(', ')}`);
  }
  return {
    state,
    rse: parseText(query['rse'], 'rse') || undefined,
    youngerThan: parseDate(parseText(query['younger_than'], 'younger_than'), 'younger_than'),
    olderThan: parseDate(parseText(query['older_than'], 'older_than'), 'older_than'),
    limit: parseInteger(query['limit'], 'limit', { min: 1 }),
    listPfns: parseBool(query['list_pfns'], 'list_pfns'),
  };
}

export interface BadSummaryQuestion {
  readonly expression: string | undefined;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

export const parseBadSummary = (query: Query): BadSummaryQuestion => ({
  expression: parseText(query['rse_expression'], 'rse_expression') || undefined,
  from: parseDate(parseText(query['from_date'], 'from_date') || undefined, 'from_date'),
  to: parseDate(parseText(query['to_date'], 'to_date') || undefined, 'to_date'),
});

export interface SuspiciousQuestion {
  readonly expression: string | undefined;
  readonly since: Date | undefined;
  readonly cntMin: number;
}

export const parseSuspiciousQuestion = (query: Query): SuspiciousQuestion => ({
  expression: parseText(query['rse_expression'], 'rse_expression') || undefined,
  since: parseDate(parseText(query['younger_than'], 'younger_than'), 'younger_than'),
  cntMin: parseInteger(query['nattempts'], 'nattempts') ?? 0,
});

/** What is shown to a client about a state. */
export const badStateName = (state: BadFileState): string => BadFileStateCodec.name(state);
