import { ring, sql, type Tx } from '../db/index.js';
import { RuleReplaceFailed, SluiceError, UnsupportedOperation } from '../errors/index.js';
import { Channel, RuleState } from '../vocabulary/index.js';
import { addRules } from './add-rules.js';
import { type AddedRule } from './new-rule.sql.js';
import { type AdditionTerms } from './begin-rules.js';
import { waitsForChild } from './change-rule.js';
import {
  copiesOf,
  type PlacementConstraints,
  printConstraints,
  unionOf,
} from './placement-constraints.js';
import { wantsTheSame } from './phase.js';
import { type Rule } from './rule.js';
import { type RuleSpec } from './rule-spec.js';
import { findRule, writeRule } from './rule.sql.js';

/** What a moved rule may have otherwise than the rule it replaces. */
export type RuleOverride = Partial<
  Pick<
    RuleSpec,
    | 'accountId'
    | 'copies'
    | 'weight'
    | 'lifetime'
    | 'grouping'
    | 'locked'
    | 'sourceReplicaExpression'
    | 'activity'
    | 'notification'
    | 'purgeReplicas'
    | 'ignoreAvailability'
    | 'ignoreAccountLimit'
    | 'comment'
    | 'asynchronous'
    | 'delayInjection'
    | 'eolAt'
  >
>;

/**
 * The wish behind a rule, as `addRules` takes it; priority and meta begin anew, as in Rucio. Phases go
 * on where they are.
 */
const wishAgain = (rule: Rule, now: Date): Omit<RuleSpec, 'rseExpression'> => ({
  dids: [rule],
  accountId: rule.accountId,
  copies: rule.copies,
  weight: rule.weight,
  lifetime:
    rule.expiresAt === null
      ? null
      : Math.max(0, Math.round((rule.expiresAt.getTime() - now.getTime()) / 1000)),
  grouping: rule.grouping,
  locked: rule.locked,
  sourceReplicaExpression: rule.sourceReplicaExpression,
  activity: rule.activity,
  notification: rule.notification,
  purgeReplicas: rule.purgeReplicas,
  ignoreAvailability: rule.ignoreAvailability,
  ignoreAccountLimit: rule.ignoreAccountLimit,
  comment: rule.comments,
  eolAt: rule.eolAt,
  subscriptionUid: rule.subscriptionUid,
  repairPolicy: rule.repairPolicy,
});

/** Where a rule moves to. */
export interface RuleMove {
  readonly rseExpression: string;
  /** Null: as the rule has them, if the expression is the rule's own; else none. */
  readonly constraints?: PlacementConstraints | null;
  readonly override: RuleOverride;
}

/** What is left of a rule. */
export interface RuleReduction {
  readonly copies: number;
  readonly exclude: string | null;
  /** How the copies that are left stand to each other; null: as before, if that is clear. */
  readonly constraints?: PlacementConstraints | null;
}

/**
 * Moves a rule: a new one with another expression takes its place, and the old one goes when the new
 * one is OK. Throws RuleReplaceFailed (it has a child already, or is there), and what `addRules` throws.
 */
export async function moveRule(
  tx: Tx,
  rule: Rule,
  move: RuleMove,
  terms: AdditionTerms,
): Promise<AddedRule> {
  if (await waitsForChild(tx, rule)) {
    throw new RuleReplaceFailed('The rule must not have a child rule', { rule: rule.uid });
  }
  const stays = move.rseExpression === rule.rseExpression;
  const constraints = move.constraints ?? (stays ? rule.constraints : null);
  if (stays && Object.keys(move.override).length === 0) {
    throw new RuleReplaceFailed('The rule is moved to where it is', { rule: rule.uid });
  }
  const wish = {
    ...wishAgain(rule, terms.now),
    ...move.override,
    rseExpression: move.rseExpression,
    constraints,
  };
  const spec = withPhases(rule, wish, terms.now);
  if (constraints && copiesOf(constraints) !== spec.copies) {
    throw new RuleReplaceFailed(
      `The placement of the rule, '${printConstraints(constraints)}', makes ${copiesOf(constraints)} copies, not ${spec.copies}: give the new one whole, as placement`,
      { rule: rule.uid },
    );
  }
  return await replaceRule(tx, rule, spec, terms);
}

/**
 * Takes copies away: a new rule of fewer copies takes the place of one that is OK, on the RSEs that
 * `exclude` leaves. It must be OK at once, so only copies that are there count.
 * Throws RuleReplaceFailed, and what `addRules` throws.
 */
export async function reduceRule(
  tx: Tx,
  rule: Rule,
  reduction: RuleReduction,
  terms: AdditionTerms,
): Promise<AddedRule> {
  if (rule.copies <= reduction.copies) {
    throw new RuleReplaceFailed(
      `Copies of the new rule must be smaller than those of the old one, ${rule.copies}`,
      { rule: rule.uid },
    );
  }
  if (rule.state !== RuleState.OK) {
    throw new RuleReplaceFailed('The source rule must be in state OK', { rule: rule.uid });
  }
  if (await waitsForChild(tx, rule)) {
    throw new RuleReplaceFailed('The rule must not have a child rule', { rule: rule.uid });
  }
  const constraints = reducedConstraints(rule, reduction);
  const rseExpression = constraints
    ? unionOf(constraints)
    : excluding(rule.rseExpression, reduction.exclude);
  const { copies } = reduction;
  const wish = { ...wishAgain(rule, terms.now), copies, rseExpression, constraints };
  const spec = withPhases(rule, wish, terms.now);
  const added = await replaceRule(tx, rule, spec, terms).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error instanceof UnsupportedOperation) throw error;
    throw new RuleReplaceFailed(`The replacement of the rule failed: ${error.message}`, {
      rule: rule.uid,
      cause: error.name,
    });
  });
  const made = await findRule(tx, added.uid);
  if (made.state === RuleState.OK) return added;
  throw new RuleReplaceFailed('The replacement of the rule failed: it would have to copy data', {
    rule: rule.uid,
  });
}

const excluding = (expression: string, exclude: string | null): string =>
  exclude === null ? expression : `(${expression})\\(${exclude})`;

/** Which copies go is the owner's to say, unless all are of one part. Throws RuleReplaceFailed. */
function reducedConstraints(
  rule: Rule,
  { copies, exclude, constraints }: RuleReduction,
): PlacementConstraints | null {
  const left = constraints ?? rule.constraints;
  if (!left) return null;
  const [only, ...more] = left.parts;
  if (only && more.length === 0) {
    const rseExpression = excluding(only.rseExpression, exclude);
    return { ...left, parts: [{ ...only, copies, rseExpression }] };
  }
  if (copiesOf(left) !== copies) {
    throw new RuleReplaceFailed(
      `The rule has the placement '${printConstraints(left)}': say which ${copies} copies are left, as placement`,
      { rule: rule.uid },
    );
  }
  const parts = left.parts.map((part) => ({
    ...part,
    rseExpression: excluding(part.rseExpression, exclude),
  }));
  return { ...left, parts };
}

/**
 * The phase that holds becomes what is wished for in its place; the others are as they were. Where that
 * is what the next one wants, the next one begins, and the one that held is over.
 */
function withPhases(rule: Rule, spec: RuleSpec, now: Date): RuleSpec {
  const { phases, phase: at } = rule;
  if (phases === null || at === null) return spec;
  const next = phases[at + 1];
  if (next && wantsTheSame(next, spec)) {
    const begun = { ...next, since: now.toISOString() };
    return {
      ...spec,
      weight: next.weight,
      grouping: next.grouping,
      locked: spec.locked || next.locked,
      phases: phases.map((phase) => (phase === next ? begun : phase)),
    };
  }
  const { copies, rseExpression, weight = null, grouping, constraints = null } = spec;
  const wished = { copies, rseExpression, weight, grouping, constraints };
  return {
    ...spec,
    phases: phases.map((phase, it) => (it === at ? { ...phase, ...wished } : phase)),
  };
}

async function replaceRule(
  tx: Tx,
  rule: Rule,
  spec: RuleSpec,
  terms: AdditionTerms,
): Promise<AddedRule> {
  const [added] = await addRules(tx, { ...spec, replaces: rule.id }, terms);
  if (!added) throw new RuleReplaceFailed('No rule was made', { rule: rule.uid });
  await writeRule(
    tx,
    rule.id,
    [
      sql`child_rule_id = ${added.id}`,
      sql`expires_at = ${terms.now}::timestamptz`,
      sql`locked = false`,
    ],
    terms.now,
  );
  await ring(tx, Channel.RULES);
  return added;
}
