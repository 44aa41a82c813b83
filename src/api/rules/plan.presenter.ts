import {
  type Amount,
  type ChosenRse,
  type LeavingPlan,
  type PlannedPart,
  type RulePlan,
  spanOf,
  type Why,
} from '../../rules/index.js';
import { type OrderPlan } from '../../subscriptions/index.js';
import { Activities, DidTypeCodec, RuleGroupingCodec } from '../../vocabulary/index.js';
import { presentPlacement } from './placement.presenter.js';

/** A plan names so many of its DIDs; their number is told in any case. */
const DIDS_SHOWN = 10;

/** Plans of wishes, and what they come to together. */
export const presentPlans = (plans: readonly RulePlan[]) => ({
  ...totalsOf(plans),
  rules: plans.map(presentPlan),
});

/** Where the copies of an RSE would go that leaves. Of rules that are not told nobody knows whether it can be done. */
export function presentLeaving({ rse, rules, files, bytes, rulesUntold, groups }: LeavingPlan) {
  const totals = totalsOf(groups.map(({ plan }) => plan));
  return {
    rse_leaves: rse,
    rules_there: rules,
    files_there: files,
    bytes_there: bytes,
    rules_untold: rulesUntold,
    ...totals,
    feasible: totals.feasible && rulesUntold > 0 ? null : totals.feasible,
    rules: groups.map((group) => ({
      rules_there: group.rules,
      files_there: group.files,
      bytes_there: group.bytes,
      ...presentPlan(group.plan),
    })),
  };
}

/** What a subscription would come to for DIDs that are there now. */
export const presentOrder = ({ seen, matched, complete, plans }: OrderPlan) => ({
  dids_seen: seen,
  dids_matched: matched,
  dids_complete: complete,
  ...presentPlans(plans),
});

/** Whether it can be done, how much would move, and how long that takes at least, as far as is known. */
function totalsOf(plans: readonly RulePlan[]) {
  const moves = plans.flatMap((plan) => plan.moves);
  const sum = (of: (amount: Amount) => bigint) => moves.reduce((all, move) => all + of(move), 0n);
  const times = plans.flatMap((plan) => plan.times);
  const known = times.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  return {
    feasible: plans.every(({ errors }) => errors.length === 0),
    to_move: { files: sum(({ files }) => files), bytes: sum(({ bytes }) => bytes) },
    seconds: times.length > 0 && known.length === 0 ? null : Math.max(0, ...known),
    seconds_complete: known.length === times.length,
  };
}

const presentPlan = (plan: RulePlan) => ({
  account: plan.account,
  ...(plan.phase !== null && { phase: plan.phase }),
  ...(plan.span && {
    phases: plan.span.phases,
    since: plan.span.since,
    until: plan.span.until,
    until_idle: spanOf(plan.span.untilIdleSeconds),
  }),
  rse_expression: plan.spec.rseExpression,
  copies: plan.spec.copies,
  ...(plan.spec.constraints && { placement: presentPlacement(plan.spec.constraints) }),
  weight: plan.spec.weight ?? null,
  grouping: RuleGroupingCodec.name(plan.spec.grouping),
  activity: Activities[plan.spec.activity] ?? null,
  dids: plan.dids.slice(0, DIDS_SHOWN).map(({ scope, name, type }) => ({
    scope,
    name,
    did_type: DidTypeCodec.name(type),
  })),
  did_count: plan.dids.length,
  begins: plan.beginnings,
  files: plan.content.files,
  bytes: plan.content.bytes,
  units: plan.units,
  errors: plan.errors.map((error) => ({
    exception_class: error.name,
    exception_message: error.message,
  })),
  parts: plan.parts.map(presentPart),
  moves: plan.moves,
  quota: plan.quota.map(({ rseExpression, global, limit, before, after }) => ({
    rse_expression: rseExpression,
    global,
    limit,
    used_before: before,
    used_after: after,
  })),
  space: plan.space.map(({ rse, limit, before, after }) => ({
    rse,
    limit,
    used_before: before,
    used_after: after,
  })),
  time: plan.times,
  warnings: plan.warnings,
  estimated: plan.estimated,
});

const presentPart = ({ rseExpression, copies, weight, chosen, rejected }: PlannedPart) => ({
  rse_expression: rseExpression,
  copies,
  weight,
  chosen: chosen.map(presentChosen),
  rejected: rejected.map(({ rse, why }) => ({ rse, why: why.map(presentWhy) })),
});

const presentChosen = ({ rse, units, why, all, there, coming, move }: ChosenRse) => ({
  rse,
  units,
  why: why.map(presentWhy),
  files: all.files,
  bytes: all.bytes,
  there,
  coming,
  to_move: move,
});

/** `account limit` as ACCOUNT_LIMIT. */
const presentWhy = ({ reason, units, detail }: Why<string>) => ({
  reason: reason.toUpperCase().replaceAll(' ', '_'),
  units,
  detail,
});
