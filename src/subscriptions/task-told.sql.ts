import { execute, join, lit, sql, type Sql, type Tx } from '../db/index.js';
import { EventType, hex, tellFrom } from '../messages/index.js';
import { DidTypeCodec, Limits } from '../vocabulary/index.js';

/** A DID's type in the wire's words. */
const typeName = (letter: Sql): Sql => {
  const names = DidTypeCodec.letters.map(
    (it) => sql`WHEN ${lit(it)} THEN ${lit(DidTypeCodec.name(it))}`,
  );
  return sql`CASE ${letter} ${join(names, ' ')} END`;
};

/** The DIDs of task `t` as JSON, by their ids; null where there are too many to be named at once. */
export const contentOf: Sql = sql`CASE WHEN t.dids <= ${lit(Limits.taskDidsTold)} THEN coalesce((
  SELECT json_agg(json_build_object('scope', d.scope, 'name', d.name, 'did_type', ${typeName(sql`d.type`)})
                  ORDER BY d.id)
    FROM subscription_task_dids m JOIN dids d ON d.id = m.did_id WHERE m.task_id = t.id), '[]'::json) END`;

/** Tells that these tasks are NEW: made, or given back. A later statement than the one that made them so. */
export async function tellTasks(tx: Tx, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return;
  await execute(
    tx,
    tellFrom(
      EventType.SUBSCRIPTION_TASK,
      sql`SELECT json_build_object(
            'account', a.name, 'subscription', s.name, 'subscription_id', ${hex(sql`s.uid`)},
            'task', t.number, 'attempts', t.attempts, 'key', nullif(t.group_key, ''),
            'did_count', t.dids, 'files', t.files, 'bytes', t.bytes, 'dids', ${contentOf}) AS payload
            FROM subscription_tasks t JOIN subscriptions s ON s.id = t.subscription_id
            JOIN accounts a ON a.id = s.account_id
           WHERE t.id = ANY(${[...ids]}::bigint[]) ORDER BY t.subscription_id, t.number`,
    ),
  );
}
