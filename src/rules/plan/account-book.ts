import {
  accountUsage,
  type GlobalQuota,
  globalQuotas,
  localLimits,
  principalOf,
  quotaAt,
} from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { type Rse } from '../../rses/index.js';
import { type AccountId, type RseId } from '../../vocabulary/index.js';
import { type QuotaChange } from './plan.js';

/** The stored number for "as much as there is". */
const UNLIMITED = -1n;

/** So many at each RSE. */
export type Bytes = ReadonlyMap<RseId, bigint>;

/** What an account may put where, and what the rules of a plan have charged it so far. */
export class AccountBook {
  private readonly charged = new Map<RseId, bigint>();
  private back: Bytes = new Map();

  private constructor(
    readonly account: string,
    /** Admins have no limits. */
    readonly isLimited: boolean,
    private readonly limits: Bytes,
    private readonly used: Bytes,
    private readonly globals: readonly GlobalQuota[],
  ) {}

  static async open(tx: Tx, accountId: AccountId): Promise<AccountBook> {
    const owner = await principalOf(tx, accountId);
    const usage = await accountUsage(tx, accountId);
    return new AccountBook(
      owner.account,
      !owner.isAdmin,
      await localLimits(tx, accountId),
      new Map([...usage].map(([rseId, { bytes }]) => [rseId, bytes])),
      await globalQuotas(tx, accountId),
    );
  }

  charge(bytes: Bytes): void {
    for (const [rseId, more] of bytes) addTo(this.charged, rseId, more);
  }

  /** The same account, charged the same, from where its ways part. */
  fork(): AccountBook {
    const { account, isLimited, limits, used, globals } = this;
    const twin = new AccountBook(account, isLimited, limits, used, globals);
    twin.charge(this.charged);
    return twin;
  }

  /** So much of what was charged is given back in time: it is as good as left. */
  giveBack(bytes: Bytes): void {
    this.back = bytes;
  }

  /** What may still be put at each RSE after what was charged, and `more`; null is unlimited. */
  left(more: Bytes): (rse: Rse) => bigint | null {
    const globals = this.globals.map((global) => ({
      limit: global.limit,
      used: global.used + this.spent(global, more) - sumAt(global, this.back),
      ids: new Set(global.rses.map(({ id }) => id)),
    }));
    return (rse) => {
      if (!this.isLimited || rse.attributes['mock'] === 'true') return null;
      const over = globals.filter(({ ids }) => ids.has(rse.id));
      const back = this.back.get(rse.id) ?? 0n;
      const used = this.usedAt(rse.id) + (more.get(rse.id) ?? 0n) - back;
      return quotaAt({ limit: this.limitAt(rse.id), used }, over).left;
    };
  }

  /** The limits that charging `more` touches, before it and after it. */
  changes(rses: readonly Rse[], more: Bytes): QuotaChange[] {
    if (!this.isLimited) return [];
    const local = rses
      .filter((rse) => more.has(rse.id) && rse.attributes['mock'] !== 'true')
      .map((rse) => ({
        rseExpression: rse.name,
        global: false,
        limit: this.limitAt(rse.id),
        before: this.usedAt(rse.id),
        after: this.usedAt(rse.id) + (more.get(rse.id) ?? 0n),
      }));
    const none: Bytes = new Map();
    const global = this.globals
      .filter((quota) => quota.rses.some(({ id }) => more.has(id)))
      .map((quota) => ({
        rseExpression: quota.expression,
        global: true,
        limit: quota.limit,
        before: quota.used + this.spent(quota, none),
        after: quota.used + this.spent(quota, more),
      }));
    return [...local, ...global];
  }

  /** No local limit is a limit of nothing. */
  private limitAt(rseId: RseId): bigint | null {
    const limit = this.limits.get(rseId) ?? 0n;
    return limit === UNLIMITED ? null : limit;
  }

  private usedAt(rseId: RseId): bigint {
    return (this.used.get(rseId) ?? 0n) + (this.charged.get(rseId) ?? 0n);
  }

  private spent(quota: GlobalQuota, more: Bytes): bigint {
    return sumAt(quota, this.charged) + sumAt(quota, more);
  }
}

const sumAt = ({ rses }: GlobalQuota, bytes: Bytes): bigint =>
  rses.reduce((sum, { id }) => sum + (bytes.get(id) ?? 0n), 0n);

/** Adds to a number of a map. */
export function addTo<Key>(sums: Map<Key, bigint>, key: Key, more: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + more);
}
