import { lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isLockOf, isMoving } from '../locks/index.js';
import { type DidId, ReplicaState, type RseId } from '../vocabulary/index.js';
import { type RankedFile } from './fill-copies.js';
import { type WeightedRse } from './rendezvous.js';

// Grouping NONE: each file goes where it is already, and else where its hash says.

/** States in which a copy is there, or will be. */
export const HELD = [
  ReplicaState.AVAILABLE,
  ReplicaState.COPYING,
  ReplicaState.TEMPORARY_UNAVAILABLE,
] as const;

/** The same in SQL. */
export const held = lits(HELD);

/**
 * Where file `s` is, where it is being deleted, and where it takes space already, whatever has become of
 * its copy: `has` (here, going, stored).
 */
export const has = sql`LATERAL (
      SELECT array_agg(h.rse_id) FILTER (WHERE h.state IN (${held})) AS here,
             array_agg(h.rse_id) FILTER (WHERE h.state = ${lit(ReplicaState.BEING_DELETED)}) AS going,
             array_agg(h.rse_id) AS stored
        FROM replicas h WHERE h.did_id = s.did_id) has`;

export const shares = (rses: readonly WeightedRse[]): Sql => sql`
        unnest(${rses.map((rse) => rse.rseId)}::int[], ${rses.map((rse) => rse.seed)}::bigint[],
                    ${rses.map((rse) => rse.weight)}::float8[]) x(rse_id, seed, weight)`;

/** Best first: by weighted rendezvous hashing over the file's id and the RSE's seed. */
export const bestFirst = sql`coalesce(x.rse_id = ANY (has.here), false) DESC,
                coalesce(x.rse_id = ANY (has.going), false),
                -ln((((hashint8extended(s.did_id, x.seed) >> 11) & 9007199254740991) | 1)::float8
                    / 9007199254740992.0) / x.weight,
                x.rse_id`;

/**
 * Copies of each file of `slice` on RSEs of its own. Files that the rule has locks on already are
 * left out.
 */
export const ownCopies = (ruleId: bigint, rses: readonly WeightedRse[], copies: number): Sql => sql`
  SELECT s.did_id, p.rse_id, s.bytes
    FROM slice s
    CROSS JOIN ${has}
    CROSS JOIN LATERAL (
      SELECT x.rse_id FROM ${shares(rses)}
       ORDER BY ${bestFirst}
       LIMIT ${lit(copies)}) p
   WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = s.did_id AND ${isLockOf(sql`l`, sql`${ruleId}::bigint`)} OFFSET 0)`;

/** What a placement of `files` by `copies` would charge at each RSE, in bytes. Writes nothing. */
export async function chargeOf(tx: Tx, files: Sql, copies: Sql): Promise<Map<RseId, bigint>> {
  const found = await rows<{ rseId: RseId; bytes: bigint }>(
    tx,
    sql`WITH slice AS MATERIALIZED (${files})
      SELECT p.rse_id AS "rseId", sum(p.bytes)::bigint AS bytes FROM (${copies}) p GROUP BY p.rse_id`,
  );
  return new Map(found.map(({ rseId, bytes }) => [rseId, bytes]));
}

/**
 * For each of `files` (did_id, bytes) that has fewer than `copies` locks of the rule, without those that
 * move away: the RSEs that it may still go to, in the order in which `ownCopies` would take them. A row a file: for slices only.
 */
export const rankFiles = (
  tx: Tx,
  rule: { readonly id: bigint; readonly copies: number },
  files: Sql,
  rses: readonly WeightedRse[],
): Promise<RankedFile[]> =>
  rows<RankedFile>(
    tx,
    sql`SELECT s.did_id AS "didId", s.bytes, ${rule.copies}::int - taken.count AS wanted,
               coalesce(has.stored, '{}') AS stored, taken.staying AS taken,
               ARRAY(SELECT x.rse_id FROM ${shares(rses)}
                      WHERE x.rse_id <> ALL (taken.rses) ORDER BY ${bestFirst}) AS ranked
          FROM (${files}) s
         CROSS JOIN ${has}
         CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE NOT ${isMoving(sql`l`)})::int AS count,
                  coalesce(array_agg(l.rse_id) FILTER (WHERE NOT ${isMoving(sql`l`)}), '{}') AS staying,
                  coalesce(array_agg(l.rse_id), '{}') AS rses
             FROM locks l WHERE l.did_id = s.did_id AND ${isLockOf(sql`l`, sql`${rule.id}::bigint`)}) taken
         WHERE taken.count < ${rule.copies}::int
         ORDER BY s.did_id`,
  );

/** Copies that were chosen one by one, of files that still exist: rows (did_id, rse_id, bytes). */
export const theseCopies = (
  copies: readonly { readonly didId: DidId; readonly rseId: RseId }[],
): Sql => sql`
  SELECT c.did_id, c.rse_id, coalesce(d.bytes, 0) AS bytes
    FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
                ${copies.map(({ rseId }) => rseId)}::int[]) c(did_id, rse_id)
    JOIN dids d ON d.id = c.did_id`;
