import { only, sql, type Tx } from '../db/index.js';
import {
  InsufficientAccountLimit,
  InsufficientTargetRSEs,
  RSEOverQuota,
  RSEWriteBlocked,
  type SluiceError,
} from '../errors/index.js';
import { type AdditionTerms, type PlannedSpec, planRules, type RulePlan } from '../rules/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type Orderer, wishesOf, type Wishing } from './apply-order.js';
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
  const wishes: PlannedSpec[] = [];
  for (let at = 0; dids.length > 0 && at < order.rules.length; at++) {
    wishes.push(...(await wishesOrRefusal(tx, order, { at, dids, hold: false })));
  }
  return { seen, matched: dids.length, complete, plans: await planRules(tx, wishes, terms) };
}

/** What could be meant and cannot be done now. */
const NOT_NOW = [
  InsufficientAccountLimit,
  InsufficientTargetRSEs,
  RSEOverQuota,
  RSEWriteBlocked,
] as const;

/** Where copies that are rules of their own cannot be had now, the entry as one rule that is refused. */
async function wishesOrRefusal(
  tx: Tx,
  order: Orderer,
  wishing: Wishing,
): Promise<readonly PlannedSpec[]> {
  try {
    return await wishesOf(tx, order, wishing);
  } catch (error) {
    const refusal = NOT_NOW.some((fact) => error instanceof fact) ? (error as SluiceError) : null;
    if (!refusal) throw error;
    const filter = { ...order.filter, splitRule: false };
    const rules = order.rules.map((entry) => ({ ...entry, chain: null }));
    const whole = await wishesOf(tx, { ...order, filter, rules }, wishing);
    return whole.map((wish) => ({ ...wish, refusal }));
  }
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
