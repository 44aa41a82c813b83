/** What may be done about a rule that stays stuck. */
export const ON_STUCK = ['retry', 'suspend', 'alert', 'elsewhere'] as const;
export type OnStuck = (typeof ON_STUCK)[number];

/** What becomes of copies at RSEs that the expression does not name any more. */
export const ON_DRIFT = ['keep', 'replace'] as const;
export type OnDrift = (typeof ON_DRIFT)[number];

/**
 * How a rule wants to be repaired. A rule without one is as the settings of `rules` say: suspended when
 * it has been stuck for so long, its locks moved when they have failed so often.
 */
export interface RepairPolicy {
  /**
   * - `retry`: tried again for as long as it takes.
   * - `suspend`: SUSPENDED after `attempts` or `afterSeconds`; with neither when the settings say so.
   * - `alert`: the owner is told once, after `attempts` or `afterSeconds`, else at once; it goes on.
   * - `elsewhere`: a lock that has failed `attempts` times (1) moves at once to another RSE of the
   *   expression, from the time on that the rule has been stuck for `afterSeconds` (0).
   */
  readonly onStuck: OnStuck;
  readonly attempts: number | null;
  readonly afterSeconds: number | null;
  readonly drift: OnDrift;
}

/** A rule that is stuck, as the decision sees it. */
export interface StuckRule {
  /** Repairs since it is stuck. */
  readonly attempts: number;
  readonly stuckSeconds: number;
}

/** What holds for rules that say nothing else. */
export interface RepairLimits {
  /** A rule stuck for so long is SUSPENDED. */
  readonly suspendAfterSeconds: number;
  /** A lock that failed so often moves to another RSE, if the expression has one. */
  readonly moveAfterAttempts: number;
}

/** What the repairer is to do with a rule besides trying it again. */
export interface RepairDecision {
  readonly suspend: boolean;
  readonly alert: boolean;
  readonly moveAfterAttempts: number;
  /** Tired locks move without waiting for their next try. */
  readonly moveAtOnce: boolean;
}

/** What a rule's policy, or the settings where it has none, say of it now. Pure. */
export function decideRepair(
  policy: RepairPolicy | null,
  rule: StuckRule,
  limits: RepairLimits,
): RepairDecision {
  const { onStuck, attempts, afterSeconds } = policy ?? DEFAULT_POLICY;
  const unbounded = attempts === null && afterSeconds === null;
  const reached =
    (attempts !== null && rule.attempts >= attempts) ||
    (afterSeconds !== null && rule.stuckSeconds >= afterSeconds);
  const overdue = rule.stuckSeconds >= limits.suspendAfterSeconds;
  const moveAtOnce = onStuck === 'elsewhere' && rule.stuckSeconds >= (afterSeconds ?? 0);
  return {
    suspend: onStuck !== 'retry' && (onStuck === 'suspend' && !unbounded ? reached : overdue),
    alert: onStuck === 'alert' && (unbounded || reached),
    moveAfterAttempts: moveAtOnce ? (attempts ?? 1) : limits.moveAfterAttempts,
    moveAtOnce,
  };
}

/** What a rule that says nothing, or not all, has. */
export const DEFAULT_POLICY: RepairPolicy = {
  onStuck: 'suspend',
  attempts: null,
  afterSeconds: null,
  drift: 'keep',
};
