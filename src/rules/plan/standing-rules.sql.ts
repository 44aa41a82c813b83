import { join, lit, rows, sql, type Tx } from '../../db/index.js';
import { type Did } from '../../dids/index.js';
import { type DidId } from '../../vocabulary/index.js';
import { keyOfPhases } from '../phase.js';
import { type RuleSpec } from '../rule-spec.js';
import { isSameRule, type RuleIdentity } from '../rule.sql.js';

/** Rules that are wished on some DIDs. */
export interface Identified {
  readonly spec: RuleSpec;
  readonly dids: readonly Did[];
}

/** Wishes that one statement looks for: planning it grows with them. */
const TOGETHER = 200;

/** For each wish those of its DIDs that have the very same rule. */
export async function standingRules(
  tx: Tx,
  wished: readonly Identified[],
): Promise<ReadonlySet<DidId>[]> {
  const standing = wished.map(() => new Set<DidId>());
  for (let from = 0; from < wished.length; from += TOGETHER) {
    const parts = wished.slice(from, from + TOGETHER).map(
      ({ spec, dids }, at) => sql`
        SELECT ${lit(from + at)} AS at, r.did_id AS "didId" FROM rules r
         WHERE r.did_id = ANY (${dids.map(({ id }) => id)}::bigint[]) AND r.account_id = ${spec.accountId}
           AND ${isSameRule(ruleIdentityOf(spec))}`,
    );
    const found = await rows<{ at: number; didId: DidId }>(tx, join(parts, ' UNION ALL '));
    for (const { at, didId } of found) standing[at]?.add(didId);
  }
  return standing;
}

const ruleIdentityOf = (spec: RuleSpec): RuleIdentity => ({
  ...spec,
  constraints: spec.constraints ?? null,
  phasesKey: spec.phases ? keyOfPhases(spec.phases) : null,
});

/** The same for two wishes by which a DID would get the same rule. */
export function identityOf(spec: RuleSpec): string {
  const { accountId } = spec;
  const { phasesKey, rseExpression, copies, constraints } = ruleIdentityOf(spec);
  return JSON.stringify(
    phasesKey === null ? [accountId, rseExpression, copies, constraints] : [accountId, phasesKey],
  );
}
