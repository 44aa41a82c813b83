import { execute, rows, sql, type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';

/** The qualities of service of the RSEs asked for, by name. */
export async function qosPolicies(
  tx: Tx,
  rseIds: readonly RseId[],
): Promise<Map<RseId, readonly string[]>> {
  const found = await rows<{ rseId: RseId; policies: string[] }>(
    tx,
    sql`SELECT rse_id AS "rseId", array_agg(policy ORDER BY policy) AS policies
        FROM rse_qos_policies WHERE rse_id = ANY(${[...rseIds]}::int[]) GROUP BY rse_id`,
  );
  return new Map(found.map(({ rseId, policies }) => [rseId, policies]));
}

/** Adds a quality of service; false if the RSE has it already. */
export async function insertQosPolicy(tx: Tx, rseId: RseId, policy: string): Promise<boolean> {
  const added = await execute(
    tx,
    sql`INSERT INTO rse_qos_policies (rse_id, policy) VALUES (${rseId}, ${policy})
        ON CONFLICT (rse_id, policy) DO NOTHING`,
  );
  return added === 1;
}

/** Takes a quality of service away, if the RSE has it. */
export async function deleteQosPolicy(tx: Tx, rseId: RseId, policy: string): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM rse_qos_policies WHERE rse_id = ${rseId} AND policy = ${policy}`,
  );
}
