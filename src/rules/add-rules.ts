import { type Did, findDids, holdExpiring } from '../dids/index.js';
import { ring, sql, type Tx } from '../db/index.js';
import {
  InsufficientTargetRSEs,
  InvalidReplicationRule,
  InvalidValueForKey,
  StagingAreaRuleRequiresLifetime,
} from '../errors/index.js';
import { resolveRses, type Rse } from '../rses/index.js';
import { Channel, type DidId, type RuleId, RuleState } from '../vocabulary/index.js';
import { demandApprovable } from './approval.js';
import { onArchives } from './archived-files.js';
import { type AdditionTerms, howToBegin } from './begin-rules.js';
import { demandCopies } from './copy-placement.js';
import { askApprovers } from './letters.sql.js';
import { placeAtOnce } from './place-at-once.js';
import { type RuleSpec } from './rule-spec.js';
import { insertRules, selectRules } from './rule.sql.js';
import { isOnTape } from './on-tape.js';
import { findSites, type Sites, type Wish } from './sites.js';
import { wishPhases } from './wish-phases.js';

/** A rule that was made: its key inside and the id on the wire, as a uuid. */
export interface AddedRule {
  readonly id: RuleId;
  readonly uid: string;
}

/**
 * Adds one rule for each DID, all or none. Small ones are placed at once; with `asynchronous` or
 * `delayInjection`, or when the whole request makes `synchronousLocksMax` locks or more, or is about
 * more than a few DIDs that are placed one by one, they are left to the injector; with `askApproval`
 * they wait for approval, unless the RSE approves itself.
 * A rule on a constituent without a copy on disk is made on its archive. With `phases` it begins with
 * the first of them, and the phaser goes on.
 *
 * Throws DataIdentifierNotFound, DuplicateRule, InvalidValueForKey (copies), InvalidRSEExpression,
 * RSEWriteBlocked, StagingAreaRuleRequiresLifetime, ManualRuleApprovalBlocked,
 * InvalidReplicationRule (no DIDs, approval of several RSEs, phases that make no sense), InvalidRuleWeight,
 * InvalidSourceReplicaExpression, InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota.
 */
export async function addRules(tx: Tx, spec: RuleSpec, terms: AdditionTerms): Promise<AddedRule[]> {
  demandWish(spec);
  // First: a DID that is erased now is not found, instead of the foreign key finding it gone.
  await holdExpiring(tx, spec.dids);
  const named = await resolveRses(tx, spec.rseExpression);
  demandLifetime(spec, named);
  if (spec.askApproval) demandApprovable(named);
  // Limits, weights and sources refuse a rule at once, also one that is placed later.
  const wish = wishOf(spec);
  const sites = await findSites(tx, { ...wish, ignoreAccountLimit: true });
  // On tape a rule for ever is locked.
  const locked = (spec.locked ?? false) || (isForEver(spec) && isOnTape(named, sites.constraints));
  demandTargets(spec, sites);
  const startsAt = new Date(terms.now.getTime() + (spec.delayInjection ?? 0) * 1000);
  const phases = await wishPhases(tx, spec, startsAt);

  const asked = await findDids(tx, spec.dids);
  const dids = await onArchives(tx, asked);
  const wished = onceEach(asked, dids);
  const made = new Map<DidId, RuleId>();
  for (const beginning of await howToBegin(tx, spec, wished, named, terms)) {
    const didIds = beginning.dids.map((did) => did.id);
    const inserted = await insertRules(tx, {
      ...wish,
      ...beginning,
      ...phases,
      locked,
      didIds,
      copies: spec.copies,
      constraints: spec.constraints ?? null,
      grouping: spec.grouping,
      activity: spec.activity,
      notification: spec.notification,
      priority: spec.priority ?? 3,
      expiresAt: expiry(spec.lifetime ?? null, terms.now),
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
      now: terms.now,
    });
    for (const [didId, id] of inserted) made.set(didId, id);
    if (beginning.atOnce) await placeAtOnce(tx, [...inserted.values()], terms);
    else if (beginning.state === RuleState.INJECT) await ring(tx, Channel.INJECTION);
    else await askApprovers(tx, [...inserted.values()], named[0]);
  }
  if (spec.lifetime !== null && spec.lifetime !== undefined && spec.lifetime <= 0) {
    await ring(tx, Channel.RULES);
  }
  return await added(
    tx,
    dids.flatMap((did) => made.get(did.id) ?? []),
  );
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

/** The rules of these ids, in their order. */
async function added(tx: Tx, ids: readonly RuleId[]): Promise<AddedRule[]> {
  const rules = await selectRules(tx, { where: sql`r.id = ANY (${[...ids]}::bigint[])` });
  const uids = new Map(rules.map(({ id, uid }) => [id, uid]));
  return ids.flatMap((id) => {
    const uid = uids.get(id);
    return uid === undefined ? [] : [{ id, uid }];
  });
}

/** The DIDs that rules are made on, where several constituents may have come to one archive. */
export const onceEach = (asked: readonly Did[], dids: readonly Did[]): Did[] => {
  const first = new Map(dids.toReversed().map(({ id }, at) => [id, dids.length - 1 - at]));
  return dids.filter(({ id }, at) => id === asked[at]?.id || first.get(id) === at);
};

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
