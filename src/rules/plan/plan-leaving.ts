import { type Tx } from '../../db/index.js';
import { type Did, didsById } from '../../dids/index.js';
import { InsufficientTargetRSEs, type SluiceError } from '../../errors/index.js';
import { type Resolved, resolveRsesOfEach, type Rse } from '../../rses/index.js';
import { type DidId, type RuleId, RuleNotification } from '../../vocabulary/index.js';
import { type AdditionTerms } from '../begin-rules.js';
import { unionOf } from '../placement-constraints.js';
import { expressionsOf, openSites, type Sites, sourcesOf, type Wish } from '../sites.js';
import { type Draft, note } from './draft-rules.js';
import { leavingRules, type LeavingRules } from './leaving.sql.js';
import { staysTogether } from './place-draft.js';
import { type Amount, type RulePlan, sumOf } from './plan.js';
import { openPlan, planDraft } from './plan-draft.js';

/** So many groups are planned, the largest: each costs some statements. */
const GROUPS_MAX = 1000;

/** Where copies would go if an RSE left. */
export interface LeavingPlan extends Amount {
  readonly rse: string;
  readonly rules: number;
  /** Rules of which nothing else is told, as there are too many kinds of them. */
  readonly rulesUntold: number;
  /** For rules that ask for the same: what they hold there, and where that would go. */
  readonly groups: readonly (Amount & { readonly rules: number; readonly plan: RulePlan })[];
}

/**
 * What it would come to if an RSE left for good: what every rule has there, placed anew by the same decisions
 * as when it is drained. Copies elsewhere stay. What cannot be placed without the RSE is told by the errors
 * of the plans. Writes nothing; give it a snapshot.
 */
export async function planLeaving(tx: Tx, rse: Rse, terms: AdditionTerms): Promise<LeavingPlan> {
  const ground = await openPlan(tx, terms);
  const found = await leavingRules(tx, rse.id);
  const told = found.slice(0, GROUPS_MAX).toSorted(firstMade);
  const resolved = await resolveRsesOfEach(tx, told.flatMap(expressionsOf));
  const dids = await didsById(tx, [...new Set(told.flatMap(({ didIds }) => didIds))]);
  const byId = new Map(dids.map((did) => [did.id, did]));
  const groups = [];
  for (const rules of told) {
    const draft = draftWithout(rse, rules, { resolved, byId });
    const { plan } = await planDraft(tx, draft, ground, {
      rseId: rse.id,
      ruleIds: rules.ruleIds,
      aloneIds: aloneOf(rules, byId),
      isShared: rules.shared > 0n,
    });
    groups.push({ files: rules.files, bytes: rules.bytes, rules: rules.ruleIds.length, plan });
  }
  const rulesOf = (some: readonly LeavingRules[]): number =>
    some.reduce((sum, { ruleIds }) => sum + ruleIds.length, 0);
  return {
    rse: rse.name,
    ...sumOf(found),
    rules: rulesOf(found),
    rulesUntold: rulesOf(found.slice(GROUPS_MAX)),
    groups: groups.toSorted((a, b) => Number(b.bytes - a.bytes)),
  };
}

/** In the order in which a drain takes the rules. */
const firstMade = (a: LeavingRules, b: LeavingRules): number =>
  Number((a.ruleIds[0] ?? 0n) - (b.ruleIds[0] ?? 0n));

/** Those whose files go each its own way. */
const aloneOf = (
  { grouping, ruleIds, didIds }: LeavingRules,
  byId: ReadonlyMap<DidId, Did>,
): RuleId[] =>
  ruleIds.filter((_, at) => {
    const did = byId.get(didIds[at] ?? -1n);
    return did && !staysTogether({ grouping })(did);
  });

interface Found {
  readonly resolved: Resolved;
  readonly byId: ReadonlyMap<DidId, Did>;
}

/** The same wish on the expression without the RSE; that nothing is left of it is an error of the draft. */
function draftWithout(rse: Rse, rules: LeavingRules, { resolved, byId }: Found): Draft {
  const without = (expression: string) => `(${expression})\\${rse.name}`;
  const constraints = rules.constraints && {
    ...rules.constraints,
    parts: rules.constraints.parts.map((part) => ({
      ...part,
      rseExpression: without(part.rseExpression),
    })),
  };
  const dids = [...new Set(rules.didIds)].flatMap((id) => byId.get(id) ?? []);
  const spec = {
    ...rules,
    dids,
    rseExpression: constraints ? unionOf(constraints) : without(rules.rseExpression),
    constraints,
    notification: RuleNotification.NO,
  };
  const errors: SluiceError[] = [];
  const wish = { ...rules, sourceReplicaExpression: null };
  const left: Resolved = (expression) => resolved(expression).filter(({ id }) => id !== rse.id);
  const named = note(errors, () => left(rules.rseExpression)) ?? [];
  const beginnings = [{ begins: 'BY_INJECTOR' as const, rules: dids.length }];
  const draft = { spec, wish, dids, existing: 0, beginnings, named, errors };
  if (errors.length > 0) return { ...draft, sites: undefined };
  if (named.length === 0) {
    const message = `Without ${rse.name}, '${rules.rseExpression}' names no RSE`;
    errors.push(new InsufficientTargetRSEs(message, { copies: rules.copies, targets: 0 }));
    return { ...draft, sites: undefined };
  }
  const sites = note(errors, () =>
    sitesWithout(wish, left, sourcesOf(rules.sourceReplicaExpression, resolved)),
  );
  return { ...draft, sites };
}

/** Where the copies may go: what stands may also be where nothing can be written now, what goes may not. */
function sitesWithout(wish: Wish, left: Resolved, sources: Sites['sources']): Sites {
  const sites = openSites(wish, left);
  const { candidates, unwritable } = sites;
  return {
    ...sites,
    candidates: candidates.filter(({ rseId }) => !unwritable.includes(rseId)),
    sources,
  };
}
