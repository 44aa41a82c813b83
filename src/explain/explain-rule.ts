import { type Tx } from '../db/index.js';
import { RuleNotFound } from '../errors/index.js';
import { phasesOf } from '../rules/index.js';
import { Activities, type DaemonName, RuleState, RuleStateCodec } from '../vocabulary/index.js';
import { driftFacts } from './drift-lines.js';
import { explainEndedRule } from './explain-ended-rule.js';
import { type Explanation, type Group, type Remedy } from './explanation.js';
import { type RemedyFacts, remediesOf } from './group-remedies.js';
import { canOf, type GroupFacts, nextOf, sentenceOf, WORKERS } from './group-sentences.js';
import { holdsOf, sourceLimits } from './holds.js';
import { movementFacts } from './movement-lines.js';
import { forRse, forRule, raiseQuota } from './remedies.js';
import { type Desk, readRuleFacts, type RuleFacts } from './rule-facts.js';
import { type GroupRow } from './rule-groups.sql.js';
import { headline, linesOf, nextSteps } from './rule-sentences.js';
import { idleWorkers } from './workers.js';

/**
 * Why a rule is as it is, in any state: what is not OK in groups of the same cause, source and
 * destination, what Sluice does next and when, what a person could do and the request that does it. The
 * number of statements does not grow with the rule. Throws RuleNotFound.
 */
export async function explainRule(tx: Tx, uid: string, desk: Desk): Promise<Explanation> {
  const facts = await readRuleFacts(tx, uid, desk).catch(absent);
  if (!facts) return await explainEndedRule(tx, uid, desk);
  const { rule, id, now } = facts;
  const groups = facts.groups.map((row, at) => groupOf(facts, row, at));
  const { next, workers } = nextSteps(facts);
  const needed: DaemonName[] = [...workers, ...groups.map(({ standing }) => WORKERS[standing])];
  return {
    kind: 'rule',
    subject: `rule ${id} of ${rule.account} on ${rule.scope}:${rule.name}`,
    state: RuleStateCodec.name(rule.state),
    summary: headline(facts),
    lines: [...linesOf(facts), ...idleWorkers(facts.beats, needed, now)],
    groups,
    moreGroups: Math.max(0, (facts.groups[0]?.groups ?? 0) - groups.length),
    next,
    remedies: remediesOfRule(facts),
    facts: factsOf(facts),
  };
}

function absent(error: unknown): undefined {
  if (!(error instanceof RuleNotFound)) throw error;
}

function groupOf(facts: RuleFacts, row: GroupRow, at: number): Group {
  const { rses, now, traffic, config } = facts;
  const name = (rseId: number | null) => (rseId === null ? null : (rses.get(rseId)?.name ?? null));
  const destination = name(row.rseId) ?? 'an RSE that is gone';
  const activity = row.activity ?? facts.rule.activity;
  const queue = { rseId: row.rseId, rse: destination, activity };
  const group: GroupFacts = {
    row,
    sample: facts.samples.get(at),
    source: name(row.sourceId),
    destination,
    place: facts.places.find((place) => place.rseId === row.rseId && place.activity === activity),
    holds: row.standing === 'queued' ? holdsOf(traffic, queue) : [],
    attemptsMax: config.requests.attemptsMax,
    now,
  };
  return {
    standing: row.standing,
    cause: row.cause,
    source: group.source,
    destination,
    activity: row.activity === null ? null : (Activities[row.activity] ?? null),
    files: row.files,
    bytes: row.bytes,
    oldest: row.oldest,
    nextTry: row.nextTry,
    attempts: row.attempts,
    error: row.error,
    examples: (group.sample?.examples ?? []).map((did) => `${did.scope}:${did.name}`),
    sentence: sentenceOf(group),
    next: nextOf(group),
    can: canOf(group),
    remedies: remediesOf(group, remedyFacts(facts, group)),
  };
}

function remedyFacts(facts: RuleFacts, { sample, row }: GroupFacts): RemedyFacts {
  const { rule, id, named, rses } = facts;
  return {
    rule,
    id,
    elsewhere: (rse) => {
      const others = named.filter((one) => one.name !== rse && one.availabilityWrite);
      // Who moves already has a child, and cannot move again.
      return others.length < rule.copies || rule.childRuleUid !== null
        ? null
        : `(${rule.rseExpression})\\${rse}`;
    },
    closed: sample?.closedId ? (rses.get(sample.closedId)?.name ?? null) : null,
    readLimits: row.sourceId === null ? [] : sourceLimits(facts.traffic, row.sourceId),
  };
}

/** What can be done about the rule as a whole. Pure. */
function remediesOfRule(facts: RuleFacts): Remedy[] {
  const { rule, id, drifts, named, now } = facts;
  const remedies: Remedy[] = [];
  if (rule.state === RuleState.SUSPENDED) remedies.push(forRule.resume(id));
  if (rule.state === RuleState.WAITING_APPROVAL)
    remedies.push(forRule.approve(id), forRule.deny(id));
  if (rule.state === RuleState.STUCK && rule.injectAt !== null) {
    remedies.push(...remediesOfPlacing(facts), forRule.tryAgain(id));
  }
  const movable = named.length >= rule.copies && rule.childRuleUid === null;
  if (drifts.length > 0 && movable && !facts.replaces) {
    remedies.push(forRule.placeAnew(id, rule.repairPolicy));
  }
  const later = phasesOf(rule).some(({ state }) => state === 'next');
  if (later && rule.phaseOf === null && rule.childRuleUid === null) {
    remedies.push(forRule.stayInPhase(id));
  }
  if (rule.locked && rule.expiresAt) remedies.push(forRule.unlock(id));
  if (rule.childRuleUid !== null) remedies.push(forRule.detachChild(id));
  else if (rule.expiresAt) remedies.push(forRule.keepForEver(id));
  if (rule.state !== RuleState.OK && !rule.locked && !(rule.expiresAt && rule.expiresAt <= now)) {
    remedies.push(forRule.end(id));
  }
  return remedies;
}

/** By the fact that kept the rule from being placed. */
function remediesOfPlacing({ rule, named }: RuleFacts): Remedy[] {
  const error = rule.error ?? '';
  if (/insufficient quota/.test(error)) {
    const bytes = BigInt(/: (\d+) bytes/.exec(error)?.[1] ?? '0');
    return named.slice(0, 3).map(({ name }) => raiseQuota(rule.account, name, 2n * bytes + 1n));
  }
  if (/can be written now/.test(error)) {
    return named.slice(0, 3).map(({ name }) => forRse.open(name, 'availability_write'));
  }
  return [];
}

const factsOf = ({
  rule,
  drifts,
  movements,
  rses,
  replaces,
  dependence,
  child,
  parents,
}: RuleFacts) => ({
  did: `${rule.scope}:${rule.name}`,
  account: rule.account,
  rse_expression: rule.rseExpression,
  copies: rule.copies,
  locks_ok: rule.locksOk,
  locks_replicating: rule.locksReplicating,
  locks_stuck: rule.locksStuck,
  stuck_at: rule.stuckAt,
  expires_at: rule.expiresAt,
  repair_at: rule.repairAt,
  inject_at: rule.injectAt,
  error: rule.error,
  child_rule_id: child ? rule.childRuleUid?.replaceAll('-', '') : null,
  parent_rule_ids: parents,
  subscription_id: rule.subscriptionUid?.replaceAll('-', '') ?? null,
  held_alone: dependence,
  drift_policy: replaces ? 'replace' : 'keep',
  drift: driftFacts({ drifts, rses }),
  moving: movementFacts(movements, rses),
});
