import {
  type ListedSubscription,
  type RuleCount,
  type WaitingDid,
} from '../../subscriptions/index.js';
import {
  DidTypeCodec,
  RuleStateCodec,
  SubscriptionStateCodec,
  wireId,
} from '../../vocabulary/index.js';

/**
 * A subscription as lists show it. What waits for it is told only where there is something: clients
 * print every key that they are sent.
 */
export const presentSubscription = (subscription: ListedSubscription) => ({
  id: wireId(subscription.uid),
  name: subscription.name,
  account: subscription.account,
  filter: pythonJson(subscription.filter),
  replication_rules: pythonJson(subscription.replicationRules),
  policyid: subscription.priority,
  state: SubscriptionStateCodec.name(subscription.state),
  comments: subscription.comments,
  lifetime: subscription.expiresAt,
  retroactive: subscription.retroactive,
  expired_at: subscription.endedAt,
  last_processed: subscription.lastProcessed,
  created_at: subscription.createdAt,
  updated_at: subscription.updatedAt,
  ...(subscription.waiting > 0 && {
    waiting: subscription.waiting,
    last_error: subscription.lastError,
  }),
});

/** JSON as Python writes it, with blanks: people read it. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${pythonJson(item)}`,
  );
  return `{${entries.join(', ')}}`;
}

const stateOf = ({ ruleState }: RuleCount): string | null =>
  ruleState === null ? null : RuleStateCodec.name(ruleState);

/** How many rules are in a state. */
export const presentRuleCount = (count: RuleCount) => [
  count.account,
  count.name,
  stateOf(count),
  count.count,
];

/** The same, with the subscription it is about. */
export const presentRuleCountDetails = (count: RuleCount) => ({
  account: count.account,
  name: count.name,
  state: stateOf(count),
  count: count.count,
  subscription_state: SubscriptionStateCodec.name(count.state),
  last_processed: count.lastProcessed,
  lifetime: count.expiresAt,
  expired_at: count.endedAt,
  comments: count.comments,
});

/** A DID that a subscription could not serve. */
export const presentWaiting = (waiting: WaitingDid) => ({
  scope: waiting.scope,
  name: waiting.name,
  did_type: DidTypeCodec.name(waiting.type),
  rule: waiting.entry,
  attempts: waiting.attempts,
  error: waiting.error,
  since: waiting.since,
  next_try: waiting.dueAt,
});
