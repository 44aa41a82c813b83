import { type Tx } from '../../db/index.js';
import { type RseId } from '../../vocabulary/index.js';
import { expiry } from '../check-wish.js';
import { begunPhases, type Phase, phasesOf } from '../phase.js';
import { type RuleSpec } from '../rule-spec.js';
import { draftRules } from './draft-rules.js';
import { type PhaseSpan, type RulePlan } from './plan.js';
import { type Charged, planDraft, type PlanGround } from './plan-draft.js';

/** A wish with phases. */
type PhasedSpec = RuleSpec & { readonly phases: readonly Phase[] };

/**
 * The plan of a rule with phases, `first` being that of its first one: of each phase what moves when it
 * begins, as things are today, but with what the phases before it have made. The one before it holds
 * until then: it is charged too, but no reason to refuse the next one. Other rules of the same plan are
 * made now, and find the first phase.
 */
export async function planPhases(
  tx: Tx,
  spec: PhasedSpec,
  ground: PlanGround,
  first: Charged,
): Promise<RulePlan[]> {
  const spans = spansOf(spec, ground.terms.now);
  const plans: RulePlan[] = [{ ...first.plan, phase: 1, span: spans[0] ?? null }];
  const { dids } = first.plan;
  if (dids.length === 0) return plans;
  const later = { ...ground, books: ground.books.fork(), arrived: true };
  const book = await later.books.account(spec.accountId);
  const wishes = spec.phases.slice(1).map((phase) => ({
    ...{ ...spec, ...wishOfPhase(phase), dids },
    ...{ phases: null, delayInjection: null },
  }));
  let former = first.charged;
  for (const [at, draft] of (
    await draftRules(tx, wishes, ground.terms, { areLater: true })
  ).entries()) {
    book.giveBack(former);
    const next = await planDraft(tx, draft, later);
    plans.push({ ...next.plan, phase: at + 2, span: spans[at + 1] ?? null });
    book.charge(new Map([...former].map(([rseId, bytes]): [RseId, bigint] => [rseId, -bytes])));
    former = next.charged;
  }
  return plans;
}

const wishOfPhase = ({ copies, rseExpression, weight, grouping, constraints }: Phase) => ({
  ...{ copies, rseExpression, weight, grouping, constraints },
});

/** When each phase would hold. */
function spansOf({ phases, lifetime, delayInjection }: PhasedSpec, now: Date): PhaseSpan[] {
  const startsAt = new Date(now.getTime() + (delayInjection ?? 0) * 1000);
  const begun = begunPhases(phases, startsAt);
  const expiresAt = expiry(lifetime ?? null, now);
  return phasesOf({ phases: begun, phase: 0, phaseLookAt: null, expiresAt }).map(
    ({ since, until, untilIdleSeconds }) => ({
      ...{ phases: phases.length, since, until, untilIdleSeconds },
    }),
  );
}
