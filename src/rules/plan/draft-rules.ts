import { type Tx } from '../../db/index.js';
import { type Did } from '../../dids/index.js';
import { RSEWriteBlocked, SluiceError } from '../../errors/index.js';
import { type Resolved, resolveRsesOfEach, type Rse } from '../../rses/index.js';
import { type DidId, DidType, RuleState } from '../../vocabulary/index.js';
import { demandApprovable } from '../approval.js';
import { seenOnArchives } from '../archived-files.js';
import { askedDids } from '../asked-dids.js';
import { type AdditionTerms, type Beginning, beginningsOf, sizesToBegin } from '../begin-rules.js';
import { demandLifetime, demandTargets, demandWish, expressionsIn, wishOf } from '../check-wish.js';
import { duplicateOf } from '../new-rule.sql.js';
import { type RuleSpec } from '../rule-spec.js';
import { openSites, type Sites, type Wish } from '../sites.js';
import { wishPhases } from '../wish-phases.js';
import { type RulePlan } from './plan.js';
import { type Identified, identityOf, standingRules } from './standing-rules.sql.js';

/** A wish, and perhaps why somebody who asks for it would get nothing of it now. */
export type PlannedSpec = RuleSpec & { readonly refusal?: SluiceError };

/** A wish that was read and looked up, before anything is placed. */
export interface Draft {
  readonly spec: RuleSpec;
  readonly wish: Wish;
  /** Everything that the expression names. */
  readonly named: readonly Rse[];
  /** Whatever room there is. Undefined where none of them can be written. */
  readonly sites: Sites | undefined;
  readonly dids: readonly Did[];
  /** How many more have the same rule already. */
  readonly existing: number;
  readonly beginnings: RulePlan['beginnings'];
  /** What would keep creation from it, as far as it is known. */
  readonly errors: readonly SluiceError[];
}

/**
 * Asks everything of wishes that creation asks before it places, one after the other, and holds nothing; by
 * as many statements as of one. What cannot be meant is thrown as there: DataIdentifierNotFound,
 * InvalidValueForKey, InvalidReplicationRule (no DIDs), InvalidRSEExpression,
 * InvalidSourceReplicaExpression, InvalidRuleWeight. What could be meant and cannot be done now is among
 * the errors of the drafts. Phases that come later (`areLater`) are no rules of their own: whether they may
 * be asked for was said with the first one.
 */
export async function draftRules(
  tx: Tx,
  specs: readonly PlannedSpec[],
  terms: AdditionTerms,
  { areLater = false }: { readonly areLater?: boolean } = {},
): Promise<Draft[]> {
  specs.forEach(demandWish);
  const resolved = await resolveRsesOfEach(tx, specs.flatMap(expressionsIn));
  const checked = specs.map((spec) => checkSpec(spec, resolved, terms, areLater));
  const asked = await askedDids(tx, specs, seenOnArchives);
  const wished = specs.map((spec, at) => ({ spec, dids: asked[at]?.wished ?? [] }));
  const left = areLater
    ? wished.map(({ dids }) => ({ dids, existing: 0 }))
    : withoutThose(wished, await standingRules(tx, wished));
  const begun = checked.map((it, at) => ({ ...it, dids: left[at]?.dids ?? [] }));
  const sizes = await sizesToBegin(tx, begun);
  return begun.map(({ spec, named, dids, errors }, at) => {
    const wish = wishFor(spec, wished[at]?.dids ?? []);
    const sites = sitesNow(wish, resolved, errors);
    if (sites) note(errors, () => demandTargets(spec, sites));
    const { existing = 0 } = left[at] ?? {};
    if (existing > 0 && !spec.ignoreDuplicate) errors.push(duplicateOf(spec));
    const [beginnings = []] = beginningsOf([{ spec, dids, named }], sizes, terms);
    return {
      ...{ spec, wish, named, sites, dids, existing, errors },
      beginnings: beginnings.map(shown),
    };
  });
}

/** What a wish names, and what is against asking for it there. */
function checkSpec(
  spec: PlannedSpec,
  resolved: Resolved,
  { now }: AdditionTerms,
  isLater: boolean,
) {
  const named = resolved(spec.rseExpression);
  const errors: SluiceError[] = spec.refusal ? [spec.refusal] : [];
  if (!isLater) note(errors, () => demandLifetime(spec, named));
  if (spec.askApproval) note(errors, () => demandApprovable(named));
  note(errors, () => wishPhases(spec, now, resolved));
  return { spec, named, errors };
}

/** The DIDs that have the very same rule neither yet nor from a wish before it. */
function withoutThose(wished: readonly Identified[], standing: readonly ReadonlySet<DidId>[]) {
  const asked = new Map<string, Set<DidId>>();
  return wished.map(({ spec, dids }, at) => {
    const identity = identityOf(spec);
    const before = asked.get(identity) ?? new Set<DidId>();
    asked.set(identity, before);
    const left = dids.filter(({ id }) => !(standing[at]?.has(id) ?? false) && !before.has(id));
    for (const { id } of left) before.add(id);
    return { dids: left, existing: dids.length - left.length };
  });
}

const shown = ({ atOnce, state, dids }: Beginning): RulePlan['beginnings'][number] => ({
  begins: atOnce
    ? 'AT_ONCE'
    : state === RuleState.WAITING_APPROVAL
      ? 'AFTER_APPROVAL'
      : 'BY_INJECTOR',
  rules: dids.length,
});

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
function sitesNow(wish: Wish, resolved: Resolved, errors: SluiceError[]): Sites | undefined {
  try {
    return openSites(wish, resolved);
  } catch (error) {
    if (!(error instanceof RSEWriteBlocked)) throw error;
    errors.push(error);
    return undefined;
  }
}

/** A fact that is thrown is one of the errors. */
export function note<T>(errors: SluiceError[], check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    errors.push(error);
    return undefined;
  }
}
