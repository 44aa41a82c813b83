import { lit, ring, sql, type Tx } from '../db/index.js';
import { SluiceError } from '../errors/index.js';
import { Channel, RuleState } from '../vocabulary/index.js';
import { retryOf } from './evaluate-dids.js';
import { injectAlike } from './inject-alike.js';
import { injectRule } from './inject-rule.js';
import { type InjectionSlice, type JudgeTerms } from './rule.js';
import { failInjection } from './injection.sql.js';
import { selectRules } from './rule.sql.js';
import { splitRule } from './split-rule.js';

/** A rule about to expire is not worth placing. */
const EXPIRES_SOON = sql`interval '5 minutes'`;

/**
 * Injects one slice of the oldest rule that is due and that nobody works on. A rule that cannot be
 * placed keeps what it has and is STUCK with the reason; the repairer sends it back. Undefined if no
 * rule is due.
 */
export async function injectNext(tx: Tx, terms: JudgeTerms): Promise<InjectionSlice | undefined> {
  const due = sql`r.state = ${lit(RuleState.INJECT)}
      AND (r.inject_at IS NULL OR r.inject_at <= ${terms.now}::timestamptz)
      AND (r.expires_at IS NULL OR r.expires_at > ${terms.now}::timestamptz + ${EXPIRES_SOON})`;
  const [rule] = await selectRules(tx, { where: due, limit: 1, hold: 'skip' });
  if (!rule) return undefined;
  try {
    if (rule.splitContainer) return await splitRule(tx, rule, terms);
    const together = await injectAlike(tx, rule, due, terms);
    const injection = together ?? (await injectRule(tx, rule, terms));
    if (injection.queued > 0) await ring(tx, Channel.REQUESTS);
    return { ruleUid: rule.uid, locks: injection.locks };
  } catch (error) {
    // A fact about placing is thrown before anything of its unit is written.
    if (!(error instanceof SluiceError)) throw error;
    await failInjection(tx, [rule.id], { error: error.message, ...retryOf(terms) });
    return { ruleUid: rule.uid, locks: 0, error };
  }
}
