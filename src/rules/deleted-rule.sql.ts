import { lit, lits, only, one, rows, sql, type Sql, type Tx } from '../db/index.js';
import { filesBelow } from '../dids/index.js';
import { RuleNotFound } from '../errors/index.js';
import {
  type AccountId,
  type DidId,
  type DidName,
  type DidType,
  parseWireId,
  ReplicaState,
  type RseId,
  type RuleGrouping,
  type RuleNotification,
  type RuleState,
} from '../vocabulary/index.js';
import { type Phase } from './phase.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type RepairPolicy } from './repair-policy.js';

/** A rule as it was when it ended. */
export interface DeletedRule extends DidName {
  readonly uid: string;
  readonly didType: DidType;
  readonly accountId: AccountId;
  readonly account: string;
  readonly state: RuleState;
  readonly copies: number;
  readonly rseExpression: string;
  readonly constraints: PlacementConstraints | null;
  /** Each with when it began: a restored rule goes on in the phase it was in. */
  readonly phases: readonly Phase[] | null;
  readonly weight: string | null;
  readonly grouping: RuleGrouping;
  readonly sourceReplicaExpression: string | null;
  readonly activity: number;
  readonly notification: RuleNotification;
  readonly purgeReplicas: boolean;
  readonly ignoreAvailability: boolean;
  readonly ignoreAccountLimit: boolean;
  readonly splitContainer: boolean;
  readonly subscriptionUid: string | null;
  readonly comment: string | null;
  readonly priority: number;
  readonly meta: string | null;
  readonly eolAt: Date | null;
  readonly repairPolicy: RepairPolicy | null;
  readonly deletedAt: Date;
}

/**
 * The rule that ended under this wire id, as it was the last time. Throws RuleNotFound, also once the
 * history has let it go.
 */
export async function findDeletedRule(tx: Tx, id: string): Promise<DeletedRule> {
  const uid = parseWireId(id);
  const past = uid
    ? await one<DeletedRule>(
        tx,
        sql`SELECT h.uid, h.scope, h.name, h.did_type AS "didType", h.account_id AS "accountId", a.name AS account,
                   h.state, h.copies, h.rse_expression AS "rseExpression", h.constraints, h.phases, h.weight, h.did_grouping AS grouping,
                   h.source_replica_expression AS "sourceReplicaExpression", h.activity, h.notification,
                   h.purge_replicas AS "purgeReplicas", h.ignore_availability AS "ignoreAvailability",
                   h.ignore_account_limit AS "ignoreAccountLimit", h.split_container AS "splitContainer",
                   h.subscription_uid AS "subscriptionUid", h.comments AS comment, h.priority, h.meta,
                   h.eol_at AS "eolAt", h.repair_policy AS "repairPolicy", h.deleted_at AS "deletedAt"
              FROM rules_history h JOIN accounts a ON a.id = h.account_id
             WHERE h.uid = ${uid}::uuid ORDER BY h.deleted_at DESC LIMIT 1`,
      )
    : undefined;
  if (!past) throw new RuleNotFound(`No rule with the id ${id} found`, { rule: id });
  return past;
}

const good = lits([ReplicaState.AVAILABLE, ReplicaState.TEMPORARY_UNAVAILABLE]);

/** A page of the files below a DID, in the order of their ids. */
const page = (didId: DidId, after: DidId, limit: number): Sql => sql`
  SELECT b.did_id FROM (${filesBelow(didId)}) b WHERE b.did_id > ${after}::bigint
   ORDER BY b.did_id LIMIT ${lit(limit)}`;

/** The good copies, at these RSEs, of the files of one page; and its last file, null where none is left. */
export async function goodCopiesOf(
  tx: Tx,
  didId: DidId,
  {
    rseIds,
    after,
    limit,
  }: { readonly rseIds: readonly RseId[]; readonly after: DidId; readonly limit: number },
): Promise<{ copies: { didId: DidId; rseId: RseId }[]; last: DidId | null }> {
  const files = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT f.did_id AS "didId" FROM (${page(didId, after, limit)}) f`,
  );
  const copies = await rows<{ didId: DidId; rseId: RseId }>(
    tx,
    sql`SELECT r.did_id AS "didId", r.rse_id AS "rseId" FROM replicas r
         WHERE r.did_id = ANY (${files.map((file) => file.didId)}::bigint[])
           AND (r.rse_id + 0) = ANY (${[...rseIds]}::int[]) AND r.state IN (${good})
           AND r.lock_cnt = 0 AND r.tombstone IS NOT NULL`,
  );
  return { copies, last: files.length < limit ? null : (files.at(-1)?.didId ?? null) };
}

/** What is left of what a rule held. */
export interface Standing {
  readonly files: number;
  /** Files that have fewer good copies than the rule wants. */
  readonly short: number;
  /** Good copies, at most as many of a file as the rule wants. */
  readonly copies: number;
}

/** Counts the good copies, at these RSEs, of all files below a DID. */
export const standingCopies = (
  tx: Tx,
  didId: DidId,
  wish: { readonly rseIds: readonly RseId[]; readonly copies: number },
): Promise<Standing> =>
  only<Standing>(
    tx,
    sql`WITH files AS MATERIALIZED (${filesBelow(didId)})
        SELECT count(*)::int AS files, (count(*) FILTER (WHERE n.here < ${wish.copies}::int))::int AS short,
               coalesce(sum(least(n.here, ${wish.copies}::int)), 0)::int AS copies
          FROM files f CROSS JOIN LATERAL (
            SELECT count(*) AS here FROM replicas x
             WHERE x.did_id = f.did_id AND (x.rse_id + 0) = ANY (${[...wish.rseIds]}::int[])
               AND x.state IN (${good}) OFFSET 0) n`,
  );
