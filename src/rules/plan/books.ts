import { join, sql, type Sql, type Tx } from '../../db/index.js';
import { type AccountId, type RseId } from '../../vocabulary/index.js';
import { AccountBook, addTo, type Bytes } from './account-book.js';
import { type Traffic } from './arrival-times.js';
import { type Flow } from './flows.sql.js';
import { type Amount, NOTHING, sumOf } from './plan.js';

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
  /** What is to be moved to RSEs, and so waits there before what comes after it. */
  private readonly moving = new Map<RseId, Amount>();
  /** The copies of its rules; undefined for those that are told as a sample only. */
  readonly wanted: (WantedCopies | undefined)[] = [];
  private readonly accounts = new Map<AccountId, AccountBook>();

  constructor(private readonly tx: Tx) {}

  async account(id: AccountId): Promise<AccountBook> {
    const known = this.accounts.get(id) ?? (await AccountBook.open(this.tx, id));
    this.accounts.set(id, known);
    return known;
  }

  /**
   * The same until here: what comes to one does not come to the other. What was to be moved is there: the
   * twin is about later.
   */
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

  /** These are moved before what comes after them. */
  move(flows: readonly Flow[]): void {
    for (const { destination, fate, ...more } of flows) {
      if (fate !== 'source') continue;
      this.moving.set(destination, sumOf([this.moving.get(destination) ?? NOTHING, more]));
    }
  }

  /** What waits for RSEs once the rules before wait there too. */
  afterMoves({ rates, backlog }: Traffic): Traffic {
    const waiting = new Map(backlog.map((it) => [it.rseId, it]));
    for (const [rseId, { files, bytes }] of this.moving) {
      const known = waiting.get(rseId);
      const all = {
        files: (known?.files ?? 0) + Number(files),
        bytes: (known?.bytes ?? 0n) + bytes,
      };
      waiting.set(rseId, { rseId, ...all });
    }
    return { rates, backlog: [...waiting.values()] };
  }

  store(bytes: Bytes): void {
    for (const [rseId, more] of bytes) addTo(this.stored, rseId, more);
  }
}
