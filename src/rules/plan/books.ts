import {
  accountUsage,
  type GlobalQuota,
  globalQuotas,
  localLimits,
  principalOf,
  quotaAt,
} from '../../accounts/index.js';
import { join, sql, type Sql, type Tx } from '../../db/index.js';
import { type Rse } from '../../rses/index.js';
import { type AccountId, type RseId } from '../../vocabulary/index.js';
import { type QuotaChange } from './plan.js';

/** The stored number for "as much as there is". */
const UNLIMITED = -1n;

type Bytes = ReadonlyMap<RseId, bigint>;

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

  /** What may still be put at an RSE after what was charged, and `more`; null is unlimited. */
  left(rse: Rse, more: Bytes): bigint | null {
    if (!this.isLimited || rse.attributes['mock'] === 'true') return null;
    const limit = this.limitAt(rse.id);
    const over = this.globals
      .filter(({ rses }) => rses.some(({ id }) => id === rse.id))
      .map((global) => ({
        limit: global.limit,
        used: global.used + this.spent(global, more) - sumAt(global, this.back),
      }));
    const back = this.back.get(rse.id) ?? 0n;
    const used = this.usedAt(rse.id) + (more.get(rse.id) ?? 0n) - back;
    return quotaAt({ limit, used }, over).left;
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

/** Copies that a rule of a plan is to have. */
export interface WantedCopies {
  /** SQL: (did_id, rses int[]). */
  readonly copies: Sql;
  /** Where they are, and perhaps more. */
  readonly rses: ReadonlySet<RseId>;
}

/** Of more rules before it a rule counts the last ones only. */
const RULES_BEFORE_MAX = 20;

/** What the rules of one plan take, so that each gets what those before it leave. */
export class Books {
  /** Bytes that come to RSEs. */
  readonly stored = new Map<RseId, bigint>();
  /** The copies of its rules; undefined for those that are told as a sample only. */
  readonly wanted: (WantedCopies | undefined)[] = [];
  private readonly accounts = new Map<AccountId, AccountBook>();

  constructor(private readonly tx: Tx) {}

  async account(id: AccountId): Promise<AccountBook> {
    const known = this.accounts.get(id) ?? (await AccountBook.open(this.tx, id));
    this.accounts.set(id, known);
    return known;
  }

  /** The same until here: what comes to one does not come to the other. */
  fork(): Books {
    const twin = new Books(this.tx);
    twin.store(this.stored);
    twin.wanted.push(...this.wanted);
    for (const [id, book] of this.accounts) twin.accounts.set(id, book.fork());
    return twin;
  }

  /**
   * What the rules before want at some RSEs (null: anywhere), as SQL (did_id, rses int[]); undefined is
   * nothing. `isAll` says whether nothing is left out.
   */
  before(rseIds: readonly RseId[] | null): { readonly copies: Sql | undefined; isAll: boolean } {
    const touching = this.wanted.filter(
      (it) => it === undefined || rseIds === null || rseIds.some((id) => it.rses.has(id)),
    );
    const known = touching.flatMap((it) => it ?? []);
    const parts = known.slice(-RULES_BEFORE_MAX).map(({ copies }) => sql`(${copies})`);
    return {
      copies: parts.length === 0 ? undefined : join(parts, ' UNION ALL '),
      isAll: touching.length === known.length && known.length <= RULES_BEFORE_MAX,
    };
  }

  /** What is planned next is told as if nothing were moved before it. */
  forgetWanted(): void {
    this.wanted.length = 0;
  }

  store(bytes: Bytes): void {
    for (const [rseId, more] of bytes) addTo(this.stored, rseId, more);
  }
}

/** Adds to a number of a map. */
export function addTo<Key>(sums: Map<Key, bigint>, key: Key, more: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + more);
}
