import { depthOf, type Did, findDids, holdExpiring } from '../dids/index.js';
import { ring, sql, type Tx } from '../db/index.js';
import {
  InsufficientTargetRSEs,
  InvalidReplicationRule,
  InvalidValueForKey,
  ManualRuleApprovalBlocked,
  StagingAreaRuleRequiresLifetime,
} from '../errors/index.js';
import { resolveRses, type Rse } from '../rses/index.js';
import {
  Channel,
  type DidName,
  DidType,
  RseType,
  type RuleGrouping,
  type RuleId,
  type RuleNotification,
  RuleState,
} from '../vocabulary/index.js';
import { injectRule } from './inject-rule.js';
import { type JudgeTerms } from './rule.js';
import { insertRules, selectRules } from './rule.sql.js';
import { findSites, type Wish } from './sites.js';

/** A wish: copies of DIDs at storage elements. */
export interface RuleSpec {
  readonly dids: readonly DidName[];
  readonly accountId: number;
  readonly copies: number;
  readonly rseExpression: string;
  readonly weight?: string | null;
  /** Seconds; null is for ever. */
  readonly lifetime?: number | null;
  readonly grouping: RuleGrouping;
  readonly locked?: boolean;
  readonly sourceReplicaExpression?: string | null;
  /** An index into Activities. */
  readonly activity: number;
  readonly notification: RuleNotification;
  readonly purgeReplicas?: boolean;
  readonly ignoreAvailability?: boolean;
  readonly ignoreAccountLimit?: boolean;
  readonly splitContainer?: boolean;
  readonly comment?: string | null;
  readonly askApproval?: boolean;
  readonly asynchronous?: boolean;
  /** Seconds until the injector may begin. */
  readonly delayInjection?: number | null;
  readonly priority?: number;
  readonly meta?: string | null;
  readonly eolAt?: Date | null;
  readonly subscriptionUid?: string | null;
}

export interface AdditionTerms extends JudgeTerms {
  /** Requests of at least so many locks are placed by the injector. */
  readonly synchronousLocksMax: number;
}

/** A rule that was made: its key inside and the id on the wire, as a uuid. */
export interface AddedRule {
  readonly id: RuleId;
  readonly uid: string;
}

/**
 * Adds one rule for each DID, all or none. Small ones are placed at once; with `asynchronous` or
 * `delayInjection`, or when the whole request makes `synchronousLocksMax` locks or more, they are
 * left to the injector; with `askApproval` they wait for approval.
 *
 * Throws DataIdentifierNotFound, DuplicateRule, InvalidValueForKey (copies), InvalidRSEExpression,
 * RSEWriteBlocked, StagingAreaRuleRequiresLifetime, ManualRuleApprovalBlocked,
 * InvalidReplicationRule (no DIDs), InvalidRuleWeight, InvalidSourceReplicaExpression, InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota.
 */
export async function addRules(tx: Tx, spec: RuleSpec, terms: AdditionTerms): Promise<AddedRule[]> {
  if (spec.copies <= 0) {
    throw new InvalidValueForKey(
      `The number of copies for a replication rule should be greater than 0, not ${spec.copies}`,
      { copies: spec.copies },
    );
  }
  if (spec.dids.length === 0) throw new InvalidReplicationRule('A rule needs at least one DID');
  // First: a DID that is erased now is not found, instead of the foreign key finding it gone.
  await holdExpiring(tx, spec.dids);
  const dids = await findDids(tx, spec.dids);
  const named = await resolveRses(tx, spec.rseExpression);
  const locked = demandLifetime(spec, named);
  if (spec.askApproval) demandApprovable(named);
  // Limits, weights and sources refuse a rule at once, also one that is placed later.
  const wish = wishOf(spec);
  const sites = await findSites(tx, { ...wish, ignoreAccountLimit: true });
  demandTargets(spec, sites.candidates.filter(({ weight }) => weight !== null).length);

  const plan = await howToBegin(tx, spec, dids, terms);
  const ids = await insertRules(tx, {
    ...wish,
    ...plan,
    locked,
    didIds: dids.map((did) => did.id),
    copies: spec.copies,
    grouping: spec.grouping,
    activity: spec.activity,
    notification: spec.notification,
    priority: spec.priority ?? 3,
    expiresAt: expiry(spec.lifetime ?? null, terms.now),
    eolAt: spec.eolAt ?? null,
    purgeReplicas: spec.purgeReplicas ?? false,
    splitContainer: spec.splitContainer ?? false,
    subscriptionUid: spec.subscriptionUid ?? null,
    comments: spec.comment ?? null,
    meta: spec.meta ?? null,
    now: terms.now,
  });
  if (plan.atOnce) await placeAtOnce(tx, ids, terms);
  else if (plan.state === RuleState.INJECT) await ring(tx, Channel.INJECTION);
  if (spec.lifetime !== null && spec.lifetime !== undefined && spec.lifetime <= 0) {
    await ring(tx, Channel.RULES);
  }
  const rules = await selectRules(tx, { where: sql`r.id = ANY (${ids}::bigint[])` });
  return ids.flatMap((id) => {
    const rule = rules.find((made) => made.id === id);
    return rule ? [{ id, uid: rule.uid }] : [];
  });
}

const wishOf = (spec: RuleSpec): Wish => ({
  accountId: spec.accountId,
  rseExpression: spec.rseExpression,
  sourceReplicaExpression: spec.sourceReplicaExpression ?? null,
  weight: spec.weight ?? null,
  ignoreAvailability: spec.ignoreAvailability ?? false,
  ignoreAccountLimit: spec.ignoreAccountLimit ?? false,
});

/** When a lifetime in seconds ends; null never does. */
export const expiry = (lifetime: number | null, now: Date): Date | null =>
  lifetime === null ? null : new Date(now.getTime() + lifetime * 1000);

/** A rule for ever must not fill a staging area, and on tape it is locked. Gives whether it is locked. */
function demandLifetime(spec: RuleSpec, named: readonly Rse[]): boolean {
  const forEver = spec.lifetime === null || spec.lifetime === undefined;
  const staging = named.find((rse) => rse.stagingArea);
  if (forEver && staging) {
    throw new StagingAreaRuleRequiresLifetime(
      `Rules for a staging area must include a lifetime: ${staging.name}`,
      { rse: staging.name },
    );
  }
  return (spec.locked ?? false) || (forEver && named.some((rse) => rse.type === RseType.TAPE));
}

function demandApprovable(named: readonly Rse[]): void {
  const blocked = named.find((rse) => isTrue(rse.attributes['block_manual_approval']));
  if (!blocked) return;
  throw new ManualRuleApprovalBlocked(`Rules on ${blocked.name} cannot be approved by hand`, {
    rse: blocked.name,
  });
}

const isTrue = (text: string | undefined): boolean => /^(true|1)$/i.test(text ?? '');

function demandTargets(spec: RuleSpec, targets: number): void {
  if (targets >= spec.copies) return;
  throw new InsufficientTargetRSEs(
    `Target RSE set not sufficient for ${spec.copies} copies: '${spec.rseExpression}' names ${targets} RSEs that can be used`,
    { copies: spec.copies, targets },
  );
}

interface Beginning {
  readonly state: RuleState;
  readonly injectAt: Date | null;
  readonly atOnce: boolean;
}

async function howToBegin(
  tx: Tx,
  spec: RuleSpec,
  dids: readonly Did[],
  terms: AdditionTerms,
): Promise<Beginning> {
  if (spec.askApproval) {
    return { state: RuleState.WAITING_APPROVAL, injectAt: null, atOnce: false };
  }
  const delay = spec.delayInjection ?? 0;
  const split = spec.splitContainer && dids.some((did) => did.type === DidType.CONTAINER);
  const later =
    spec.asynchronous || delay > 0 || split || (await isLarge(tx, spec.copies, dids, terms));
  return {
    state: RuleState.INJECT,
    injectAt: new Date(terms.now.getTime() + delay * 1000),
    atOnce: !later,
  };
}

/** Whether all the DIDs of a request together make too many locks for one transaction. */
async function isLarge(
  tx: Tx,
  copies: number,
  dids: readonly Did[],
  terms: AdditionTerms,
): Promise<boolean> {
  let files = 0n;
  for (const did of dids) {
    files += did.type === DidType.FILE ? 1n : (await depthOf(tx, did.id)).length;
    if (files * BigInt(copies) >= terms.synchronousLocksMax) return true;
  }
  return false;
}

async function placeAtOnce(tx: Tx, ids: readonly RuleId[], terms: JudgeTerms): Promise<void> {
  let queued = 0;
  for (const id of ids) {
    for (let more = true; more;) {
      const [rule] = await selectRules(tx, { where: sql`r.id = ${id}` });
      if (!rule) break;
      const injection = await injectRule(tx, rule, terms);
      queued += injection.queued;
      more = injection.more;
    }
  }
  if (queued > 0) await ring(tx, Channel.REQUESTS);
}
