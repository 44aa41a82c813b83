import { rows, sql, type Tx } from '../../db/index.js';
import { type Did, findDids } from '../../dids/index.js';
import { RSEWriteBlocked, SluiceError } from '../../errors/index.js';
import { resolveRsesOfEach, type Rse } from '../../rses/index.js';
import { type DidId, DidType, RuleState } from '../../vocabulary/index.js';
import { onceEach } from '../add-rules.js';
import { demandApprovable } from '../approval.js';
import { archivesFor } from '../archived-files.js';
import { type AdditionTerms, howToBegin } from '../begin-rules.js';
import { demandLifetime, demandTargets, demandWish, expressionsIn, wishOf } from '../check-wish.js';
import { duplicateOf } from '../new-rule.sql.js';
import { keyOfPhases } from '../phase.js';
import { type RuleSpec } from '../rule-spec.js';
import { isSameRule } from '../rule.sql.js';
import { findSites, type Sites, type Wish } from '../sites.js';
import { wishPhases } from '../wish-phases.js';
import { type RulePlan } from './plan.js';

/** A wish that was read and looked up, before anything is placed. */
export interface Draft {
  readonly spec: RuleSpec;
  readonly wish: Wish;
  /** Everything that the expression names. */
  readonly named: readonly Rse[];
  /** Undefined where none of them can be written. */
  readonly sites: Sites | undefined;
  readonly dids: readonly Did[];
  /** How many more have the same rule already. */
  readonly existing: number;
  readonly beginnings: RulePlan['beginnings'];
  /** What would keep creation from it, as far as it is known. */
  readonly errors: readonly SluiceError[];
}

/**
 * Asks everything of a wish that creation asks before it places, and holds nothing. What cannot be
 * meant is thrown as there: DataIdentifierNotFound, InvalidValueForKey, InvalidReplicationRule (no
 * DIDs), InvalidRSEExpression, InvalidSourceReplicaExpression, InvalidRuleWeight. What could be meant
 * and cannot be done now is among the errors of the draft. A phase that comes later (`isLater`) is no
 * rule of its own: whether it may be asked for was said with the first one.
 */
export async function draftRule(
  tx: Tx,
  spec: RuleSpec,
  terms: AdditionTerms,
  { isLater = false }: { readonly isLater?: boolean } = {},
): Promise<Draft> {
  demandWish(spec);
  const resolved = await resolveRsesOfEach(tx, expressionsIn(spec));
  const named = resolved(spec.rseExpression);
  const errors: SluiceError[] = [];
  if (!isLater) note(errors, () => demandLifetime(spec, named));
  if (spec.askApproval) note(errors, () => demandApprovable(named));
  note(errors, () => wishPhases(spec, terms.now, resolved));
  const asked = await findDids(tx, spec.dids);
  const archives = await archivesFor(tx, asked);
  const wished = onceEach(
    asked,
    asked.map((did) => archives.get(did.id) ?? did),
  );
  const wish = wishFor(spec, wished);
  const sites = await sitesNow(tx, wish, errors);
  if (sites) note(errors, () => demandTargets(spec, sites));
  const same = isLater ? new Set<DidId>() : await sameRules(tx, spec, wished);
  if (same.size > 0 && !spec.ignoreDuplicate) errors.push(duplicateOf(spec));
  const dids = wished.filter(({ id }) => !same.has(id));
  const [begun = []] = await howToBegin(tx, [{ spec, dids, named }], terms);
  const beginnings = begun.map((beginning) => ({
    begins: beginning.atOnce
      ? ('AT_ONCE' as const)
      : beginning.state === RuleState.WAITING_APPROVAL
        ? ('AFTER_APPROVAL' as const)
        : ('BY_INJECTOR' as const),
    rules: beginning.dids.length,
  }));
  return { spec, wish, named, sites, dids, existing: same.size, beginnings, errors };
}

/** Approval passes the limits of the account, and so do the rules that a split container becomes. */
function wishFor(spec: RuleSpec, dids: readonly Did[]): Wish {
  const wish = wishOf(spec);
  const split = spec.splitContainer && dids.every(({ type }) => type === DidType.CONTAINER);
  return {
    ...wish,
    ignoreAccountLimit: wish.ignoreAccountLimit || spec.askApproval === true || split === true,
  };
}

/** The sites of a wish, or the fact that none can be written, noted. */
export async function sitesNow(
  tx: Tx,
  wish: Wish,
  errors: SluiceError[],
): Promise<Sites | undefined> {
  try {
    return await findSites(tx, wish, { hold: false });
  } catch (error) {
    if (!(error instanceof RSEWriteBlocked)) throw error;
    errors.push(error);
    return undefined;
  }
}

function note(errors: SluiceError[], check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    errors.push(error);
  }
}

/** Those of the DIDs that have the very same rule. */
async function sameRules(tx: Tx, spec: RuleSpec, dids: readonly Did[]): Promise<Set<DidId>> {
  const found = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT r.did_id AS "didId" FROM rules r
         WHERE r.did_id = ANY (${dids.map(({ id }) => id)}::bigint[]) AND r.account_id = ${spec.accountId}
           AND ${isSameRule({
             ...spec,
             constraints: spec.constraints ?? null,
             phasesKey: spec.phases ? keyOfPhases(spec.phases) : null,
           })}`,
  );
  return new Set(found.map(({ didId }) => didId));
}
