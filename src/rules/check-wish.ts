import {
  InsufficientTargetRSEs,
  InvalidReplicationRule,
  InvalidValueForKey,
  StagingAreaRuleRequiresLifetime,
} from '../errors/index.js';
import { type Resolved, type Rse } from '../rses/index.js';
import { demandApprovable } from './approval.js';
import { demandCopies } from './copy-placement.js';
import { type NewRule } from './new-rule.sql.js';
import { isOnTape } from './on-tape.js';
import { type RuleSpec } from './rule-spec.js';
import { expressionsOf, openSites, type Sites, type Wish } from './sites.js';
import { expressionsOfPhases, wishPhases } from './wish-phases.js';

/** A wish that may be made into rules: what they begin with, and all that its expression names. */
export interface CheckedWish {
  readonly spec: RuleSpec;
  readonly named: readonly Rse[];
  readonly rule: Omit<NewRule, 'didIds' | 'state' | 'injectAt'>;
}

/** All expressions that have to be resolved before a wish is checked. */
export const expressionsIn = (spec: RuleSpec): string[] => [
  ...expressionsOf(wishOf(spec)),
  ...expressionsOfPhases(spec.phases ?? []),
];

/**
 * Limits, weights and sources refuse a rule at once, also one that is placed later. Whatever room there
 * is: that is told when it is placed.
 *
 * Throws InvalidRSEExpression, RSEWriteBlocked, StagingAreaRuleRequiresLifetime, InvalidRuleWeight,
 * ManualRuleApprovalBlocked, InvalidReplicationRule, InvalidSourceReplicaExpression,
 * InsufficientTargetRSEs.
 */
export function checkWish(spec: RuleSpec, resolved: Resolved, now: Date): CheckedWish {
  const named = resolved(spec.rseExpression);
  demandLifetime(spec, named);
  if (spec.askApproval) demandApprovable(named);
  const wish = wishOf(spec);
  const sites = openSites(wish, resolved);
  demandTargets(spec, sites);
  const startsAt = new Date(now.getTime() + (spec.delayInjection ?? 0) * 1000);
  const rule = {
    ...wish,
    ...wishPhases(spec, startsAt, resolved),
    // On tape a rule for ever is locked.
    locked: (spec.locked ?? false) || (isForEver(spec) && isOnTape(named, sites.constraints)),
    copies: spec.copies,
    constraints: spec.constraints ?? null,
    grouping: spec.grouping,
    activity: spec.activity,
    notification: spec.notification,
    priority: spec.priority ?? 3,
    expiresAt: expiry(spec.lifetime ?? null, now),
    eolAt: spec.eolAt ?? null,
    purgeReplicas: spec.purgeReplicas ?? false,
    splitContainer: spec.splitContainer ?? false,
    subscriptionUid: spec.subscriptionUid ?? null,
    restoredUid: spec.restoredUid ?? null,
    replaces: spec.replaces ?? null,
    comments: spec.comment ?? null,
    meta: spec.meta ?? null,
    repairPolicy: spec.repairPolicy ?? null,
    ignoreDuplicate: spec.ignoreDuplicate ?? false,
    now,
  };
  return { spec, named, rule };
}

/** Throws InvalidValueForKey (copies), InvalidReplicationRule (no DIDs). */
export function demandWish({ copies, dids }: Pick<RuleSpec, 'copies' | 'dids'>): void {
  if (copies <= 0) {
    throw new InvalidValueForKey(
      `The number of copies for a replication rule should be greater than 0, not ${copies}`,
      { copies },
    );
  }
  if (dids.length === 0) throw new InvalidReplicationRule('A rule needs at least one DID');
}

/** What decides where the copies of a rule to be may go. */
export const wishOf = (spec: RuleSpec): Wish => ({
  accountId: spec.accountId,
  rseExpression: spec.rseExpression,
  constraints: spec.constraints ?? null,
  sourceReplicaExpression: spec.sourceReplicaExpression ?? null,
  weight: spec.weight ?? null,
  ignoreAvailability: spec.ignoreAvailability ?? false,
  ignoreAccountLimit: spec.ignoreAccountLimit ?? false,
});

/** When a lifetime in seconds ends; null never does. */
export const expiry = (lifetime: number | null, now: Date): Date | null =>
  lifetime === null ? null : new Date(now.getTime() + lifetime * 1000);

/** A rule for ever must not fill a staging area. */
export function demandLifetime(spec: RuleSpec, named: readonly Rse[]): void {
  const staging = named.find((rse) => rse.stagingArea);
  if (!isForEver(spec) || !staging) return;
  throw new StagingAreaRuleRequiresLifetime(
    `Rules for a staging area must include a lifetime: ${staging.name}`,
    { rse: staging.name },
  );
}

/** With phases the first one ends. */
export const isForEver = ({ lifetime, phases }: RuleSpec): boolean =>
  (lifetime === null || lifetime === undefined) && !phases;

/**
 * Whatever room there is: that is told when a unit is placed. Throws InsufficientTargetRSEs.
 */
export function demandTargets(spec: RuleSpec, { candidates, constraints }: Sites): void {
  if (constraints) {
    const open = candidates.map((it) => ({ ...it, quotaLeft: null, spaceLeft: null }));
    demandCopies({ id: 0n, copies: spec.copies, bytes: 0n }, open, constraints);
    return;
  }
  const targets = candidates.filter(({ weight }) => weight !== null).length;
  if (targets >= spec.copies) return;
  throw new InsufficientTargetRSEs(
    `Target RSE set not sufficient for ${spec.copies} copies: '${spec.rseExpression}' names ${targets} RSEs that can be used`,
    { copies: spec.copies, targets },
  );
}
