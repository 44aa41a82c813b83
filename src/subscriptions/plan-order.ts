import { only, sql, type Tx } from '../db/index.js';
import { type AdditionTerms, planRules, type RulePlan, type RuleSpec } from '../rules/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type Orderer, wishesOf } from './apply-order.js';
import { type DescribedDid, describeDids } from './described-did.js';
import { likelyDids } from './likely-dids.sql.js';
import { matchDids } from './match-dids.js';

/** More DIDs than that are for a backfill, which goes page by page. */
const MATCHED_MAX = 10_000;
const PAGE = 1000;

/** What a subscription would come to for DIDs that match now. */
export interface OrderPlan {
  /** DIDs of the types that it is about. */
  readonly seen: number;
  readonly matched: number;
  /** Whether that is all of them. */
  readonly complete: boolean;
  /** One plan for each of its rules, or several where each copy is a rule of its own. */
  readonly plans: readonly RulePlan[];
}

/**
 * Plans the rules of an order on the DIDs that match now, at most 10,000: where their copies would go,
 * and what that takes. What has its rules already is passed over. Writes nothing; give it a snapshot.
 */
export async function planOrder(tx: Tx, order: Orderer, terms: AdditionTerms): Promise<OrderPlan> {
  const { dids, seen, complete } = await matchingNow(tx, order, terms.now);
  const wishes: RuleSpec[] = [];
  for (let at = 0; dids.length > 0 && at < order.rules.length; at++) {
    wishes.push(...(await wishesOf(tx, order, at, dids)));
  }
  return { seen, matched: dids.length, complete, plans: await planRules(tx, wishes, terms) };
}

interface Matching {
  readonly dids: readonly DescribedDid[];
  readonly seen: number;
  readonly complete: boolean;
}

async function matchingNow(tx: Tx, { filter }: Orderer, now: Date): Promise<Matching> {
  const { until } = await only<{ until: DidId }>(
    tx,
    sql`SELECT coalesce(max(id), 0)::bigint AS until FROM dids`,
  );
  const dids: DescribedDid[] = [];
  let [seen, after] = [0, 0n];
  while (dids.length < MATCHED_MAX) {
    const page = await likelyDids(tx, filter, { after, until, limit: PAGE, now });
    const [matched = []] = await matchDids(tx, [filter], await describeDids(tx, page.ids, now));
    dids.push(...matched);
    seen += page.seen;
    after = page.to;
    if (page.isLast) return { dids, seen, complete: true };
  }
  return { dids: dids.slice(0, MATCHED_MAX), seen, complete: false };
}
