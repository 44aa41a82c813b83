import { ident, join, lit, rows, sql, type Sql, type Tx } from '../../db/index.js';
import { codedStates, copyCode, type CopyFilter, shownCopies } from '../../replicas/index.js';
import { computedPath, mayClimb } from '../../rses/index.js';
import { type DidId, ReplicaStateCodec } from '../../vocabulary/index.js';
import { type LineForm } from './line-form.js';

/** Which files, and what their lines show. */
export interface LinesSpec {
  readonly ids: readonly DidId[];
  /** Those of `ids` that have a line even without a copy. */
  readonly named: readonly DidId[];
  readonly filter: CopyFilter;
  readonly form: LineForm;
  readonly resolveArchives: boolean;
}

/** Some lines of a page, in order. */
export interface LinePart {
  /** Undefined where a file among them needs more than the form tells: registered paths, archives, odd names. */
  readonly text: string | undefined;
  /** The files that it may tell of. */
  readonly ids: readonly DidId[];
}

/** A page's lines, and in how many groups of equal copies its files fell. */
export interface Lines {
  readonly parts: readonly LinePart[];
  readonly kinds: number;
}

/** Lines come in texts of some 10 kB: a long one costs Node more than the same in parts (measured). */
const FILES_A_ROW = 32;

/**
 * The lines of these files, in the order given, as presentListed writes them: some in each part,
 * without the newline behind the last of them. Parts without any line are left out.
 *
 * Files at the same RSEs differ in their names only, so what a row says of its copies is written once
 * for each such group, and filled in file by file.
 */
export async function fileLines(tx: Tx, spec: LinesSpec): Promise<Lines> {
  const found = await rows<{ part: bigint; odd: boolean; text: string; kinds: number }>(
    tx,
    linesStatement(spec),
  );
  const parts = found.map(({ part, odd, text }) => {
    const from = Number(part) * FILES_A_ROW;
    return { text: odd ? undefined : text, ids: spec.ids.slice(from, from + FILES_A_ROW) };
  });
  return { parts, kinds: found[0]?.kinds ?? 0 };
}

/** Names, scopes and hexadecimal digits stand in JSON as they are: a CHECK allows nothing else. */
const HEAD = sql`
  '{"adler32":' || coalesce('"' || lpad(to_hex(d.adler32), 8, '0') || '"', 'null') ||
  ',"name":"' || d.name || '","bytes":' || coalesce(d.bytes::text, 'null') ||
  ',"scope":"' || d.scope || '","md5":' ||
  coalesce('"' || replace(d.md5::text, '-', '') || '"', 'null')`;

function linesStatement(spec: LinesSpec): Sql {
  const { ids, named, filter, form } = spec;
  const paths = [...form.marks].map(([algorithm, mark], at) => ({
    mark,
    column: ident(`path${at}`),
    value: computedPath(algorithm, sql`d.scope`, sql`d.name`),
  }));
  const each = (piece: (path: (typeof paths)[number]) => Sql) =>
    paths.length === 0 ? sql`` : sql`, ${join(paths.map(piece), ', ')}`;
  const tail = paths.reduce(
    (text, { mark, column }) => sql`replace(${text}, ${mark}, l.${column})`,
    sql`t.tail`,
  );
  return sql`
    WITH way AS MATERIALIZED (${waysOf(form)}), rse AS MATERIALIZED (${rsesOf(form)}),
    file AS MATERIALIZED (
      SELECT i.at, d.id, ${HEAD} AS head, ${oddity(spec)} AS odd,
        ${shownCopies({ ...filter, withPaths: false }, copyCode(filter))} AS copies
        ${each(({ value, column }) => sql`${value} AS ${column}`)}
      FROM unnest(${[...ids]}::bigint[]) WITH ORDINALITY AS i(id, at) JOIN dids d ON d.id = i.id),
    alike AS MATERIALIZED (
      SELECT copies, odd, array_agg(at) AS ats, array_agg(head) AS heads
        ${each(({ column }) => sql`array_agg(${column}) AS ${column}`)}
      FROM file WHERE copies <> '{}' OR odd OR id = ANY(${[...named]}::bigint[]) GROUP BY copies, odd)
    SELECT (l.at - 1) / ${lit(FILES_A_ROW)} AS part, bool_or(a.odd) AS odd,
      string_agg(l.head || ${tail}, E'\n' ORDER BY l.at) AS text,
      (SELECT count(*)::int FROM alike) AS kinds
    FROM alike a CROSS JOIN LATERAL (${tailOf()} OFFSET 0) t
    CROSS JOIN LATERAL unnest(a.ats, a.heads ${each(({ column }) => sql`a.${column}`)})
      AS l(at, head ${each(({ column }) => column)})
    GROUP BY 1 ORDER BY 1`;
}

/** Whether a file needs more than the form tells. */
function oddity({ filter, form, resolveArchives }: LinesSpec): Sql {
  const reasons = [
    ...(form.marks.size > 0 ? [mayClimb(sql`d.scope`, sql`d.name`)] : []),
    ...(resolveArchives ? [sql`coalesce(d.constituent, false)`] : []),
    // A scalar subquery is never hashed, which would read the whole table.
    ...(filter.withPaths
      ? [sql`coalesce((SELECT true FROM replica_paths p WHERE p.did_id = d.id LIMIT 1), false)`]
      : []),
  ];
  return reasons.length === 0 ? sql`false` : sql`(${join(reasons, ' OR ')})`;
}

const waysOf = ({ ways }: LineForm): Sql => sql`
  SELECT * FROM unnest(${ways.map(({ rseId }) => rseId)}::int[],
    ${ways.map(({ before }) => before)}::text[], ${ways.map(({ after }) => after)}::text[])
    WITH ORDINALITY AS w(rse_id, before, after, rank)`;

const rsesOf = ({ rses }: LineForm): Sql => sql`
  SELECT * FROM unnest(${rses.map(({ id }) => id)}::int[], ${rses.map(({ key }) => key)}::text[],
    ${rses.map(({ listed }) => listed)}::text[], ${rses.map(({ rank }) => rank)}::int[])
    AS r(id, key, listed, rank)`;

const STATES = codedStates.map((state) => ReplicaStateCodec.name(state));

/** What a row says behind `md5` of copies a.copies, with marks where paths come. */
const tailOf = (): Sql => sql`
  SELECT ',"pfns":{' || coalesce(p.pfns, '') || '},"rses":{' || coalesce(s.rses, '') ||
         '},"states":{' || coalesce(s.states, '') || '}}' AS tail
  FROM (SELECT string_agg(n.before || n.priority || n.after, ',' ORDER BY n.rank) AS pfns
          FROM (SELECT w.*, row_number() OVER (ORDER BY w.rank) AS priority
                  FROM unnest(a.copies) AS c(code) JOIN way w ON w.rse_id = c.code >> 3) n) p,
       (SELECT string_agg(r.listed, ',' ORDER BY r.rank) AS rses,
               string_agg(r.key || '"' || (${STATES}::text[])[c.code & 7] || '"', ',' ORDER BY r.id)
                 AS states
          FROM unnest(a.copies) AS c(code) JOIN rse r ON r.id = c.code >> 3) s`;
