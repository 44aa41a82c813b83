import { execute, lit, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { Channel, type DidId, DidType } from '../vocabulary/index.js';

/**
 * Up to `limit` DIDs that no subscription has been asked about yet, oldest first, held until the
 * transaction ends; those that somebody else holds are passed over.
 */
export async function claimNewDids(tx: Tx, limit: number): Promise<DidId[]> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT id FROM dids WHERE is_new ORDER BY id LIMIT ${lit(limit)}
        FOR NO KEY UPDATE SKIP LOCKED`,
  );
  return found.map(({ id }) => id);
}

/** Those of these DIDs that nobody else holds, held until the transaction ends. */
export async function claimDids(tx: Tx, ids: readonly DidId[]): Promise<DidId[]> {
  const found = await rows<{ id: DidId }>(
    tx,
    sql`SELECT id FROM dids WHERE id = ANY(${[...ids]}::bigint[]) ORDER BY id
        FOR NO KEY UPDATE SKIP LOCKED`,
  );
  return found.map(({ id }) => id);
}

/** The subscriptions have been asked about these DIDs. */
export async function endNews(tx: Tx, ids: readonly DidId[]): Promise<void> {
  await execute(
    tx,
    sql`UPDATE dids SET is_new = false WHERE id = ANY(${[...ids]}::bigint[]) AND is_new`,
  );
}

/** For so long after its registration a DID is still being described. */
const DESCRIBED_WITHIN = sql`interval '1 day'`;

/**
 * Those of these DIDs (a query of ids) that were registered within a day are new again, because
 * something was said about them: a dataset is often described a moment after it was made, when the
 * subscriptions have been asked already. Older ones stay as they are, or a word about an old dataset
 * would bring back rules that have ended. Files only where a subscription was asked about them.
 *
 * The rows are locked first, whatever they say: a transmogrifier that holds one has not seen what is
 * being said, and takes the mark away when it commits.
 */
export async function renewDids(tx: Tx, ids: Sql, now: Date): Promise<void> {
  const young = await rows<{ id: DidId }>(
    tx,
    sql`SELECT d.id FROM dids d
        WHERE d.id IN (${ids}) AND d.created_at > ${now}::timestamptz - ${DESCRIBED_WITHIN}
          AND (d.type <> ${lit(DidType.FILE)} OR d.is_new IS NOT NULL)
        ORDER BY d.id FOR NO KEY UPDATE`,
  );
  if (young.length === 0) return;
  await execute(
    tx,
    sql`UPDATE dids SET is_new = true
        WHERE id = ANY(${young.map(({ id }) => id)}::bigint[]) AND is_new IS NOT TRUE`,
  );
  await ring(tx, Channel.NEW_DIDS);
}
