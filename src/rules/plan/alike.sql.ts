import { lits, rows, sql, type Sql, type Tx } from '../../db/index.js';
import { ReplicaState, type RseId } from '../../vocabulary/index.js';

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

/** Copies that rules before this one of the same plan are to have. */
export interface Before {
  /** SQL: (did_id, rses int[]); undefined is none. */
  readonly copies: Sql | undefined;
  /** By then they are there; else they are on their way. */
  readonly arrived: boolean;
  /** RSEs that cannot be written: a copy there is neither. */
  readonly shut: readonly RseId[];
}

/** Copies that are there or will be: another rule moves nothing there. */
const { AVAILABLE, BEING_DELETED, COPYING, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;
const isGood = isIn(AVAILABLE, COPYING, TEMPORARY_UNAVAILABLE);
const stays = isIn(AVAILABLE, COPYING, TEMPORARY_UNAVAILABLE, BEING_DELETED);

/**
 * The copies of file `f`, which are `h`, with those that rules before want of it: what to join, and the
 * list of all. Where there is no good copy of the file none can be made.
 */
export function withBefore(
  file: Sql,
  { copies, arrived, shut }: Before,
): { join: Sql; copies: Sql } {
  if (!copies) return { join: sql``, copies: sql`h.copies` };
  const letter = (state: ReplicaState) => sql`${state.charCodeAt(0)}::int`;
  const state = sql`CASE WHEN u.id <> ALL (${[...shut]}::int[])
      AND EXISTS (SELECT FROM unnest(h.copies) c WHERE ${isGood})
    THEN ${letter(arrived ? AVAILABLE : COPYING)} ELSE ${letter(UNAVAILABLE)} END`;
  return {
    join: sql`LEFT JOIN (
      SELECT b.did_id, array_agg(DISTINCT u.id ORDER BY u.id) AS rses
        FROM (${copies}) b CROSS JOIN LATERAL unnest(b.rses) u(id) GROUP BY b.did_id) e ON e.did_id = ${file}`,
    copies: sql`CASE WHEN e.rses IS NULL THEN h.copies ELSE
      ARRAY(SELECT c FROM unnest(h.copies) c WHERE ${stays} OR ${rseOf} <> ALL (e.rses) ORDER BY 1) || ARRAY(
      SELECT u.id::bigint * 256 + ${state} FROM unnest(e.rses) u(id)
       WHERE NOT EXISTS (SELECT FROM unnest(h.copies) c WHERE ${rseOf} = u.id AND ${stays})
       ORDER BY u.id) END`,
  };
}

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
 * What rules `before` want of them counts as theirs.
 */
export async function readAlike(tx: Tx, files: Sql, before: Before): Promise<Sql> {
  const all = withBefore(sql`f.did_id`, before);
  const alike = sql`
    SELECT f.unit, ${all.copies} AS copies, count(*) AS files, sum(${bytesOf(sql`f.did_id`)})::bigint AS bytes
      FROM (${files}) f CROSS JOIN ${copiesOf(sql`f.did_id`)} h ${all.join} GROUP BY 1, 2`;
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
