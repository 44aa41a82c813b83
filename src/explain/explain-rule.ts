import { type Tx } from '../db/index.js';
import { RuleNotFound } from '../errors/index.js';
import { Activities, type DaemonName, RuleState, RuleStateCodec } from '../vocabulary/index.js';
import { driftFacts } from './drift-lines.js';
import { explainEndedRule } from './explain-ended-rule.js';
import { type Explanation, type Group } from './explanation.js';
import { type RemedyFacts, remediesOf } from './group-remedies.js';
import { canOf, type GroupFacts, nextOf, sentenceOf, WORKERS } from './group-sentences.js';
import { holdsOf, sourceLimits } from './holds.js';
import { movementFacts } from './movement-lines.js';
import { isMovable, remediesOfRule } from './rule-remedies.js';
import { type Desk, readRuleFacts, type RuleFacts } from './rule-facts.js';
import { type GroupRow } from './rule-groups.sql.js';
import { headline } from './rule-headline.js';
import { nextSteps } from './rule-next.js';
import { linesOf } from './rule-sentences.js';
import { wayOut } from './way-out.js';
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

const EXAMPLES = 3;

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
    retryAt: retryOf(facts, row),
    suspended: facts.rule.state === RuleState.SUSPENDED,
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
    nextTry: group.retryAt,
    attempts: row.attempts,
    error: row.error,
    examples: (group.sample?.names ?? [])
      .slice(0, EXAMPLES)
      .map((did) => `${did.scope}:${did.name}`),
    sentence: sentenceOf(group),
    next: nextOf(group),
    can: canOf(group),
    remedies: remediesOf(group, remedyFacts(facts, group)),
  };
}

/** When the next file of a group is tried again: stuck ones wait for the repairer to come to their rule. */
function retryOf({ rule }: RuleFacts, { standing, nextTry }: GroupRow): Date | null {
  if (standing !== 'stuck' || nextTry === null) return nextTry;
  if (rule.state === RuleState.SUSPENDED) return null;
  return rule.repairAt !== null && rule.repairAt > nextTry ? rule.repairAt : nextTry;
}

function remedyFacts(facts: RuleFacts, { sample, row, destination }: GroupFacts): RemedyFacts {
  const { rule, id, rses } = facts;
  const leaving = { id: row.rseId, name: destination };
  return {
    rule,
    id,
    elsewhere: isMovable(facts) ? wayOut(rule, facts.sites, leaving, facts.bytes) : null,
    closed: sample?.closedId ? (rses.get(sample.closedId)?.name ?? null) : null,
    readLimits: row.sourceId === null ? [] : sourceLimits(facts.traffic, row.sourceId),
  };
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
