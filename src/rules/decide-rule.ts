import { lit, ring, sql, type Tx } from '../db/index.js';
import { InvalidRSEExpression } from '../errors/index.js';
import { resolveRses, type Rse } from '../rses/index.js';
import { Channel, RuleState } from '../vocabulary/index.js';
import { archiveRules } from './archive-rules.sql.js';
import { tellDecision } from './letters.sql.js';
import { type Rule } from './rule.js';
import { writeRule } from './rule.sql.js';

/** Who decides about a rule, and what is said about it. */
export interface Decision {
  readonly now: Date;
  /** The name of the account. */
  readonly by: string;
  readonly comment?: string;
}

/**
 * A rule that waits for approval goes to the injector, without asking for quota; its owner is told.
 * Others stay.
 */
export async function approveRule(tx: Tx, rule: Rule, { now, by }: Decision): Promise<void> {
  if (rule.state !== RuleState.WAITING_APPROVAL) return;
  const inject = sql`state = ${lit(RuleState.INJECT)}`;
  const at = sql`inject_at = ${now}::timestamptz`;
  await writeRule(tx, rule.id, [inject, at, sql`ignore_account_limit = true`], now);
  await tellDecision(tx, rule, { approved: true, by, comment: null }, await rseOf(tx, rule));
  await ring(tx, Channel.INJECTION);
}

/**
 * A rule that waits for approval is gone; the comment stays in its history, and its owner is told.
 * Others stay.
 */
export async function denyRule(tx: Tx, rule: Rule, { now, by, comment }: Decision): Promise<void> {
  if (rule.state !== RuleState.WAITING_APPROVAL) return;
  if (comment !== undefined) {
    await writeRule(tx, rule.id, [sql`comments = ${comment}`], now);
  }
  const decision = { approved: false, by, comment: comment ?? null };
  await tellDecision(tx, rule, decision, await rseOf(tx, rule));
  await archiveRules(tx, [rule.id], now);
}

/** The one RSE that approval was asked for, unless it is gone by now. */
async function rseOf(tx: Tx, rule: Rule): Promise<Rse | undefined> {
  try {
    return (await resolveRses(tx, rule.rseExpression))[0];
  } catch (error) {
    if (error instanceof InvalidRSEExpression) return undefined;
    throw error;
  }
}
