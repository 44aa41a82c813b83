import { ident, join, lit, only, sql, type Sql, type Tx } from '../db/index.js';
import { DescriptionColumns } from '../dids/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';
import { BUILT_IN_KEYS, TEXT_MAX } from './described-did.js';
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
  const found = await only<{
    last: DidId | null;
    seen: number;
    ids: DidId[] | null;
    to: DidId | null;
  }>(
    tx,
    sql`WITH candidates AS MATERIALIZED (
          SELECT d.id FROM dids d WHERE d.id > ${after}::bigint AND d.id <= ${until}::bigint AND ${ofType}
           ORDER BY d.id LIMIT ${lit(CANDIDATES)}),
        likely AS MATERIALIZED (
          SELECT d.id FROM dids d LEFT JOIN did_meta m ON m.did_id = d.id
           WHERE d.id IN (SELECT id FROM candidates)
             AND NOT d.hidden AND NOT d.suppressed
             AND (d.expired_at IS NULL OR d.expired_at > ${now}::timestamptz)
             AND ${necessary(filter)}
           ORDER BY d.id LIMIT ${lit(limit)})
        SELECT (SELECT max(id) FROM candidates) AS last,
               (SELECT array_agg(id ORDER BY id) FROM likely) AS ids,
               -- A page that is full stops where it is: what is behind it has not been looked at.
               CASE WHEN (SELECT count(*) FROM likely) >= ${lit(limit)}
                 THEN (SELECT max(id) FROM likely) END AS to,
               (SELECT count(*)::int FROM candidates c
                 WHERE (SELECT count(*) FROM likely) < ${lit(limit)}
                    OR c.id <= (SELECT max(id) FROM likely)) AS seen`,
  );
  const { ids, seen, last } = found;
  const isLast = found.to === null && (last === null || seen < CANDIDATES);
  return { ids: ids ?? [], seen, to: isLast ? until : (found.to ?? last ?? until), isLast };
}

/** A condition over `d` (its DID) and `m` (its own metadata) without which a filter is not about a DID. */
function necessary({ accounts, criteria }: DidFilter): Sql {
  const owned =
    accounts === null
      ? sql`true`
      : sql`d.account_id IN (SELECT a.id FROM accounts a WHERE a.name = ANY(${[...accounts]}::text[]))`;
  return join([owned, ...criteria.map(condition)], ' AND ');
}

function condition(criterion: Criterion): Sql {
  const { key, excluded } = criterion;
  const text = textOf(key);
  if (text === undefined) return sql`true`;
  if (!BUILT_IN_KEYS.has(key)) {
    // Lists, numbers and objects become texts in their own way: that is looked at afterwards.
    return sql`m.meta ? ${key}::text AND (jsonb_typeof(m.meta -> ${key}::text) <> 'string' OR ${fits(criterion, text)})`;
  }
  return excluded ? sql`NOT ${fits(criterion, text)}` : fits(criterion, text);
}

/** The text of a key as Python writes it; undefined where SQL cannot tell. */
function textOf(key: string): Sql | undefined {
  if (key === 'scope' || key === 'name') return sql`d.${ident(key)}`;
  if (!BUILT_IN_KEYS.has(key)) return sql`left(m.meta ->> ${key}::text, ${lit(TEXT_MAX)})`;
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
