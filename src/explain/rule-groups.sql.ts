import { execute, lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  BadFileState,
  Cause,
  type DidId,
  type DidName,
  LockState,
  ReplicaState,
  RequestState,
  type RseId,
  type RuleId,
  SOURCE_CAUSES,
} from '../vocabulary/index.js';
import { type Standing } from './explanation.js';

/**
 * Locks of one rule that are looked at, in about half a second; of a larger one it is said that this is
 * a part.
 */
export const LOCKS_MAX = 500_000;
/** Groups in an answer. */
export const GROUPS_MAX = 100;
/** Files of a group that are looked at one by one. */
const SAMPLE = 50;

/** Locks that are not OK for the same cause, with the same ends. */
export interface GroupRow {
  readonly standing: Standing;
  readonly cause: Cause | null;
  readonly sourceId: RseId | null;
  readonly rseId: RseId;
  readonly activity: number | null;
  readonly files: bigint;
  readonly bytes: bigint;
  readonly oldest: Date | null;
  readonly nextTry: Date | null;
  readonly attempts: number | null;
  readonly error: string | null;
  /** At most 50 of the files. */
  readonly sample: DidId[];
  /** Of the first queued request: `[-priority, id]`, the order of its queue. */
  readonly firstQueued: bigint[] | null;
  readonly groups: number;
}

const { QUEUED, SUBMITTING, SUBMITTED, WAITING } = RequestState;
const { BAD, BEING_DELETED } = ReplicaState;

const is = (standing: Standing): Sql => sql`${standing}::text`;

/** Where lock `l` stands, by its request `q` and its copy `r`. */
const standing: Sql = sql`
  CASE WHEN l.state = ${lit(LockState.STUCK)} AND s.cause = ${lit(Cause.FILE_LOST)} THEN ${is('lost')}
       WHEN l.state = ${lit(LockState.STUCK)} THEN ${is('stuck')}
       WHEN q.state = ${lit(QUEUED)} THEN ${is('queued')}
       WHEN q.state = ${lit(SUBMITTING)} THEN ${is('being submitted')}
       WHEN q.state = ${lit(SUBMITTED)} THEN ${is('under way')}
       WHEN q.state = ${lit(WAITING)} AND q.due_at IS NULL THEN ${is('blocked by a deletion')}
       WHEN q.state = ${lit(WAITING)} THEN ${is('waiting')}
       WHEN q.state IS NOT NULL THEN ${is('being settled')}
       WHEN r.state = ${lit(BAD)} THEN ${is('bad')}
       WHEN r.state = ${lit(BEING_DELETED)} THEN ${is('blocked by a deletion')}
       ELSE ${is('uploading')} END`;

/**
 * The locks of a rule that are not OK, in groups: most important standing first, then the largest.
 * Set-wise, in one statement; the copy is looked up only where no request tells of it. There are few groups,
 * which the planner cannot know: it would sort all the locks, for as long again as it takes to find them.
 */
export async function lockGroups(tx: Tx, ruleId: RuleId): Promise<GroupRow[]> {
  const sorting = (on: boolean) =>
    execute(tx, sql`SELECT set_config('enable_sort', ${on ? 'on' : 'off'}, true)`);
  await sorting(false);
  const found = await rows<GroupRow>(
    tx,
    sql`SELECT g.*, (count(*) OVER ())::int AS groups
          FROM (${groupsOf(ruleId)}) g
         ORDER BY array_position(${ORDER}::text[] COLLATE "C", g.standing), g.files DESC, g."rseId", g."sourceId"
         LIMIT ${lit(GROUPS_MAX)}`,
  );
  await sorting(true);
  return found;
}

const ORDER: readonly Standing[] = [
  'lost',
  'stuck',
  'bad',
  'blocked by a deletion',
  'waiting',
  'queued',
  'being submitted',
  'under way',
  'being settled',
  'uploading',
];

const groupsOf = (ruleId: RuleId): Sql => sql`
  SELECT (${standing}) COLLATE "C" AS standing,
         CASE WHEN l.state = ${lit(LockState.STUCK)} THEN s.cause ELSE q.cause END COLLATE "C" AS cause,
         CASE WHEN l.state = ${lit(LockState.STUCK)} THEN s.source_rse_id ELSE q.source_rse_id END AS "sourceId",
         l.rse_id AS "rseId", q.activity, count(*) AS files, sum(l.bytes)::bigint AS bytes,
         min(coalesce(s.since, q.created_at)) AS oldest,
         min(CASE WHEN l.state = ${lit(LockState.STUCK)} THEN s.next_try_at ELSE q.due_at END) AS "nextTry",
         max(greatest(s.attempts, q.attempt)) AS attempts,
         max(CASE WHEN l.state = ${lit(LockState.STUCK)} THEN s.error ELSE q.error END) AS error,
         (array_agg(l.did_id))[1:${lit(SAMPLE)}] AS sample,
         min(ARRAY[-q.priority::bigint, q.id]) FILTER (WHERE q.state = ${lit(QUEUED)}) AS "firstQueued"
    FROM (SELECT did_id, rse_id, bytes, state FROM locks
           WHERE rule_id = ${ruleId}::bigint AND state <> ${lit(LockState.OK)} LIMIT ${lit(LOCKS_MAX)}) l
    LEFT JOIN stuck_locks s ON s.rule_id = ${ruleId}::bigint AND s.did_id = l.did_id AND s.rse_id = l.rse_id
    LEFT JOIN requests q ON q.did_id = l.did_id AND q.rse_id = l.rse_id
    LEFT JOIN LATERAL (
      SELECT c.state FROM replicas c
       WHERE q.id IS NULL AND l.state = ${lit(LockState.REPLICATING)}
         AND c.did_id = l.did_id AND c.rse_id = l.rse_id OFFSET 0) r ON true
   GROUP BY 1, 2, 3, 4, 5`;

/** What the files of a group's sample have besides, and their names. */
export interface SampleRow {
  /** Which group, from 0. */
  readonly at: number;
  /** Other readable good copies of a file, the fewest and the most. */
  readonly sourcesMin: number;
  readonly sourcesMax: number;
  readonly looked: number;
  /** How many of the files have been declared bad at the group's source. */
  readonly declared: number;
  /** An RSE that holds a good copy and is closed for reading. */
  readonly closedId: RseId | null;
  readonly names: DidName[];
}

/** The source that the failure speaks against; null where it says nothing of it. */
export const wrongSource = ({
  cause,
  sourceId,
}: Pick<GroupRow, 'cause' | 'sourceId'>): RseId | null =>
  SOURCE_CAUSES.some((wrong) => wrong === cause) ? sourceId : null;

/** Looks at the samples of all groups in one statement. */
export const lookAtSamples = async (
  tx: Tx,
  groups: readonly Pick<GroupRow, 'sample' | 'rseId' | 'sourceId' | 'cause'>[],
): Promise<SampleRow[]> => {
  const files = groups.flatMap((group, at) => {
    const { rseId, sample } = group;
    return sample.map((didId) => ({ at, didId, rseId, sourceId: wrongSource(group) }));
  });
  if (files.length === 0) return [];
  return await rows<SampleRow>(
    tx,
    sql`SELECT w.at, min(o.sources)::int AS "sourcesMin", max(o.sources)::int AS "sourcesMax",
               count(*)::int AS looked, count(*) FILTER (WHERE b.declared)::int AS declared,
               min(o.closed) AS "closedId",
               jsonb_agg(jsonb_build_object('scope', d.scope, 'name', d.name) ORDER BY d.id) AS names
          FROM unnest(${files.map(({ at }) => at)}::int[], ${files.map(({ didId }) => didId)}::bigint[],
                      ${files.map(({ rseId }) => rseId)}::int[],
                      ${files.map(({ sourceId }) => sourceId)}::int[]) AS w(at, did_id, rse_id, source_id)
          JOIN dids d ON d.id = w.did_id
         CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE e.availability_read) AS sources,
                  min(c.rse_id) FILTER (WHERE NOT e.availability_read) AS closed
             FROM replicas c JOIN rses e ON e.id = c.rse_id
            WHERE c.did_id = w.did_id AND c.rse_id <> w.rse_id AND c.rse_id IS DISTINCT FROM w.source_id
              AND c.state = ${lit(ReplicaState.AVAILABLE)} AND e.deleted_at IS NULL) o
         CROSS JOIN LATERAL (
           SELECT EXISTS (SELECT FROM bad_replicas x
                           WHERE x.did_id = w.did_id AND x.rse_id = w.source_id
                             AND x.state IN (${lits([BadFileState.BAD, BadFileState.LOST])})) AS declared) b
         GROUP BY w.at ORDER BY w.at`,
  );
};
