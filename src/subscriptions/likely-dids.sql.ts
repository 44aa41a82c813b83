import { ident, join, lit, only, sql, type Sql, type Tx } from '../db/index.js';
import { DescriptionColumns } from '../dids/index.js';
import { isOwnKey } from '../metadata/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';
import { TEXT_MAX } from './described-did.js';
import { type Criterion, type DidFilter } from './did-filter.js';

/** DIDs that one statement looks at, whether they match or not. */
const CANDIDATES = 10_000;

/** Where a walk over all DIDs, in the order of their ids, stands. */
export interface Walk {
  /** The last DID that was dealt with. */
  readonly after: DidId;
  /** The last one that is to be. */
  readonly until: DidId;
  /** DIDs that may match, at most so many. */
  readonly limit: number;
  readonly now: Date;
}

/** The next DIDs of a walk that may match. */
export interface WalkPage {
  readonly ids: readonly DidId[];
  /** DIDs looked at, of the types that the filter is about. */
  readonly seen: number;
  /** Where the walk stands then. */
  readonly to: DidId;
  /** Nothing is left. */
  readonly isLast: boolean;
}

/**
 * The next DIDs that a filter may be about: what of it SQL can tell holds for them, so that those that
 * do not match hardly ever leave the database. Hidden, suppressed and expired ones are left out. Looks
 * at 10,000 DIDs at most; a filter about collections passes over files without reading them.
 */
export async function likelyDids(
  tx: Tx,
  filter: DidFilter,
  { after, until, limit, now }: Walk,
): Promise<WalkPage> {
  const types = filter.types.map((type) => sql`${lit(type)}`);
  const ofType = filter.types.includes(DidType.FILE)
    ? sql`d.type IN (${join(types, ', ')})`
    : sql`d.is_open IS NOT NULL AND d.type IN (${join(types, ', ')})`;
  const { ids, seen, last } = await only<Found>(
    tx,
    sql`WITH candidates AS MATERIALIZED (
          SELECT d.id, NOT d.hidden AND NOT d.suppressed
                   AND (d.expired_at IS NULL OR d.expired_at > ${now}::timestamptz)
                   AND ${necessary(filter)} AS fits
            FROM dids d WHERE d.id > ${after}::bigint AND d.id <= ${until}::bigint AND ${ofType}
           ORDER BY d.id LIMIT ${lit(CANDIDATES)})
        SELECT p.ids, p.last,
               -- A page that is full stops where it is: what is behind it has not been looked at.
               (SELECT count(*)::int FROM candidates c
                 WHERE cardinality(p.ids) < ${lit(limit)} OR c.id <= p.ids[cardinality(p.ids)]) AS seen
          FROM (SELECT coalesce((array_agg(id ORDER BY id) FILTER (WHERE fits))[1:${lit(limit)}], '{}') AS ids,
                       max(id) AS last
                  FROM candidates) p`,
  );
  const isFull = ids.length >= limit;
  const isLast = !isFull && seen < CANDIDATES;
  const stop = isFull ? ids.at(-1) : last;
  return { ids, seen, to: isLast ? until : (stop ?? until), isLast };
}

interface Found {
  readonly ids: readonly DidId[];
  readonly seen: number;
  /** The last DID looked at; null where none was. */
  readonly last: DidId | null;
}

/**
 * A condition over `d` without which a filter is not about a DID. Own metadata is looked up DID by DID,
 * and only where the rest holds: joined, all that there is might be read.
 */
function necessary({ accounts, criteria }: DidFilter): Sql {
  const owned =
    accounts === null
      ? sql`true`
      : sql`d.account_id = ANY(ARRAY(SELECT a.id FROM accounts a WHERE a.name = ANY(${[...accounts]}::text[])))`;
  const own = criteria.filter(({ key }) => isOwnKey(key)).map(ownCondition);
  const described =
    own.length === 0
      ? sql`true`
      : sql`coalesce((SELECT ${join(own, ' AND ')} FROM did_meta m WHERE m.did_id = d.id), false)`;
  const builtIn = criteria.filter(({ key }) => !isOwnKey(key)).map(builtInCondition);
  return join([owned, ...builtIn, described], ' AND ');
}

function builtInCondition(criterion: Criterion): Sql {
  const text = textOf(criterion.key);
  if (text === undefined) return sql`true`;
  return criterion.excluded ? sql`NOT ${fits(criterion, text)}` : fits(criterion, text);
}

/** Lists, numbers and objects become texts in their own way: that is looked at afterwards. */
function ownCondition(criterion: Criterion): Sql {
  const { key } = criterion;
  const text = sql`left(m.meta ->> ${key}::text, ${lit(TEXT_MAX)})`;
  return sql`m.meta ? ${key}::text AND (jsonb_typeof(m.meta -> ${key}::text) <> 'string' OR ${fits(criterion, text)})`;
}

/** The text of a built-in key as Python writes it; undefined where SQL cannot tell. */
function textOf(key: string): Sql | undefined {
  if (key === 'scope' || key === 'name') return sql`d.${ident(key)}`;
  if (!Object.hasOwn(DescriptionColumns, key)) return undefined;
  const column = sql`d.${ident(key)}`;
  switch (DescriptionColumns[key as keyof typeof DescriptionColumns]) {
    case 'text':
      return sql`coalesce(left(${column}, ${lit(TEXT_MAX)}), 'None')`;
    case 'bigint':
    case 'int':
      return sql`coalesce(${column}::text, 'None')`;
    case 'boolean':
      return sql`CASE WHEN ${column} IS NULL THEN 'None' WHEN ${column} THEN 'True' ELSE 'False' END`;
    case 'timestamptz':
    case 'uuid':
      return undefined;
  }
}

function fits({ patterns }: Criterion, text: Sql): Sql {
  const prefixes = patterns.flatMap((it) => (it.kind === 'prefix' ? [it.text] : []));
  const regexes = patterns.flatMap((it) => (it.kind === 'regex' ? [it.regex] : []));
  return sql`((${text}) COLLATE "C" ~ ANY(${regexes}::text[]) OR EXISTS (
    SELECT FROM unnest(${prefixes}::text[]) AS p(prefix) WHERE starts_with((${text}) COLLATE "C", p.prefix)))`;
}
