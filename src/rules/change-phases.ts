import { rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  DuplicateRule,
  StagingAreaRuleRequiresLifetime,
  UnsupportedOperation,
} from '../errors/index.js';
import { resolveRses, resolveRsesOfEach } from '../rses/index.js';
import { RuleState, wireId } from '../vocabulary/index.js';
import { type GivenPhase } from './parse-phases.js';
import { type Phase } from './phase.js';
import { demandSense } from './phased-wish.js';
import { changedPhases } from './phases-anew.js';
import { type Rule } from './rule.js';
import { isSameRule, jsonOf } from './rule.sql.js';
import { expressionsOfPhases, NONE, wishPhases, type WishedPhases } from './wish-phases.js';

/**
 * What a rule, whose row is held, wants from now on, one thing after the other: assignments for
 * `writeRule`. The phases that have begun stay; null takes away those that have not, so that the rule
 * stays as it is. Throws UnsupportedOperation (another rule decides, or what has begun is said
 * otherwise), DuplicateRule, and what `wishPhases` throws.
 */
export async function rewritePhases(
  tx: Tx,
  rule: Rule,
  given: readonly GivenPhase[] | null,
  now: Date,
): Promise<Sql[]> {
  demandChangeable(rule);
  const phases = given === null ? begunOnly(rule) : changedPhases(rule, given, now);
  if (given !== null) demandSense({}, phases ?? []);
  const wished = await wishAnew(tx, rule, phases, now);
  await demandEnd(tx, rule, wished);
  await demandNoOther(tx, rule, wished);
  return [
    sql`phases = ${jsonOf(wished.phases)}::jsonb`,
    sql`phases_key = ${wished.phasesKey}::uuid`,
    sql`phase = ${wished.phase}::smallint`,
    sql`phase_look_at = ${wished.phaseLookAt}::timestamptz`,
  ];
}

function demandChangeable(rule: Rule): void {
  const id = wireId(rule.uid);
  const refuse = (why: string) =>
    new UnsupportedOperation(`The phases of rule ${id} cannot be changed: ${why}`, { rule: id });
  if (rule.childRuleUid !== null) {
    throw refuse(`rule ${wireId(rule.childRuleUid)} is to take its place; change that one`);
  }
  if (rule.state === RuleState.WAITING_APPROVAL) throw refuse('it waits for approval');
}

/** The phases up to the one that holds, which has no end now; of the first one nothing is left to say. */
function begunOnly({ phases, phase }: Rule): Phase[] | null {
  if (phases === null || !phase) return null;
  return phases
    .slice(0, phase + 1)
    .map((it, at) => (at === phase ? { ...it, forSeconds: null, untilIdleSeconds: null } : it));
}

async function wishAnew(
  tx: Tx,
  { expiresAt }: Rule,
  phases: readonly Phase[] | null,
  now: Date,
): Promise<WishedPhases> {
  if (phases === null) return NONE;
  const lifetime = expiresAt === null ? null : (expiresAt.getTime() - now.getTime()) / 1000;
  const resolved = await resolveRsesOfEach(tx, expressionsOfPhases(phases));
  return wishPhases({ lifetime, phases }, now, resolved);
}

/** What holds now must not stay for ever in a staging area. */
async function demandEnd(tx: Tx, rule: Rule, { phases, phase }: WishedPhases): Promise<void> {
  const goesOn = phases !== null && phase !== null && phase < phases.length - 1;
  if (goesOn || rule.phases === null || rule.expiresAt !== null) return;
  const staging = (await resolveRses(tx, rule.rseExpression)).find((rse) => rse.stagingArea);
  if (!staging) return;
  throw new StagingAreaRuleRequiresLifetime(
    `Without another phase the rule would be for ever in the staging area ${staging.name}: give it a lifetime first`,
    { rse: staging.name },
  );
}

async function demandNoOther(tx: Tx, rule: Rule, { phasesKey }: WishedPhases): Promise<void> {
  const same = await rows(
    tx,
    sql`SELECT 1 AS one FROM rules r
         WHERE r.did_id = ${rule.didId} AND r.account_id = ${rule.accountId} AND r.id <> ${rule.id}
           AND ${isSameRule({ ...rule, phasesKey })} LIMIT 1`,
  );
  if (same.length === 0) return;
  throw new DuplicateRule('The account has the same rule, with the same phases, on this DID', {
    rule: wireId(rule.uid),
  });
}
