import { type Rse } from '../../rses/index.js';
import { type ListedRule, type LockTrouble, type PastRule, type Rule } from '../../rules/index.js';
import { type NamedLock } from '../../locks/index.js';
import {
  Activities,
  DEFAULT_ACTIVITY,
  DidTypeCodec,
  LockStateCodec,
  RuleGroupingCodec,
  RuleNotificationCodec,
  RuleState,
  RuleStateCodec,
  wireId,
} from '../../vocabulary/index.js';
import { presentPhases } from './phases.presenter.js';
import { presentPlacement } from './placement.presenter.js';
import { presentRepair } from './repair.request.js';

const idOrNull = (uid: string | null): string | null => (uid === null ? null : wireId(uid));

/** A rule, in lists and by its id: the command line wants its bytes in both. */
export const presentRule = (rule: ListedRule) => ({
  id: wireId(rule.uid),
  subscription_id: idOrNull(rule.subscriptionUid),
  account: rule.account,
  scope: rule.scope,
  name: rule.name,
  did_type: DidTypeCodec.name(rule.didType),
  state: RuleStateCodec.name(rule.state),
  error: rule.error,
  rse_expression: rule.rseExpression,
  copies: rule.copies,
  expires_at: rule.expiresAt,
  weight: rule.weight,
  locked: rule.locked,
  locks_ok_cnt: rule.locksOk,
  locks_replicating_cnt: rule.locksReplicating,
  locks_stuck_cnt: rule.locksStuck,
  source_replica_expression: rule.sourceReplicaExpression,
  activity: Activities[rule.activity] ?? DEFAULT_ACTIVITY,
  grouping: RuleGroupingCodec.name(rule.grouping),
  notification: RuleNotificationCodec.name(rule.notification),
  stuck_at: rule.stuckAt,
  purge_replicas: rule.purgeReplicas,
  ignore_availability: rule.ignoreAvailability,
  ignore_account_limit: rule.ignoreAccountLimit,
  priority: rule.priority,
  comments: rule.comments,
  child_rule_id: idOrNull(rule.childRuleUid),
  eol_at: rule.eolAt,
  split_container: rule.splitContainer,
  meta: rule.meta,
  ...(rule.constraints && { placement: presentPlacement(rule.constraints) }),
  ...(rule.phases && { phases: presentPhases(rule) }),
  ...(rule.phaseOf && { phase_of: wireId(rule.phaseOf) }),
  deleted_at: null,
  created_at: rule.createdAt,
  updated_at: rule.updatedAt,
  bytes: rule.bytes,
  repair: presentRepair(rule.repairPolicy),
  repair_attempts: rule.repairAttempts,
});

/** A rule in the history of its DID. */
export const presentPastRule = (rule: PastRule) => ({
  rule_id: wireId(rule.uid),
  account: rule.account,
  rse_expression: rule.rseExpression,
  ...presentPast(rule),
  created_at: rule.createdAt,
});

/** A rule's own history. */
export const presentPast = (rule: PastRule) => ({
  ...(rule.subscriptionUid !== null && { subscription_id: wireId(rule.subscriptionUid) }),
  updated_at: rule.updatedAt,
  state: RuleStateCodec.name(rule.state),
  locks_ok_cnt: rule.locksOk,
  locks_replicating_cnt: rule.locksReplicating,
  locks_stuck_cnt: rule.locksStuck,
  ...(rule.phase !== null && { phase: rule.phase + 1 }),
});

/** A replica lock. */
export const presentLock = (lock: NamedLock, ruleUid: string, rse: Rse | undefined) => ({
  scope: lock.scope,
  name: lock.name,
  rse_id: idOrNull(rse?.uid ?? null),
  rse: rse?.name ?? null,
  state: LockStateCodec.name(lock.state),
  rule_id: wireId(ruleUid),
});

const SENTENCES: Partial<Record<RuleState, string>> = {
  [RuleState.OK]: 'This replication rule is OK',
  [RuleState.REPLICATING]:
    'This replication rule is replicating: transfers are queued or under way',
  [RuleState.SUSPENDED]: 'This replication rule is suspended: nobody works on it',
  [RuleState.WAITING_APPROVAL]: 'This replication rule waits for approval',
  [RuleState.INJECT]: 'This replication rule is being placed',
};

/**
 * Why a rule is not OK: the reference's keys, and beside them the cause code, what was expected and
 * found, and when the next attempt is due.
 */
export const presentAnalysis = (
  rule: Rule,
  troubles: readonly LockTrouble[],
  rses: ReadonlyMap<number, Rse>,
) => ({
  rule_error: SENTENCES[rule.state] ?? rule.error ?? 'This replication rule is stuck',
  transfers: troubles.map((trouble) => ({
    scope: trouble.scope,
    name: trouble.name,
    rse_id: idOrNull(rses.get(trouble.rseId)?.uid ?? null),
    rse: rses.get(trouble.rseId)?.name ?? null,
    attempts: trouble.attempts,
    last_error: errorOf(trouble, rses),
    last_source: rses.get(trouble.sourceRseId ?? -1)?.name ?? null,
    sources: trouble.sources.map((id) => [
      rses.get(id)?.name ?? null,
      rses.get(id)?.availabilityRead ?? false,
    ]),
    last_time: trouble.lastAt,
    cause: trouble.cause,
    expected: trouble.expected,
    found: trouble.found,
    stuck: trouble.stuck,
    stuck_since: trouble.since,
    next_try: trouble.nextTryAt,
  })),
});

/** All that is known of a failure in one line, which is all that the command line prints. */
function errorOf(trouble: LockTrouble, rses: ReadonlyMap<number, Rse>): string {
  const { cause, error, expected, found, badRseId, badReason } = trouble;
  let text = error === null || error === cause ? cause : `${cause}: ${error}`;
  if (error?.startsWith(cause)) text = error;
  if (expected !== null && !text.includes(expected)) text += `; expected ${expected}`;
  if (found !== null && !text.includes(found)) text += `; found ${found}`;
  if (badRseId === null) return text;
  const bad = rses.get(badRseId)?.name ?? 'another RSE';
  return `${text}; the copy at ${bad} was declared bad: ${badReason ?? 'no reason given'}`;
}
