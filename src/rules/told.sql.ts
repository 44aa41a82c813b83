import { execute, lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import { EventType, hex, tellEach } from '../messages/index.js';
import {
  type DidId,
  DidType,
  RuleGrouping,
  RuleNotification,
  type RuleId,
  RuleState,
} from '../vocabulary/index.js';
import { okLetters } from './letters.sql.js';

// What owners of rules are told, as Rucio tells it: nothing where the rule's notification is NO; of a
// collection that is still open only where it is YES.

const { YES, NO, CLOSE, PROGRESS } = RuleNotification;

/** A tenth of a rule's locks is worth an event. */
const tenths = (replicating: Sql, total: Sql): Sql =>
  sql`((${total} - ${replicating}) * 10 / nullif(${total}, 0))`;

/** Locks of the rule `row`. */
const locksOf = (row: Sql): Sql =>
  sql`(${row}.locks_ok + ${row}.locks_replicating + ${row}.locks_stuck)`;

/**
 * Whether rule `r`, whose row is being written, has come to something that its owner wants to know:
 * it is OK and was not, or a tenth more of it is there. `w` gives (was, was_replicating): what it was.
 */
export const isNews: Sql = sql`(
  r.notification <> ${lit(NO)}
  AND (r.state = ${lit(RuleState.OK)} AND w.was <> ${lit(RuleState.OK)}
    OR r.notification = ${lit(PROGRESS)} AND r.state = ${lit(RuleState.REPLICATING)}
       AND ${tenths(sql`r.locks_replicating`, locksOf(sql`r`))}
           IS DISTINCT FROM ${tenths(sql`w.was_replicating`, locksOf(sql`r`))}))`;

/** Whether rule `rule`, whose state has just been written, is OK and its owner wants to know. */
export const isTold = (rule: Sql): Sql =>
  sql`(${rule}.state = ${lit(RuleState.OK)} AND ${rule}.notification <> ${lit(NO)})`;

/** One value: the ids of those rows (id, news) of a CTE that are news. Null where none is. */
export const newsOf = (recounted: Sql): Sql =>
  sql`(SELECT array_agg(id) FROM ${recounted} WHERE news)`;

/** Rules as they stand that may be told, with their DID as `d`. */
const tellable = (ids: readonly RuleId[]): Sql => sql`
  rules r JOIN dids d ON d.id = r.did_id
   WHERE r.id = ANY (${[...ids]}::bigint[]) AND r.notification <> ${lit(NO)}
     AND (r.notification = ${lit(YES)} OR d.is_open IS NOT TRUE)`;

/**
 * Tells how these rules stand: RULE_OK where they are, RULE_PROGRESS where that is wanted,
 * DATASETLOCK_OK for each dataset and RSE of one that is OK and keeps datasets together; where the
 * notification is YES, the owner gets a letter too. A later
 * statement of the transaction that brought them there.
 */
export async function tellRules(tx: Tx, ids: readonly RuleId[] | null): Promise<void> {
  if (!ids || ids.length === 0) return;
  const isOk = sql`r.state = ${lit(RuleState.OK)}`;
  const rule = sql`'scope', d.scope, 'name', d.name, 'rule_id', ${hex(sql`r.uid`)}`;
  const progress = sql`coalesce(${tenths(sql`r.locks_replicating`, locksOf(sql`r`))}, 10) * 10`;
  const { RULE_OK, RULE_PROGRESS, DATASETLOCK_OK, EMAIL } = EventType;
  await execute(
    tx,
    tellEach(
      [RULE_OK, RULE_PROGRESS, DATASETLOCK_OK, EMAIL],
      sql`SELECT ${lit(RULE_OK)} AS event_type, jsonb_build_object(${rule}) AS payload
            FROM ${tellable(ids)} AND ${isOk}
          UNION ALL
          SELECT ${lit(RULE_PROGRESS)}, jsonb_build_object(${rule}, 'progress', ${progress})
            FROM ${tellable(ids)} AND r.notification = ${lit(PROGRESS)}
             AND r.state IN (${lits([RuleState.OK, RuleState.REPLICATING])})
          UNION ALL
          SELECT ${lit(DATASETLOCK_OK)}, p.payload FROM (${datasetPayloads(ids)}) p
          UNION ALL
          SELECT ${lit(EMAIL)}, m.payload
            FROM (${okLetters(sql`${tellable(ids)} AND ${isOk} AND r.notification = ${lit(YES)}`)}) m`,
    ),
  );
}

/** Each dataset that an OK rule holds, at each RSE where it holds files of it. */
const datasetPayloads = (ids: readonly RuleId[]): Sql => sql`
  SELECT jsonb_build_object('scope', p.scope, 'name', p.name, 'rse', e.name, 'rse_id', ${hex(sql`e.uid`)},
                            'rule_id', ${hex(sql`r.uid`)}) AS payload
    FROM rules r
   CROSS JOIN LATERAL (
     WITH RECURSIVE tree(id, type) AS (
       SELECT x.id, x.type FROM dids x WHERE x.id = r.did_id
       UNION
       SELECT x.id, x.type FROM tree t JOIN contents ct ON ct.parent_id = t.id JOIN dids x ON x.id = ct.child_id
        WHERE t.type = ${lit(DidType.CONTAINER)})
     SELECT id FROM tree WHERE type = ${lit(DidType.DATASET)}) b
   CROSS JOIN LATERAL (
     SELECT DISTINCT l.rse_id FROM contents ct JOIN locks l ON l.did_id = ct.child_id
      WHERE ct.parent_id = b.id AND (l.rule_id + 0) = r.id) h
    JOIN dids p ON p.id = b.id
    JOIN rses e ON e.id = h.rse_id
   WHERE r.id = ANY (${[...ids]}::bigint[]) AND r.state = ${lit(RuleState.OK)}
     AND r.did_grouping <> ${lit(RuleGrouping.NONE)}
     AND (r.notification = ${lit(YES)} OR r.notification = ${lit(CLOSE)} AND p.is_open IS FALSE)`;

/** A collection was closed: rules on it that are OK and waited for that are told. */
export async function tellClosed(tx: Tx, didId: DidId): Promise<void> {
  const waiting = await rows<{ id: RuleId }>(
    tx,
    sql`SELECT r.id FROM rules r WHERE r.did_id = ${didId} AND r.state = ${lit(RuleState.OK)}
           AND r.notification IN (${lits([CLOSE, PROGRESS])}) ORDER BY r.id`,
  );
  await tellRules(
    tx,
    waiting.map(({ id }) => id),
  );
}

/** A rule whose state has followed its locks, and whether that is to be told. */
export interface MovedRule {
  readonly id: RuleId;
  readonly told: boolean;
}

/** Those of them that are to be told. */
export const toldOf = (moved: readonly MovedRule[]): RuleId[] =>
  moved.filter(({ told }) => told).map(({ id }) => id);
