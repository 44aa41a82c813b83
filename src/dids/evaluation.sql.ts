import { execute, lit, rows, sql, type Tx } from '../db/index.js';
import { type DidId, type DidType, Evaluation } from '../vocabulary/index.js';

/** A collection whose content changed, with the bounds of the children to look at. */
export interface DueEvaluation {
  readonly id: bigint;
  readonly didId: DidId;
  readonly didType: DidType;
  readonly childFrom: bigint;
  readonly childTo: bigint;
  readonly action: Evaluation;
}

/**
 * The oldest evaluations that nobody works on, at most so many, held until the end of the transaction.
 * One is removed in the transaction that drew its consequences and no sooner: until then the reaper
 * leaves the collection's files alone.
 */
export async function claimEvaluations(tx: Tx, limit: number): Promise<DueEvaluation[]> {
  return await rows<DueEvaluation>(
    tx,
    sql`SELECT u.id, u.did_id AS "didId", d.type AS "didType", u.child_from AS "childFrom",
               u.child_to AS "childTo", u.action
          FROM updated_dids u JOIN dids d ON d.id = u.did_id
         ORDER BY u.id LIMIT ${lit(limit)} FOR UPDATE OF u SKIP LOCKED`,
  );
}

/** The evaluations have had their consequences. */
export async function endEvaluations(tx: Tx, ids: readonly bigint[]): Promise<void> {
  await execute(tx, sql`DELETE FROM updated_dids WHERE id = ANY (${[...ids]}::bigint[])`);
}

/** The evaluation has had its consequences for the children before `childFrom`. */
export async function narrowEvaluation(tx: Tx, id: bigint, childFrom: bigint): Promise<void> {
  await execute(
    tx,
    sql`UPDATE updated_dids SET child_from = ${childFrom}::bigint WHERE id = ${id}`,
  );
}

/**
 * Collections that came below a container: all their content is new to the rules above. Gives how
 * many there are between the bounds.
 */
export async function evaluateChildren(tx: Tx, parent: DueEvaluation): Promise<number> {
  const added = await rows(
    tx,
    sql`INSERT INTO updated_dids (did_id, child_from, child_to, action)
        SELECT child_id, 0, 9223372036854775807, ${Evaluation.ATTACH}
          FROM contents
         WHERE parent_id = ${parent.didId} AND child_id BETWEEN ${parent.childFrom} AND ${parent.childTo}
         ORDER BY child_id
        RETURNING id`,
  );
  return added.length;
}
