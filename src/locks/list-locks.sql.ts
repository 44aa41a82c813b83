import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { datasetsBelow } from '../dids/index.js';
import {
  type DidId,
  DidType,
  LockState,
  RuleGrouping,
  type RseId,
  type RuleId,
} from '../vocabulary/index.js';

/** A rule's hold on one copy, with the file's name. */
export interface NamedLock {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly scope: string;
  readonly name: string;
  readonly state: LockState;
}

const PAGE = 10_000;

/** The locks of a rule in the order of their files, page by page, nothing held between pages. */
export async function* locksOfRule(
  read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  ruleId: RuleId,
): AsyncGenerator<NamedLock> {
  for (let after = { didId: -1n, rseId: -1 }; ;) {
    const page = await read((tx) =>
      rows<NamedLock>(
        tx,
        sql`SELECT l.did_id AS "didId", l.rse_id AS "rseId", d.scope, d.name, l.state
              FROM locks l JOIN dids d ON d.id = l.did_id
             WHERE l.rule_id = ${ruleId}
               AND (l.did_id, l.rse_id) > (${after.didId}::bigint, ${after.rseId}::int)
             ORDER BY l.did_id, l.rse_id LIMIT ${lit(PAGE)}`,
      ),
    );
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last;
  }
}

/** A rule's hold on a dataset at one RSE, derived from the locks on its files. */
export interface DatasetLock {
  readonly datasetId: DidId;
  readonly scope: string;
  readonly name: string;
  readonly rseId: RseId;
  readonly ruleUid: string;
  readonly account: string;
  readonly state: LockState;
  /** Null while the dataset is open. */
  readonly length: bigint | null;
  readonly bytes: bigint | null;
  /** When the dataset was last read, as traces tell. */
  readonly accessedAt: Date | null;
}

/**
 * The dataset locks of the datasets that `datasets` gives (id), at one RSE or everywhere: a rule that
 * keeps datasets together holds a dataset where it holds its files. STUCK where one of them is, else
 * REPLICATING where one is, else OK.
 */
const datasetLocks = (datasets: Sql, rseId?: RseId): Sql => sql`
  SELECT h.parent_id AS "datasetId", d.scope, d.name, h.rse_id AS "rseId", r.uid AS "ruleUid",
         a.name AS account, h.state, d.accessed_at AS "accessedAt",
         CASE WHEN d.is_open THEN NULL ELSE size.length END AS length,
         CASE WHEN d.is_open THEN NULL ELSE size.bytes END AS bytes
    FROM (
      SELECT ct.parent_id, l.rse_id, l.rule_id,
             CASE WHEN bool_or(l.state = ${lit(LockState.STUCK)}) THEN ${lit(LockState.STUCK)}::"char"
                  WHEN bool_or(l.state = ${lit(LockState.REPLICATING)}) THEN ${lit(LockState.REPLICATING)}::"char"
                  ELSE ${lit(LockState.OK)}::"char" END AS state
        FROM contents ct JOIN locks l ON l.did_id = ct.child_id
       WHERE ct.parent_id IN (${datasets}) ${rseId === undefined ? sql`` : sql`AND l.rse_id = ${rseId}::int`}
       GROUP BY ct.parent_id, l.rse_id, l.rule_id) h
    JOIN rules r ON r.id = h.rule_id
    JOIN dids d ON d.id = h.parent_id
    JOIN dids root ON root.id = r.did_id
    JOIN accounts a ON a.id = r.account_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(s.length), 0)::bigint AS length, coalesce(sum(s.bytes), 0)::bigint AS bytes FROM (
        SELECT length, bytes FROM collections c WHERE c.did_id = h.parent_id
        UNION ALL SELECT length, bytes FROM collection_deltas e WHERE e.did_id = h.parent_id) s) size
   WHERE r.did_grouping <> ${lit(RuleGrouping.NONE)}
     AND root.type <> ${lit(DidType.FILE)}
     AND ${isBelow}
   ORDER BY d.scope, d.name, h.rse_id, r.id`;

/** The dataset is the rule's DID or below it: a file's other datasets are no concern of the rule. */
const isBelow = sql`(r.did_id = h.parent_id OR r.did_id IN (
  WITH RECURSIVE up(id) AS (
    SELECT parent_id FROM contents WHERE child_id = h.parent_id
    UNION SELECT ct.parent_id FROM up JOIN contents ct ON ct.child_id = up.id)
  SELECT id FROM up))`;

/** The dataset locks of every dataset at or below these DIDs, once each, in the order of names. */
export const datasetLocksOf = (tx: Tx, dids: readonly DidId[]): Promise<DatasetLock[]> =>
  rows<DatasetLock>(tx, datasetLocks(sql`SELECT b.id FROM (${datasetsBelow(dids)}) b`));

const DATASETS = 1000;

/** The dataset locks at one RSE, some datasets at a time, nothing held between them. */
export async function* datasetLocksAt(
  read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  rseId: RseId,
): AsyncGenerator<DatasetLock> {
  for (let after = -1n; ;) {
    const page = await read((tx) =>
      rows<{ id: DidId }>(
        tx,
        sql`SELECT d.id FROM dids d
             WHERE d.type = ${lit(DidType.DATASET)} AND d.id > ${after}::bigint
             ORDER BY d.id LIMIT ${lit(DATASETS)}`,
      ),
    );
    const last = page.at(-1);
    if (!last) return;
    const ids = page.map(({ id }) => id);
    yield* await read((tx) =>
      rows<DatasetLock>(tx, datasetLocks(sql`SELECT unnest(${ids}::bigint[])`, rseId)),
    );
    after = last.id;
  }
}
