/** Standing orders: which new DIDs get which rules. */

export { addSubscription, type SubscriptionSpec } from './add-subscription.js';
export { changeSubscription, type SubscriptionChange } from './change-subscription.js';
export { type OrderFailure } from './apply-order.js';
export { listBacklog, type RetryTerms, type WaitingDid } from './backlog.sql.js';
export { type Criterion, type DidFilter, parseFilter } from './did-filter.js';
export { type DescribedDid } from './described-did.js';
export { matchDids, satisfies, type Verdict } from './match-dids.js';
export { offerFiles } from './offer-files.js';
export { parsePattern, type Pattern } from '../metadata/index.js';
export { retryBacklog, serveNewDids, type ServeTally, type ServeTerms } from './serve-orders.js';
export { parseStandingRules, type StandingRule } from './standing-rule.js';
export { type GivenOrder, type Subscription } from './subscription.js';
export {
  countRules,
  endExpired,
  findSubscriptionById,
  holdSubscription,
  type ListedSubscription,
  listSubscriptions,
  noteProcessed,
  type RuleCount,
  type SubscriptionNames,
} from './subscription.sql.js';
export { SubscriptionEntity } from './subscription.entity.js';
export { SubscriptionBacklogEntity } from './backlog.entity.js';
