import { lits, rows, sql, type Sql, type Tx } from '../../db/index.js';
import { type ReplicaState, type RseId } from '../../vocabulary/index.js';

// Files are told apart only by where their copies are, and in which states: what a plan reckons with is
// some groups of files that are alike, however many files there are.

/** A copy as one number, where and in which state: comparing a million lists of these is cheap. */
const coded = sql`r.rse_id::bigint * 256 + r.state::int`;

/** From such a number `c`: where the copy is. */
const rseOf = sql`(c / 256)::int`;

/** Condition on such a number `c`: the copy is in one of these states. */
export const isIn = (...states: readonly ReplicaState[]): Sql =>
  sql`c % 256 IN (${lits(states.map((state) => state.charCodeAt(0)))})`;

/** The RSEs of those copies of group `g` that fit a condition. */
export const rsesWhere = (condition: Sql): Sql =>
  sql`ARRAY(SELECT ${rseOf} FROM unnest(g.copies) c WHERE ${condition} ORDER BY 1)`;

/** The copies of file `f`, each as such a number, and how large one of them is. OFFSET 0: a probe a file. */
export const copiesOf = (file: Sql): Sql => sql`
  LATERAL (SELECT array_agg(${coded}) AS copies, max(r.bytes) AS bytes
             FROM replicas r WHERE r.did_id = ${file} OFFSET 0)`;

/** How large a file is whose copies are `h`; of one that has none the catalogue knows. */
export const bytesOf = (file: Sql): Sql =>
  sql`coalesce(h.bytes, (SELECT n.bytes FROM dids n WHERE n.id = ${file}), 0)`;

/** Of a million files there may be as many groups, which then stay where they are. */
const GROUPS_MAX = 20_000;

interface AlikeRow {
  readonly unit: number;
  readonly copies: string | null;
  readonly files: bigint;
  readonly bytes: bigint;
}

/**
 * SQL for the groups of `files` (unit, did_id): (unit, copies, files, bytes), a unit's files that are alike.
 * They are looked at once, where there are few groups, and else each time that the groups are asked for.
 */
export async function readAlike(tx: Tx, files: Sql): Promise<Sql> {
  const alike = sql`
    SELECT f.unit, h.copies, count(*) AS files, sum(${bytesOf(sql`f.did_id`)})::bigint AS bytes
      FROM (${files}) f CROSS JOIN ${copiesOf(sql`f.did_id`)} h GROUP BY f.unit, h.copies`;
  const found = await rows<AlikeRow>(
    tx,
    sql`SELECT a.unit, a.copies::text, a.files, a.bytes FROM (${alike}) a LIMIT ${GROUPS_MAX + 1}::int`,
  );
  if (found.length > GROUPS_MAX) return alike;
  return sql`
    SELECT g.unit, g.copies::bigint[] AS copies, g.files, g.bytes
      FROM unnest(${found.map(({ unit }) => unit)}::int[], ${found.map(({ copies }) => copies)}::text[],
                  ${found.map(({ files: count }) => count)}::bigint[],
                  ${found.map(({ bytes }) => bytes)}::bigint[]) g(unit, copies, files, bytes)`;
}

/** What an RSE has of a unit, in bytes. */
export interface PresenceRow {
  readonly unit: number;
  readonly rseId: RseId;
  readonly heldBytes: bigint;
  readonly inDeletion: boolean;
  readonly knownBytes: bigint;
}

/** What these RSEs have of each unit: copies in one of `held` states are there, or will be. */
export const presences = (
  tx: Tx,
  alike: Sql,
  rseIds: readonly RseId[],
  { held, going }: { readonly held: readonly ReplicaState[]; readonly going: ReplicaState },
): Promise<PresenceRow[]> =>
  rows<PresenceRow>(
    tx,
    sql`SELECT a.unit, ${rseOf} AS "rseId",
               coalesce(sum(a.bytes) FILTER (WHERE ${isIn(...held)}), 0)::bigint AS "heldBytes",
               bool_or(${isIn(going)}) AS "inDeletion", sum(a.bytes)::bigint AS "knownBytes"
          FROM (${alike}) a CROSS JOIN LATERAL unnest(a.copies) c
         WHERE ${rseOf} = ANY (${[...rseIds]}::int[])
         GROUP BY 1, 2`,
  );

/** How many files each unit has, and their bytes; one without files is not among them. */
export const sizesAlike = (
  tx: Tx,
  alike: Sql,
): Promise<{ readonly unit: number; readonly files: bigint; readonly bytes: bigint }[]> =>
  rows(
    tx,
    sql`SELECT a.unit, sum(a.files)::bigint AS files, sum(a.bytes)::bigint AS bytes
          FROM (${alike}) a GROUP BY a.unit`,
  );
