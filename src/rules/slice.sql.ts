import { addAccountUsage } from '../accounts/index.js';
import { lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { holdExpiringFiles } from '../dids/index.js';
import { addLocks, isOfRule, recordStuckLocks, type RetryTerms } from '../locks/index.js';
import { dropGuards, upsertCopies } from '../replicas/index.js';
import { queueCopies, tellQueued } from '../requests/index.js';
import { addRseUsage } from '../rses/index.js';
import {
  Cause,
  DidAvailability,
  type DidId,
  LockState,
  ReplicaState,
  RequestState,
  RequestType,
  type RseId,
  type RuleId,
} from '../vocabulary/index.js';
import { advanceRule, recountRules } from './counter.sql.js';
import { type Candidate } from './copy-placement.js';
import { type Rule } from './rule.js';
import { type Sites } from './sites.js';
import { held } from './spread.sql.js';
import { newsOf, tellRules } from './told.sql.js';

/** The rule's columns that its locks and requests carry. */
export type SliceRule = Pick<Rule, 'id' | 'accountId' | 'activity' | 'priority'>;

export interface Slice {
  readonly rule: SliceRule;
  readonly sites: Pick<Sites, 'unwritable' | 'staging' | 'sources'>;
  /** Gives (did_id, bytes), a file once. */
  readonly files: Sql;
  /** From the CTE `slice` (did_id, bytes): gives (did_id, rse_id, bytes), a copy once, without those locked already. */
  readonly copies: Sql;
  /** Each file has a rule of its own among these, which differ from `rule` in nothing but the id. */
  readonly ruleIds?: readonly RuleId[];
  /** Each of these datasets has one of `ruleIds` and these RSEs; one file may be in several of them. */
  readonly datasets?: readonly PlacedDataset[];
  /** The injection's cursor moves to the slice's last file of this dataset. */
  readonly dataset?: DidId;
}

/** A dataset that stays together, and one RSE that all its files come to. */
export interface PlacedDataset {
  readonly didId: DidId;
  readonly rseId: RseId;
}

export interface SliceTally {
  readonly files: number;
  /** The greatest file id of the slice. */
  readonly last: bigint | null;
  readonly locks: number;
  readonly queued: number;
}

/**
 * One slice of a rule in one statement: replicas, locks, causes of those stuck, requests, charges,
 * counters and cursor, each by its owner's piece (data-model-facts 4). Every CTE is joined to tables
 * only. A copy is startable where its RSE can be written and another copy is there or on its way.
 * A file that is erased at this moment is waited for, and is then not of the slice.
 */
export async function placeSlice(tx: Tx, slice: Slice, terms: RetryTerms): Promise<SliceTally> {
  await holdExpiringFiles(tx, slice.files);
  const { rule, sites } = slice;
  const stuck = sql`state = ${lit(ReplicaState.UNAVAILABLE)}`;
  const owner = ownerOf(slice);
  const { news, ...tally } = await only<SliceTally & { news: RuleId[] | null }>(
    tx,
    sql`WITH slice AS MATERIALIZED (${slice.files}),
      placed AS MATERIALIZED (
        SELECT p.did_id, p.rse_id, p.bytes, ${startable(sites)} AS startable FROM (${slice.copies}) p),
      ${owner.copies(upsertCopies(sql`SELECT did_id, rse_id, bytes, startable FROM placed`, terms.now, owner.locks))},
      added AS (${addLocks(sql`SELECT did_id, rse_id, bytes, state${owner.column} FROM copies`, owner.id)}),
      stuck AS (${recordStuckLocks(
        sql`SELECT did_id, rse_id, ${owner.id} AS rule_id,
                   ${whyStuck(sites, sql`copies`)} AS cause,
                   NULL::int AS source_rse_id, NULL::text AS error, NULL::text AS expected, NULL::text AS found
              FROM copies WHERE ${stuck}`,
        terms,
      )}),
      queued AS (${queueCopies(wantedRequests(rule, sites, sql`copies`, owner.id))}),
      told AS (${tellQueued(sql`SELECT * FROM queued`, terms.now)}),
      charged AS (${addAccountUsage(
        sql`SELECT ${rule.accountId}::int AS account_id, rse_id, count(*) AS files, sum(bytes) AS bytes
              FROM added GROUP BY rse_id`,
      )}),
      stored AS (${addRseUsage(
        sql`SELECT rse_id, count(*) AS files, sum(bytes) AS bytes FROM ${owner.made} WHERE fresh GROUP BY rse_id`,
      )}),
      unguarded AS (${dropGuards(sql`SELECT did_id, rse_id FROM copies WHERE NOT fresh`)}),
      advanced AS (${advance(slice, terms.now)})
      SELECT (SELECT count(*)::int FROM slice) AS files, (SELECT max(did_id) FROM slice) AS last,
             (SELECT count(*)::int FROM added) AS locks, (SELECT count(*)::int FROM queued) AS queued,
             ${newsOf(sql`advanced`)} AS news`,
  );
  await tellRules(tx, news);
  return tally;
}

interface Owner {
  readonly id: Sql;
  readonly column: Sql;
  readonly copies: (upserted: Sql) => Sql;
  /** The CTE that has each copy once. */
  readonly made: Sql;
  readonly locks?: (copy: Sql) => Sql;
}

/** The rule of a slice's locks and requests: known, or a column of the CTE `copies`. */
function ownerOf({ rule, ruleIds, datasets }: Slice): Owner {
  if (ruleIds === undefined) {
    const copies = (upserted: Sql): Sql => sql`copies AS (${upserted})`;
    return { id: sql`${rule.id}::bigint`, column: sql``, copies, made: sql`copies` };
  }
  if (datasets) return ownersOfDatasets(ruleIds, datasets);
  // `+ 0`: by the file, which has few rules, not one descent of the primary key for each id.
  const ofFile = sql`(SELECT x.id FROM rules x
    WHERE x.did_id = u.did_id AND (x.id + 0) = ANY (${[...ruleIds]}::bigint[]))`;
  return {
    id: sql`rule_id`,
    column: sql`, rule_id`,
    copies: (upserted) => sql`upserted AS (${upserted}),
      copies AS MATERIALIZED (SELECT u.*, ${ofFile} AS rule_id FROM upserted u)`,
    made: sql`upserted`,
  };
}

/** A copy has a lock, and a row of `copies`, for each of the datasets that it is placed for. */
function ownersOfDatasets(ruleIds: readonly RuleId[], datasets: readonly PlacedDataset[]): Owner {
  const places = datasets.map(({ didId, rseId }) => `${didId}@${rseId}`);
  const isPlace = (rse: Sql): Sql =>
    sql`(ct.parent_id::text || '@' || ${rse}::text) = ANY (${places}::text[])`;
  return {
    id: sql`rule_id`,
    column: sql`, rule_id`,
    copies: (upserted) => sql`upserted AS (${upserted}),
      copies AS MATERIALIZED (
        SELECT u.*, x.rule_id FROM upserted u CROSS JOIN LATERAL (
          SELECT w.id AS rule_id
            FROM (SELECT ct.parent_id FROM contents ct
                   WHERE ct.child_id = u.did_id AND ${isPlace(sql`u.rse_id`)} OFFSET 0) p
           CROSS JOIN LATERAL (
             SELECT n.id FROM rules n
              WHERE n.did_id = p.parent_id AND (n.id + 0) = ANY (${[...ruleIds]}::bigint[]) OFFSET 0) w) x)`,
    made: sql`upserted`,
    locks: (copy) => sql`(SELECT count(*)::int FROM contents ct
      WHERE ct.child_id = ${copy}.did_id AND ${isPlace(sql`${copy}.rse_id`)})`,
  };
}

/** CTE body: counters, and the cursor of an injection, after the CTE `added`. */
function advance({ rule, ruleIds, dataset }: Slice, now: Date): Sql {
  const isLock = (state: LockState) => sql`(state = ${lit(state)})::int`;
  const counts = sql`${isLock(LockState.OK)} AS ok, ${isLock(LockState.REPLICATING)} AS replicating,
                   ${isLock(LockState.STUCK)} AS stuck,
                   CASE WHEN state = ${lit(LockState.STUCK)} THEN 'MissingSourceReplica' END AS error
              FROM added`;
  if (ruleIds) return recountRules(sql`SELECT rule_id, ${counts}`, now);
  const cursor = dataset !== undefined && {
    cursor: { dataset, child: sql`SELECT max(did_id) FROM slice` },
  };
  return advanceRule(rule.id, sql`SELECT ${counts}`, { now, ...cursor });
}

/**
 * Whether copy `p` can be made: its RSE may be written and a source is there or on its way. `+ 0`, here
 * and below: by the file's key, not one descent of the index on (rse_id, did_id) for each RSE.
 */
export function startable(sites: Slice['sites']): Sql {
  const from = sites.sources ? sql`AND (o.rse_id + 0) = ANY (${[...sites.sources]}::int[])` : sql``;
  return sql`(p.rse_id <> ALL (${[...sites.unwritable]}::int[])
    AND EXISTS (SELECT FROM replicas o WHERE o.did_id = p.did_id AND o.rse_id <> p.rse_id ${from}
      AND o.state IN (${lit(ReplicaState.AVAILABLE)}, ${lit(ReplicaState.COPYING)}, ${lit(ReplicaState.TEMPORARY_UNAVAILABLE)})))`;
}

/** Condition on a row with a did_id: no good copy of the file is left anywhere. */
export const isLostFile = (row: Sql): Sql => sql`EXISTS (
  SELECT FROM dids lost WHERE lost.id = ${row}.did_id AND lost.availability = ${lit(DidAvailability.LOST)})`;

/** Why a copy (did_id, rse_id) cannot be made now. */
export const whyStuck = (sites: Pick<Sites, 'unwritable'>, row: Sql): Sql => sql`
  CASE WHEN ${isLostFile(row)} THEN ${lit(Cause.FILE_LOST)}
       WHEN ${row}.rse_id = ANY (${[...sites.unwritable]}::int[]) THEN ${lit(Cause.NOT_WRITABLE)}
       ELSE ${lit(Cause.NO_SOURCE)} END`;

/** Rows for `queueCopies` from a CTE (did_id, rse_id, bytes, state, wanted). */
export const wantedRequests = (
  rule: SliceRule,
  sites: Slice['sites'],
  copies: Sql,
  ruleId = sql`${rule.id}::bigint`,
): Sql => sql`
  SELECT did_id, rse_id, bytes, ${ruleId} AS rule_id, ${rule.accountId}::int AS account_id,
         ${rule.activity}::smallint AS activity, ${rule.priority}::smallint AS priority,
         CASE WHEN rse_id = ANY (${[...sites.staging]}::int[]) THEN ${lit(RequestType.STAGEIN)}::"char"
              ELSE ${lit(RequestType.TRANSFER)}::"char" END AS type,
         CASE WHEN state = ${lit(ReplicaState.BEING_DELETED)} THEN ${lit(RequestState.WAITING)}::"char"
              ELSE ${lit(RequestState.QUEUED)}::"char" END AS state
    FROM ${copies} WHERE wanted`;

/**
 * The next files of a dataset after a cursor, within bounds. OFFSET 0: a probe a file. As a join it is
 * merged with the DIDs in the order of their ids, from the first one there is.
 */
export const filesOf = (
  dataset: DidId,
  range: { readonly after: bigint; readonly to?: bigint; readonly limit: number },
): Sql => sql`
  SELECT ct.child_id AS did_id, coalesce(d.bytes, 0) AS bytes
    FROM contents ct
   CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = ct.child_id OFFSET 0) d
   WHERE ct.parent_id = ${dataset}::bigint AND ct.child_id > ${range.after}::bigint
     ${range.to === undefined ? sql`` : sql`AND ct.child_id <= ${range.to}::bigint`}
   ORDER BY ct.child_id LIMIT ${lit(range.limit)}`;

/** One file by itself. */
export const theFile = (file: DidId): Sql =>
  sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d WHERE d.id = ${file}::bigint`;

/**
 * Copies of every file of `slice` on the same RSEs. A file that has `copies` locks of the rule
 * already gets no more (null: as many as there are RSEs chosen). OFFSET 0 keeps this one probe a file:
 * as a join every slice would read all the locks that the rule has so far.
 */
export const sameCopies = (
  ruleId: bigint,
  rses: readonly RseId[],
  copies: number | null,
): Sql => sql`
  SELECT s.did_id, r.rse_id, s.bytes
    FROM slice s
   CROSS JOIN LATERAL (
     SELECT coalesce(array_agg(l.rse_id), '{}') AS rses FROM locks l
      WHERE l.did_id = s.did_id AND ${isOfRule(sql`l`, sql`${ruleId}::bigint`)} OFFSET 0) has
   CROSS JOIN LATERAL (
     SELECT x.rse_id FROM unnest(${[...rses]}::int[]) x(rse_id) WHERE x.rse_id <> ALL (has.rses) OFFSET 0) r
   ${copies === null ? sql`` : sql`WHERE cardinality(has.rses) < ${copies}::int`}`;

/** The size of a set of files, and the candidates with what of it they hold. `files` gives (did_id). */
export async function unitOf(
  tx: Tx,
  files: Sql,
  candidates: readonly Candidate[],
): Promise<{ readonly bytes: bigint; readonly candidates: readonly Candidate[] }> {
  const { bytes } = await only<{ bytes: bigint }>(
    tx,
    sql`SELECT coalesce(sum(d.bytes), 0)::bigint AS bytes FROM (${files}) f JOIN dids d ON d.id = f.did_id`,
  );
  const found = await rows<{ rseId: RseId; heldBytes: bigint; inDeletion: boolean }>(
    tx,
    sql`SELECT r.rse_id AS "rseId",
               coalesce(sum(r.bytes) FILTER (WHERE r.state IN (${held})), 0)::bigint AS "heldBytes",
               bool_or(r.state = ${lit(ReplicaState.BEING_DELETED)}) AS "inDeletion"
          FROM (${files}) f JOIN replicas r ON r.did_id = f.did_id
         WHERE (r.rse_id + 0) = ANY (${candidates.map(({ rseId }) => rseId)}::int[]) GROUP BY r.rse_id`,
  );
  const at = new Map(found.map((row) => [row.rseId, row]));
  return {
    bytes,
    candidates: candidates.map((candidate) => ({ ...candidate, ...at.get(candidate.rseId) })),
  };
}
