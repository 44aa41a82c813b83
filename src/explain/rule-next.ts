import { type DaemonName, RuleState } from '../vocabulary/index.js';
import { type RuleFacts } from './rule-facts.js';
import { clockTime, counted, dueAt } from './words.js';

/** What Sluice does next about the rule as a whole, and who does it. Pure. */
export function nextSteps(facts: RuleFacts): {
  readonly next: string[];
  readonly workers: DaemonName[];
} {
  const { rule, now, drifts } = facts;
  const next: string[] = [];
  const workers: DaemonName[] = [];
  const step = (worker: DaemonName, text: string) => {
    next.push(text);
    workers.push(worker);
  };
  if (rule.state === RuleState.INJECT)
    step(
      'judge-injector',
      `The injector places it, at most ${facts.config.rules.sliceLocks.toLocaleString('en-US')} copies at a time`,
    );
  if (rule.state === RuleState.STUCK) {
    step(
      'judge-repairer',
      `The repairer looks at it ${rule.repairAt ? dueAt(rule.repairAt, now) : 'soon'}`,
    );
    next.push(...ifStuckLonger(facts));
  }
  if (rule.state === RuleState.SUSPENDED)
    next.push('Nothing, until somebody resumes it; transfers that are in the queue go on');
  if (rule.state === RuleState.WAITING_APPROVAL)
    next.push('Nothing, until somebody approves or denies it');
  if (rule.expiresAt && rule.expiresAt <= now && !rule.locked) {
    step('judge-cleaner', 'The cleaner releases its locks and keeps the rule in the history');
  }
  if (drifts.length > 0) step('judge-drifter', driftStep(facts));
  if (facts.movements.length > 0)
    step('judge-cleaner', 'The cleaner lets each old copy go when the new one is there');
  return { next, workers };
}

const driftStep = ({ replaces, drifts, now }: RuleFacts): string => {
  const due = drifts[0] ? dueAt(drifts[0].dueAt, now) : 'soon';
  return replaces
    ? `Its policy places drifted copies anew: new ones first, the old ones go when those are OK; next look ${due}`
    : 'Its policy keeps drifted copies where they are';
};

/** What becomes of a rule that stays stuck, by its policy and the settings. */
function ifStuckLonger({ rule, now, config }: RuleFacts): string[] {
  const { stuckAt, repairPolicy, repairAttempts } = rule;
  if (!stuckAt) return [];
  const after = (seconds: number) => clockTime(new Date(stuckAt.getTime() + seconds * 1000), now);
  const { onStuck = 'suspend', attempts = null, afterSeconds = null } = repairPolicy ?? {};
  if (onStuck === 'retry') return ['Its policy has it tried again without end'];
  const bounds = [
    ...(attempts === null
      ? []
      : [`after ${counted(attempts, 'repair')} (${repairAttempts} so far)`]),
    ...(afterSeconds === null ? [] : [`at ${after(afterSeconds)}`]),
  ];
  if (onStuck === 'suspend' && bounds.length > 0) {
    return [`If it is still stuck ${bounds.join(' or ')}, it is suspended: its policy says so`];
  }
  const policy = {
    alert: `Its policy has the owner told ${bounds.join(' or ') || 'at once'}`,
    elsewhere: `Its policy has a copy that failed ${counted(attempts ?? 1, 'time')} made at another RSE of the expression${afterSeconds === null ? '' : `, from ${after(afterSeconds)} on`}`,
    suspend: null,
  }[onStuck];
  const end = `If it is still stuck at ${after(config.rules.suspendAfterSeconds)}, it is suspended`;
  return policy === null ? [end] : [policy, end];
}
