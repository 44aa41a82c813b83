import { type Database, only, sql } from '../db/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type StandingOrder } from './apply-order.js';
import {
  type Outcome,
  planBackfillPage,
  type PlannedDid,
  type PlannedPage,
} from './plan-backfill.js';

/** What one entry of an order comes to. */
export interface EntrySum {
  /** Counted from 1; 0 is tasks. */
  readonly entry: number;
  /** DIDs by what becomes of them. */
  readonly dids: Readonly<Record<Outcome, number>>;
  /** Of the DIDs that would get rules or a task: their files, bytes, and bytes times copies. */
  readonly files: bigint;
  readonly bytes: bigint;
  readonly bytesOfCopies: bigint;
  /** Why rules of it cannot be made now. */
  readonly error: string | null;
}

/** What a backfill comes to. */
export interface BackfillPlan {
  /** DIDs of the types it is about. */
  readonly seen: number;
  readonly matched: number;
  readonly files: bigint;
  readonly bytes: bigint;
  /** DIDs that would get something. */
  readonly wanted: number;
  readonly entries: readonly EntrySum[];
}

export interface PlanTerms {
  readonly again: boolean;
  readonly now: Date;
}

const PAGE = 1000;

/** Every DID that matches now, page by page, each a few short statements of their own. */
export async function* planBackfill(
  db: Database,
  order: StandingOrder,
  terms: PlanTerms,
): AsyncGenerator<PlannedPage> {
  const { until } = await db.read((tx) =>
    only<{ until: DidId }>(tx, sql`SELECT coalesce(max(id), 0) AS until FROM dids`),
  );
  for (let after = 0n; ;) {
    const walk = { ...terms, after, until, limit: PAGE };
    const page = await db.read((tx) => planBackfillPage(tx, order, walk));
    yield page;
    if (page.isLast) return;
    after = page.to;
  }
}

/** The same in sums, one for each entry of the order. */
export async function sumPlan(
  { rules, notify }: StandingOrder,
  pages: AsyncIterable<PlannedPage>,
): Promise<BackfillPlan> {
  const total = { seen: 0, matched: 0, files: 0n, bytes: 0n, wanted: 0 };
  const numbers = notify ? [0] : rules.map((_, at) => at + 1);
  const entries = new Map(numbers.map((entry) => [entry, emptySum(entry)]));
  for await (const { seen, dids } of pages) {
    total.seen += seen;
    total.matched += dids.length;
    for (const planned of dids) {
      total.files += planned.length;
      total.bytes += planned.bytes;
      if (planned.entries.some(({ outcome }) => outcome === 'WANTED')) total.wanted += 1;
      add(entries, planned);
    }
  }
  return { ...total, entries: [...entries.values()] };
}

interface Sum extends EntrySum {
  readonly dids: Record<Outcome, number>;
  files: bigint;
  bytes: bigint;
  bytesOfCopies: bigint;
  error: string | null;
}

function add(sums: Map<number, Sum>, { entries, length, bytes }: PlannedDid): void {
  for (const { entry, outcome, copies, error } of entries) {
    const sum = sums.get(entry);
    if (!sum) continue;
    sum.dids[outcome] += 1;
    sum.error ??= error;
    if (outcome !== 'WANTED') continue;
    sum.files += length;
    sum.bytes += bytes;
    sum.bytesOfCopies += bytes * BigInt(copies);
  }
}

const emptySum = (entry: number): Sum => ({
  entry,
  dids: { WANTED: 0, THERE: 0, ENDED: 0, FAILS: 0 },
  files: 0n,
  bytes: 0n,
  bytesOfCopies: 0n,
  error: null,
});
