/** Standing orders: which new DIDs get which rules, or are told to whom; older ones by a backfill. */

export { addSubscription, demandRoom, type SubscriptionSpec } from './add-subscription.js';
export { changeSubscription, type SubscriptionChange } from './change-subscription.js';
export { type Orderer, type OrderFailure, type StandingOrder } from './apply-order.js';
export { type OrderPlan, planOrder } from './plan-order.js';
export {
  beginBackfill,
  type BackfillChange,
  changeBackfill,
  findBackfill,
} from './begin-backfill.js';
export { type Backfill, pauseIdleBackfills } from './backfill.sql.js';
export { listBacklog, type RetryTerms, type WaitingDid } from './backlog.sql.js';
export { type Criterion, type DidFilter, parseFilter } from './did-filter.js';
export { type DescribedDid } from './described-did.js';
export { matchDids, satisfies, type Verdict } from './match-dids.js';
export { type Action, type GroupBy, type NotifyAction, parseAction } from './notify-action.js';
export { type Group, groupDids, type Member, type WaitingGroup } from './group-dids.js';
export { offerFiles } from './offer-files.js';
export { parsePattern, type Pattern } from '../metadata/index.js';
export { type Outcome, type PlannedDid, type PlannedEntry } from './plan-backfill.js';
export { serveBackfill } from './serve-backfill.js';
export {
  demandOrder,
  retryBacklog,
  serveNewDids,
  type ServeTally,
  type ServeTerms,
} from './serve-orders.js';
export { parseStandingRules, type StandingRule } from './standing-rule.js';
export { type BackfillPlan, type EntrySum, planBackfill, sumPlan } from './sum-plan.js';
export {
  findTask,
  type FullTask,
  listTaskDids,
  listTasks,
  type TaskDid,
  type TaskRow,
} from './list-tasks.sql.js';
export { forgetTasks, returnLapsedTasks } from './task.sql.js';
export { demandTransition } from './task-transition.js';
export {
  changeTask,
  claimTasks,
  flushDueTasks,
  flushTasks,
  type TaskChange,
} from './work-tasks.js';
export { type GivenOrder, parseOrder, type Subscription } from './subscription.js';
export {
  countRules,
  endExpired,
  findSubscription,
  findSubscriptionById,
  holdSubscription,
  type ListedSubscription,
  listSubscriptions,
  makesRules,
  noteProcessed,
  type RuleCount,
  type SubscriptionNames,
} from './subscription.sql.js';
export { SubscriptionEntity } from './subscription.entity.js';
export { SubscriptionBackfillEntity } from './backfill.entity.js';
export { SubscriptionBacklogEntity } from './backlog.entity.js';
export { SubscriptionTaskEntity } from './task.entity.js';
export { SubscriptionTaskDidEntity } from './task-did.entity.js';
