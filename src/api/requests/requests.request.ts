import { ValueError } from '../../errors/index.js';
import { type RequestState, RequestStateCodec } from '../../vocabulary/index.js';
import { parseInteger, parseText } from '../wire/index.js';

type Query = Readonly<Record<string, unknown>>;

/** One end of the movements asked for: an RSE by name, or all of a site. */
export interface End {
  readonly kind: 'rse' | 'site';
  readonly name: string;
}

/** The movements asked for, in names. */
export interface AskedRequests {
  readonly source: End;
  readonly destination: End;
  readonly states: readonly RequestState[];
}

/** A page of the history. At most 10,000 rows. */
export interface AskedPage {
  readonly offset: number;
  readonly limit: number;
}

/**
 * Both ends (`src_rse` and `dst_rse`, or `src_site` and `dst_site`) and `request_states`: letters or
 * names, separated by commas. Throws ValueError for what is missing or no state.
 */
export function parseRequests(query: Query): AskedRequests {
  const states = demandText(query, 'request_states').split(',');
  const kind = parseText(query['src_site'], 'src_site') === undefined ? 'rse' : 'site';
  return {
    source: { kind, name: demandText(query, `src_${kind}`) },
    destination: { kind, name: demandText(query, `dst_${kind}`) },
    states: states.map(parseState),
  };
}

/** `offset` (default 0) and `limit` (default 100). */
export const parsePage = (query: Query): AskedPage => ({
  offset: parseInteger(query['offset'], 'offset') ?? 0,
  limit: parseInteger(query['limit'], 'limit', { max: 10_000 }) ?? 100,
});

function demandText(query: Query, key: string): string {
  const text = parseText(query[key], key);
  if (text) return text;
  throw new ValueError(`Parameter '${key}' is missing`, { key });
}

function parseState(text: string): RequestState {
  const state = RequestStateCodec.parse(text.trim());
  if (state) return state;
  const known = RequestStateCodec.letters.join(',');
  throw new ValueError(`Request state '${text}' is not one of ${known}`, { state: text });
}
