import { execute, sql, type Tx } from '../db/index.js';
import { matchRsesOfEach, rsesById } from '../rses/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';
import { globalLimits, localLimits, UNLIMITED } from './limit.sql.js';
import { type GlobalQuota, type Quota, quotaAt } from './quota-left.js';
import { accountUsage } from './usage.sql.js';

/** Arbitrary; keeps our advisory locks apart from others in the same database. */
const QUOTA_LOCK = 7_402_612;

/**
 * Makes this transaction the only one that decides over the account's quota until it ends. Take it
 * before quotaOf wherever the answer decides, or two rules may both pass.
 */
export async function lockQuota(tx: Tx, accountId: AccountId): Promise<void> {
  await execute(tx, sql`SELECT pg_advisory_xact_lock(${QUOTA_LOCK}, ${accountId})`);
}

/** The global limits of an account with what they cover. */
export async function globalQuotas(tx: Tx, accountId: AccountId): Promise<GlobalQuota[]> {
  const limits = await globalLimits(tx, accountId);
  return await quotasOf(tx, accountId, limits);
}

/** What an account uses of an expression's RSEs; without a limit over just these it may use nothing. */
export async function globalQuotaOf(
  tx: Tx,
  accountId: AccountId,
  expression: string,
): Promise<GlobalQuota> {
  const limit = (await globalLimits(tx, accountId)).get(expression) ?? 0n;
  const [quota] = await quotasOf(tx, accountId, new Map([[expression, limit]]));
  return quota as GlobalQuota;
}

async function quotasOf(
  tx: Tx,
  accountId: AccountId,
  limits: ReadonlyMap<string, bigint>,
): Promise<GlobalQuota[]> {
  if (limits.size === 0) return [];
  const usage = await accountUsage(tx, accountId);
  const named = await matchRsesOfEach(tx, [...limits.keys()]);
  const known = await rsesById(tx, [...new Set(named.flat())]);
  const quotas: GlobalQuota[] = [];
  for (const [at, [expression, bytes]] of [...limits].entries()) {
    const ids = new Set(named[at]);
    const rses = [...known.values()].filter(({ id }) => ids.has(id));
    let [used, files] = [0n, 0n];
    for (const { id } of rses) {
      used += usage.get(id)?.bytes ?? 0n;
      files += usage.get(id)?.files ?? 0n;
    }
    const limit = bytes === UNLIMITED ? null : bytes;
    quotas.push({ expression, rses, limit, used, files });
  }
  return quotas;
}

/**
 * What an account may still put at each of the RSEs, in bytes: the smaller of what its local limit
 * and every global limit over the RSE leave. No local limit is a limit of nothing. `back` is what of
 * its usage will be given back, by RSE: it is as good as left, there and under all limits over it.
 */
export async function quotaOf(
  tx: Tx,
  accountId: AccountId,
  rseIds: readonly RseId[],
  back: ReadonlyMap<RseId, bigint> = new Map(),
): Promise<Map<RseId, Quota>> {
  const limits = await localLimits(tx, accountId);
  const usage = await accountUsage(tx, accountId);
  const globals = (await globalQuotas(tx, accountId)).map((quota) => ({
    ...quota,
    used: quota.rses.reduce((used, { id }) => used - (back.get(id) ?? 0n), quota.used),
  }));
  return new Map(
    rseIds.map((rseId) => {
      const local = limits.get(rseId) ?? 0n;
      const limit = local === UNLIMITED ? null : local;
      const over = globals.filter(({ rses }) => rses.some(({ id }) => id === rseId));
      const used = (usage.get(rseId)?.bytes ?? 0n) - (back.get(rseId) ?? 0n);
      return [rseId, quotaAt({ limit, used }, over)];
    }),
  );
}
