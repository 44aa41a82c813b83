import { ring, sql, type Tx } from '../db/index.js';
import { UnsupportedOperation } from '../errors/index.js';
import { Channel } from '../vocabulary/index.js';
import { waitsForChild } from './child-rule.js';
import { writeFormer } from './phase.sql.js';
import { type Rule } from './rule.js';
import { writeRule } from './rule.sql.js';

export interface Expiry {
  readonly now: Date;
  readonly deleteGraceSeconds: number;
  readonly purge?: boolean;
}

/**
 * A rule is deleted by letting it expire, after a time of grace in which that can be taken back; an
 * earlier expiry stays. A former phase of it goes too. Throws UnsupportedOperation (locked, or a child rule is not OK yet).
 */
export async function deleteRule(tx: Tx, rule: Rule, terms: Expiry): Promise<void> {
  demandUnlocked(rule);
  if (await waitsForChild(tx, rule)) {
    throw new UnsupportedOperation('The replication rule has a child rule that is not OK yet', {
      rule: rule.uid,
      child: rule.childRuleUid,
    });
  }
  const expiresAt = new Date(terms.now.getTime() + terms.deleteGraceSeconds * 1000);
  await writeRule(
    tx,
    rule.id,
    [
      sql`expires_at = least(expires_at, ${expiresAt}::timestamptz)`,
      ...(terms.purge === undefined ? [] : [sql`purge_replicas = ${terms.purge}`]),
    ],
    terms.now,
  );
  if (terms.purge !== undefined && rule.phase) {
    await writeFormer(tx, rule.uid, [sql`purge_replicas = ${terms.purge}`]);
  }
  if (terms.deleteGraceSeconds <= 0) await ring(tx, Channel.RULES);
}

/** Throws UnsupportedOperation. */
export function demandUnlocked({ locked, uid }: Rule): void {
  if (!locked) return;
  throw new UnsupportedOperation('The replication rule is locked and has to be unlocked first', {
    rule: uid,
  });
}
