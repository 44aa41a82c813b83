import { execute, sql, type Tx } from '../db/index.js';

/** Moves a rule into history. Its locks must be gone. */
export async function archiveRule(tx: Tx, ruleId: bigint, now: Date): Promise<void> {
  await execute(
    tx,
    sql`WITH gone AS (DELETE FROM rules WHERE id = ${ruleId} RETURNING *)
      INSERT INTO rules_history
      SELECT g.*, d.scope, d.name, d.type, ${now}::timestamptz
        FROM gone g JOIN dids d ON d.id = g.did_id`,
  );
}
