import { InvalidObject } from '../errors/index.js';
import { parsePattern, type Pattern } from '../metadata/index.js';
import { DidType, DidTypeCodec, Limits, Patterns } from '../vocabulary/index.js';

/** One key of a filter: a DID has it where one of the patterns fits one of the key's texts. */
export interface Criterion {
  readonly key: string;
  readonly patterns: readonly Pattern[];
  /** A DID is wanted where none fits. */
  readonly excluded: boolean;
}

/** Which DIDs a subscription is about; everything it says must hold. */
export interface DidFilter {
  readonly types: readonly DidType[];
  /** Names of owners; null is anybody. */
  readonly accounts: readonly string[] | null;
  readonly criteria: readonly Criterion[];
  /** Bytes a file, inclusive; looked at where a DID's size is settled. */
  readonly minAvgFileSize: number | null;
  readonly maxAvgFileSize: number | null;
  /** Each copy becomes a rule of its own. */
  readonly splitRule: boolean;
}

/** Which kind of value the reference's schema asks of these keys. */
const LISTS: ReadonlySet<string> = new Set([
  'datatype',
  'prod_step',
  'stream_name',
  'project',
  'scope',
  'account',
]);
const TEXTS: ReadonlySet<string> = new Set([
  'pattern',
  'excluded_pattern',
  'group',
  'provenance',
  'grouping',
]);
/** Keys with another name than the metadata they are about. */
const ALIASES: Readonly<Record<string, string>> = {
  pattern: 'name',
  excluded_pattern: 'name',
  group: 'phys_group',
};

const COLLECTIONS: readonly DidType[] = [DidType.DATASET, DidType.CONTAINER];

/**
 * Reads a filter as clients write it: `pattern` and `excluded_pattern` (names),
 * `scope`, `account`, `did_type`, `min_avg_file_size`, `max_avg_file_size`, `split_rule`; any other
 * key is metadata, built in or own. Values are patterns, or lists of which one must fit, from the
 * beginning of the text. Without `did_type` it is about datasets and containers.
 *
 * Throws InvalidObject that names the key.
 */
export function parseFilter(filter: Readonly<Record<string, unknown>>): DidFilter {
  const own = Object.entries(filter).filter(([key]) => !SPECIAL.has(key));
  const parsed = {
    types: 'did_type' in filter ? typesOf(filter['did_type']) : COLLECTIONS,
    accounts: 'account' in filter ? accountsOf(filter['account']) : null,
    criteria: own.map(([key, value]) => criterionOf(key, value)),
    minAvgFileSize: sizeOf('min_avg_file_size', filter['min_avg_file_size']),
    maxAvgFileSize: sizeOf('max_avg_file_size', filter['max_avg_file_size']),
    splitRule: flagOf('split_rule', filter['split_rule']),
  };
  const patterns = parsed.criteria.reduce((sum, criterion) => sum + criterion.patterns.length, 0);
  if (patterns > Limits.filterPatterns) {
    throw new InvalidObject(
      `Problem validating filter: ${patterns} patterns, where ${Limits.filterPatterns} are allowed`,
      { field: 'filter' },
    );
  }
  return parsed;
}

const SPECIAL: ReadonlySet<string> = new Set([
  'did_type',
  'account',
  'min_avg_file_size',
  'max_avg_file_size',
  'split_rule',
]);

const wrong = (key: string, wanted: string): InvalidObject =>
  new InvalidObject(`Problem validating filter: ${key} must be ${wanted}`, {
    field: `filter.${key}`,
  });

function typesOf(value: unknown): DidType[] {
  return [value].flat().map((name) => {
    const type = typeof name === 'string' ? DidTypeCodec.parse(name) : undefined;
    if (type === undefined) throw wrong('did_type', `of ${DidTypeCodec.names.join(', ')}`);
    return type;
  });
}

function accountsOf(value: unknown): string[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : [];
  if (!Array.isArray(value) || !names.every(isAccount)) {
    throw wrong('account', 'a list of account names');
  }
  return names.filter(isAccount);
}

const isAccount = (name: unknown): name is string =>
  typeof name === 'string' && Patterns.account.test(name);

function sizeOf(key: string, value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value >= 0) return value;
  throw wrong(key, 'a number of bytes');
}

function flagOf(key: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw wrong(key, 'true or false');
}

function criterionOf(key: string, value: unknown): Criterion {
  if (LISTS.has(key) && !Array.isArray(value)) throw wrong(key, 'a list');
  if (TEXTS.has(key) && typeof value !== 'string') throw wrong(key, 'a text');
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return {
    key: ALIASES[key] ?? key,
    excluded: key === 'excluded_pattern',
    patterns: values.map((item) => parsePattern(plainText(key, item), `filter.${key}`)),
  };
}

/** A plain value as Python writes it. */
function plainText(key: string, value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  throw wrong(key, 'a text, a number, or a list of them');
}
