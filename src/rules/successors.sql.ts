import { rows, sql, type Sql, type Tx } from '../db/index.js';
import { isOfRule } from '../locks/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type RankedFile } from './fill-copies.js';
import { type HandOver, isStaying } from './move-ground.js';
import { type WeightedRse } from './rendezvous.js';
import { bestFirst, has, shares } from './spread.sql.js';

/**
 * `files` (did_id, rule_id) as `s`, with their bytes, where they are (`has`), and their rule's RSEs
 * (`taken`: rses, and those of locks `l` for which the condition holds: staying).
 */
const ruled = (files: Sql, stays: Sql): Sql => sql`(
    SELECT f.did_id, f.rule_id, coalesce(d.bytes, 0) AS bytes FROM (${files}) f
     CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = f.did_id OFFSET 0) d) s
   CROSS JOIN ${has}
   CROSS JOIN LATERAL (
     SELECT coalesce(array_agg(l.rse_id), '{}') AS rses,
            coalesce(array_agg(l.rse_id) FILTER (WHERE ${stays}), '{}') AS staying FROM locks l
      WHERE l.did_id = s.did_id AND ${isOfRule(sql`l`, sql`s.rule_id`)} OFFSET 0) taken`;

/**
 * One more RSE for each of `files` (did_id, rule_id), in the order in which `ownCopies` would take them,
 * and none that the rule has a lock on. Gives (did_id, rule_id, rse_id, bytes).
 */
export const successors = (files: Sql, rses: readonly WeightedRse[]): Sql => sql`
  SELECT s.did_id, s.rule_id, p.rse_id, s.bytes FROM ${ruled(files, sql`true`)}
   CROSS JOIN LATERAL (
     SELECT x.rse_id FROM ${shares(rses)}
      WHERE x.rse_id <> ALL (taken.rses) ORDER BY ${bestFirst} LIMIT 1) p`;

/**
 * The same as `rankFiles` tells: a row a file, for slices only. What a file has where it leaves is none
 * of what the others have to fit.
 */
export const rankSuccessors = (
  tx: Tx,
  wish: HandOver,
  rses: readonly WeightedRse[],
): Promise<RankedFile[]> =>
  rows<RankedFile>(
    tx,
    sql`SELECT s.did_id AS "didId", s.bytes, 1 AS wanted, coalesce(has.stored, '{}') AS stored,
               taken.staying AS taken,
               ARRAY(SELECT x.rse_id FROM ${shares(rses)}
                      WHERE x.rse_id <> ALL (taken.rses) ORDER BY ${bestFirst}) AS ranked
          FROM ${ruled(wish.files, isStaying(wish))} ORDER BY s.did_id`,
  );

/** Bytes that copies (rse_id, bytes) would take at each RSE. */
export async function chargesOf(tx: Tx, copies: Sql): Promise<Map<RseId, bigint>> {
  const found = await rows<{ rseId: RseId; bytes: bigint }>(
    tx,
    sql`SELECT c.rse_id AS "rseId", sum(c.bytes)::bigint AS bytes FROM (${copies}) c GROUP BY c.rse_id`,
  );
  return new Map(found.map(({ rseId, bytes }) => [rseId, bytes]));
}
