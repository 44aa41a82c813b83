import {
  DIDFilterSyntaxError,
  DuplicateCriteriaInDIDFilter,
  UnsupportedOperation,
} from '../../errors/index.js';
import { DidType, DidTypeCodec } from '../../vocabulary/index.js';
import { isOwnKey } from './columns.js';
import { type Criterion, type Filter, type Group, type Operator, Operators } from './filter.js';
import { valueOf } from './value.js';

/** One group as a client sent it: criteria by `key` or `key.operator`. */
export type GivenGroup = ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>;

const ALL = Object.values(DidType);
const COLLECTIONS = [DidType.DATASET, DidType.CONTAINER];

/** The words that ask for one more operator under another name. */
const ALIASES: ReadonlyMap<string, readonly [string, Operator]> = new Map([
  ['created_after', ['created_at', 'gte']],
  ['created_before', ['created_at', 'lte']],
]);

const wrong = (key: string, problem: string): DIDFilterSyntaxError =>
  new DIDFilterSyntaxError(`filters: ${key} ${problem}`, { key });

/** The DID types of `collection`, `all` or a single type, in any case. Throws UnsupportedOperation. */
function typesOf(given: unknown): readonly DidType[] {
  const word = typeof given === 'string' ? given.toLowerCase() : '';
  if (word === 'all') return ALL;
  if (word === 'collection') return COLLECTIONS;
  const type = DidTypeCodec.letter(word);
  if (type !== undefined) return [type];
  throw new UnsupportedOperation(
    `type takes all, collection, container, dataset or file, not '${typeof given === 'string' ? given : JSON.stringify(given)}'`,
    { type: given },
  );
}

/** `key` or `key.operator`, aliases resolved. */
function splitKey(given: string): [string, Operator] {
  const [key = '', operator = 'eq', ...more] = given.split('.');
  if (key === '' || more.length > 0) throw wrong(`'${given}'`, 'is not key or key.operator');
  const alias = ALIASES.get(key);
  if (alias) {
    if (given !== key) throw wrong(key, 'takes no operator');
    return [...alias];
  }
  const known = Operators.find((known) => known === operator);
  if (!known) throw wrong(key, `has no operator '${operator}'; there are ${Operators.join(', ')}`);
  return [key, known];
}

/** Text that PostgreSQL cannot hold: NUL, and halves of characters. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** One criterion, or undefined where the value is a lone wildcard and asks for nothing. */
function criterionOf(given: string, raw: unknown): Criterion | undefined {
  const [key, operator] = splitKey(given);
  if (UNSTORABLE.test(key) || (typeof raw === 'string' && UNSTORABLE.test(raw))) {
    throw wrong(JSON.stringify(key), 'has characters that cannot be stored');
  }
  const value = valueOf(raw);
  if (!value) throw wrong(key, 'takes a single text, number, boolean or None');
  const ordered = operator !== 'eq' && operator !== 'ne';
  if (ordered && value.kind === 'like') throw wrong(key, `takes no wildcard with ${operator}`);
  if (ordered && value.kind === 'missing') throw wrong(key, `takes a value with ${operator}`);
  if (ordered && key === 'name') throw wrong(key, 'can be equal (or ne) only');
  if (raw === '*' || raw === '%') return undefined;
  return { key, operator, value };
}

function criteriaOf(entries: Iterable<readonly [string, unknown]>): Criterion[] {
  const criteria = new Map<string, Criterion | undefined>();
  for (const [given, raw] of entries) {
    const slot = splitKey(given).join('.');
    if (criteria.has(slot)) {
      throw new DuplicateCriteriaInDIDFilter(`filters: ${slot} is asked twice in one group`, {
        key: given,
      });
    }
    criteria.set(slot, criterionOf(given, raw));
  }
  return [...criteria.values()].filter((criterion) => criterion !== undefined);
}

/** Rucio's own metadata may be narrowed by these columns and still is a search of own metadata. */
const BESIDE_OWN = new Set(['name', 'scope', 'created_at']);

/**
 * Rucio ignores the type in a search of own metadata alone, and clients send `collection` where the
 * user said nothing: there it means all types. Any other type was meant, and is kept.
 */
function typesFor(type: unknown, criteria: readonly Criterion[]): readonly DidType[] {
  const types = typesOf(type);
  const ownOnly =
    criteria.some(({ key }) => isOwnKey(key)) &&
    criteria.every(({ key }) => isOwnKey(key) || BESIDE_OWN.has(key));
  return types === COLLECTIONS && ownOnly ? ALL : types;
}

function groupOf(given: unknown, defaultType: string): Group {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new DIDFilterSyntaxError('filters: each group is a dict of criteria');
  }
  const entries =
    given instanceof Map
      ? [...(given as GivenGroup & Map<string, unknown>)]
      : Object.entries(given);
  const named = entries.filter(([key]) => key !== 'type') as [string, unknown][];
  const told = entries.find(([key]) => key === 'type');
  const criteria = criteriaOf(named);
  if (told) return { types: typesOf(told[1]), criteria };
  return { types: typesFor(defaultType, criteria), criteria };
}

/**
 * Reads a search: a list of groups (any of them), or one group, as the `filters` of a client give
 * them once read. `type` is the type of groups that name none: collection, container, dataset, file
 * or all. Nothing at all, and an empty list, ask for every DID of the type.
 *
 * Throws DIDFilterSyntaxError or DuplicateCriteriaInDIDFilter that name the key, and
 * UnsupportedOperation for a type that does not exist.
 */
export function parseFilter(given: unknown, type = 'collection'): Filter {
  const groups =
    given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
  const asked: readonly unknown[] = groups.length === 0 ? [{}] : groups;
  return { groups: asked.map((group) => groupOf(group, type)) };
}

/** Query parameters that are no criteria. */
const PARAMETERS = new Set(['filters', 'type', 'long', 'recursive', 'limit']);

/** Reads a search from plain query parameters, as old clients send it: `?name=a*&project=x`. */
export function parseFilterArguments(query: Readonly<Record<string, unknown>>): Filter {
  for (const [key, value] of Object.entries(query)) {
    if (!Array.isArray(value)) continue;
    throw new DuplicateCriteriaInDIDFilter(`filters: ${key} is asked twice`, { key });
  }
  const criteria = Object.entries(query).filter(([key]) => !PARAMETERS.has(key));
  const { type } = query;
  return parseFilter(new Map(criteria), typeof type === 'string' ? type : undefined);
}
