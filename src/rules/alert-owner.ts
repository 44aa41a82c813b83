import { accountsById } from '../accounts/index.js';
import { sql, type Tx } from '../db/index.js';
import { EventType, tell } from '../messages/index.js';
import { wireId } from '../vocabulary/index.js';
import { type Rule } from './rule.js';
import { writeRule } from './rule.sql.js';

/**
 * Tells the owner of a stuck rule, once in the time that it is stuck: the event RULE_STUCK, and an
 * `email` to the account's address where it has one. The rule's row must be held.
 */
export async function alertOwner(tx: Tx, rule: Rule, now: Date): Promise<void> {
  const { alertedAt, stuckAt } = rule;
  if (alertedAt !== null && (stuckAt === null || alertedAt >= stuckAt)) return;
  await writeRule(tx, rule.id, [sql`alerted_at = ${now}::timestamptz`], now);
  const payload = {
    scope: rule.scope,
    name: rule.name,
    rule_id: wireId(rule.uid),
    account: rule.account,
    stuck_at: rule.stuckAt && utc(rule.stuckAt),
    attempts: rule.repairAttempts,
    stuck: Number(rule.locksStuck),
    error: rule.error,
  };
  await tell(tx, EventType.RULE_STUCK, [payload]);
  const email = (await accountsById(tx, [rule.accountId])).get(rule.accountId)?.email;
  if (email) await tell(tx, EventType.EMAIL, [letter(rule, email)]);
}

/** As Rucio's payloads have it: UTC, without saying so. */
const utc = (at: Date): string => at.toISOString().replace('T', ' ').replace('Z', '');

function letter(rule: Rule, email: string): { to: string[]; subject: string; body: string } {
  const did = `${rule.scope}:${rule.name}`;
  const since = rule.stuckAt === null ? '' : ` since ${utc(rule.stuckAt)} UTC`;
  return {
    to: [email],
    subject: `Replication rule ${wireId(rule.uid)} is stuck`,
    body: [
      `The replication rule ${wireId(rule.uid)} of account ${rule.account} is stuck${since}.`,
      '',
      `DID: ${did}`,
      `RSE expression: ${rule.rseExpression}, copies: ${rule.copies}`,
      `Copies that are stuck: ${rule.locksStuck}, on their way: ${rule.locksReplicating}, there: ${rule.locksOk}`,
      `Last error: ${rule.error ?? 'none'}`,
      `Repairs so far: ${rule.repairAttempts}. It is tried again; this letter comes once.`,
    ].join('\n'),
  };
}
