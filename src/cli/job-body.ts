import { parseDid, UsageError } from './service.js';

/** What `sluice job add` takes besides the service's options. */
export interface JobOptions {
  readonly scope?: string;
  readonly filter?: readonly string[];
  readonly type?: string;
  readonly content?: string;
  readonly list?: string;
  readonly from?: string;
  readonly to?: string;
  readonly copies?: string;
  readonly onlyAvailable?: boolean;
  readonly into?: string;
  readonly rse?: string;
  readonly targets?: string;
  readonly keepCopies?: boolean;
  readonly rseExpression?: string;
  readonly removeRules?: boolean;
  readonly rules?: readonly string[];
  readonly set?: readonly string[];
  readonly threshold?: string;
  readonly target?: string;
  readonly bytesMax?: string;
  readonly comment?: string;
}

/**
 * The body of `POST jobs` for a kind and options; the service says what of them the kind does not take.
 * `listed` is the text of the list of DIDs. Pure. Throws UsageError.
 */
export function jobBody(kind: string, options: JobOptions, listed?: string): object {
  const body = {
    kind,
    comment: options.comment,
    query: queryOf(options),
    content: options.content === undefined ? undefined : parseDid(options.content),
    dids: listed === undefined ? undefined : didsOf(listed),
    from: options.from,
    to: options.to,
    copies: numberOf('--copies', options.copies),
    only_available: options.onlyAvailable,
    into: options.into === undefined ? undefined : parseDid(options.into),
    rse: options.rse,
    targets: options.targets,
    keep_copies: options.keepCopies,
    rse_expression: options.rseExpression,
    remove_rules: options.removeRules,
    rules: options.rules && pairsOf('--rules', options.rules, ruleValue),
    change: options.set && pairsOf('--set', options.set, changeValue),
    threshold: numberOf('--threshold', options.threshold),
    target: numberOf('--target', options.target),
    bytes_max: numberOf('--bytes-max', options.bytesMax),
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function queryOf({ scope, filter, type }: JobOptions): object | undefined {
  if (scope === undefined) {
    if (filter === undefined && type === undefined) return undefined;
    throw new UsageError('In which scope? A query needs --scope');
  }
  return {
    scope,
    ...(filter && { filters: pairsOf('--filter', filter, filterValue) }),
    ...(type !== undefined && { type }),
  };
}

/** One DID a line; empty lines are passed over. */
const didsOf = (text: string): object[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => parseDid(line.trim()));

/** `key=value` each, the value as its key takes it. */
function pairsOf(
  option: string,
  pairs: readonly string[],
  valueOf: (text: string, key: string) => unknown,
): object {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`${option} takes KEY=VALUE, not '${pair}'`);
      const key = pair.slice(0, at);
      return [key, valueOf(pair.slice(at + 1), key)];
    }),
  );
}

/** JSON (a number, true, null) is that. */
const filterValue = (text: string): unknown =>
  /^(-?\d{1,15}(\.\d+)?|true|false|null)$/.test(text) ? JSON.parse(text) : text;

/** Names are texts, also where they are digits; of ids there may be several. */
const ruleValue = (text: string, key: string): unknown => (key === 'ids' ? text.split(',') : text);

const changeValue = (text: string, key: string): unknown =>
  text === 'null' || !['comment', 'activity'].includes(key) ? filterValue(text) : text;

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new UsageError(`${option} takes a number, not '${text}'`);
}
