/** What should be true: rules, how they are planned, placed in slices, evaluated, repaired, phased, ended and restored. */

export { addAllRules, addRules } from './add-rules.js';
export { type AddedRule } from './new-rule.sql.js';
export { type AdditionTerms } from './begin-rules.js';
export { type RuleSpec } from './rule-spec.js';
export {
  type Candidate,
  demandCopies,
  placeCopies,
  type Placement,
  type PlacementUnit,
  type RejectedCandidate,
  type Rejection,
} from './copy-placement.js';
export { driftAt, type DriftHere, driftsOf, type RuleDrift } from './drift.sql.js';
export { type DriftReason } from './placement-drift.js';
export { ResolvedExpressionEntity, RuleDriftEntity } from './drift.entity.js';
export {
  changeOf,
  countDueDrift,
  type DriftTerms,
  lookAtExpressions,
  sweepForDrift,
} from './find-drift.js';
export { handOverDriftedNext, type Replacement } from './hand-over-drifted.js';
export { changeRules, type RulesChange } from './change-rules.sql.js';
export {
  copiesOf,
  type PlacementConstraints,
  type PlacementPart,
  printConstraints,
  sameConstraints,
  unionOf,
} from './placement-constraints.js';
export { isShortForm, parsePlacement, parseShortForm } from './parse-placement.js';
export { type GivenPlacement, wishedPlacement, type WishedPlacement } from './placement-wish.js';
export { type SiteConstraints, type SitePlace } from './site-constraints.js';
export { type Choice, chooseCopies, type NoChoice } from './solve-placement.js';
export { recountRules } from './counter.sql.js';
export { evaluateNext, type EvaluationTally } from './evaluate-dids.js';
export { type HandedOver, type HandOver, handOverLocks, locksAt } from './hand-over.js';
export { type MoveRoom, planHandOver, type PlannedMove } from './plan-hand-over.js';
export { injectNext } from './inject-next.js';
export { expireNext, type Removal, type RemovalTerms, removeRules } from './remove-rules.js';
export { letGoNext, type LettingGo } from './let-go.js';
export {
  decideRepair,
  DEFAULT_POLICY,
  ON_DRIFT,
  ON_STUCK,
  type OnDrift,
  type OnStuck,
  type RepairPolicy,
} from './repair-policy.js';
export { type Repair, repairNext, type RepairTerms } from './repair-rule.js';
export { type InjectionSlice, type JudgeTerms, type Rule } from './rule.js';
export { lookAgain, nextPhases, type PhaseTally } from './next-phase.js';
export { type GivenPhase, parsePhases, readPhases, spanOf } from './parse-phases.js';
export { keyOfPhases, type Phase, type PhasedRule, phasesOf, type PhaseView } from './phase.js';
export { demandSameWords, demandSense, type PhasedWish, phasedWish } from './phased-wish.js';
export { type FormerPhase, formerPhases } from './phase.sql.js';
export { prolongRules, type ProlongedRules } from './prolong.sql.js';
export {
  chargeAnew,
  chargeLocks,
  countLocksAnew,
  holdRules,
  missingFromAccounts,
  placeRulesAnew,
} from './mend.sql.js';
export {
  findRule,
  isSameRule,
  type RuleIdentity,
  releaseParents,
  scheduleRepair,
  selectRules,
} from './rule.sql.js';
export {
  confirmCopies,
  type FailedCopy,
  reopenCopies,
  resumeCopies,
  stickCopies,
} from './settle-copies.js';
export { rulesTerms } from './terms.js';
export { tellClosed } from './told.sql.js';
export { askExceptions, type AskedExceptions } from './ask-exception.js';
export {
  decideException,
  endLives,
  forgetExceptions,
  isExempt,
  type ListedException,
  listExceptions,
} from './lifetime-exception.sql.js';
export { LifetimeExceptionEntity } from './lifetime-exception.entity.js';
export { findSites, type Sites, type Wish } from './sites.js';
export { RuleEntity } from './rule.entity.js';
export { RuleHistoryEntity } from './rule-history.entity.js';
export { changeRule, type RuleChange } from './change-rule.js';
export { deleteRule, type Expiry } from './delete-rule.js';
export { approveRule, type Decision, denyRule } from './decide-rule.js';
export {
  findListedRule,
  holdsFile,
  type ListedRule,
  listRules,
  pastOfRule,
  type PastRule,
  ruleHistory,
} from './list-rules.sql.js';
export { type LockTrouble, lockTroubles } from './lock-troubles.sql.js';
export { type DeletedRule, findDeletedRule } from './deleted-rule.sql.js';
export { holdForRule, type Restoration, restoreRule, takeBackDeletion } from './restore-rule.js';
export { moveRule, type RuleMove, type RuleOverride } from './move-rule.js';
export { reduceRule, type RuleReduction } from './reduce-rule.js';
export { type PlannedSpec } from './plan/draft-rules.js';
export { planRules } from './plan/plan-rules.js';
export { planLeaving, type LeavingPlan } from './plan/plan-leaving.js';
export type {
  Amount,
  ArrivalTime,
  ChosenRse,
  Movement,
  PlannedPart,
  PlanWarning,
  QuotaChange,
  RejectedRse,
  RulePlan,
  SpaceChange,
  Why,
} from './plan/plan.js';
