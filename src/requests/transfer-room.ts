import { type Tx } from '../db/index.js';
import { matchRsesOfEach } from '../rses/index.js';
import { type RseId, type TransferDirection } from '../vocabulary/index.js';
import { type Bucket, type Load } from './claim.sql.js';
import { type TransferBound } from './transfer-limit.sql.js';

/** A bound with the RSEs that its expression names now. */
export interface ResolvedBound {
  readonly rseIds: ReadonlySet<RseId>;
  /** null is all activities together. */
  readonly activity: number | null;
  readonly maxTransfers: number;
}

/** The bounds of one direction; an expression that names nothing now bounds nothing. */
export async function resolveBounds(
  tx: Tx,
  bounds: readonly TransferBound[],
  direction: TransferDirection,
): Promise<ResolvedBound[]> {
  const wanted = bounds.filter((bound) => bound.direction === direction);
  const named = await matchRsesOfEach(
    tx,
    wanted.map(({ rseExpression }) => rseExpression),
  );
  return wanted.map(({ activity, maxTransfers }, at) => ({
    rseIds: new Set(named[at]),
    activity,
    maxTransfers,
  }));
}

/** What bounds leave: places are taken one by one. */
export class TransferRoom {
  private readonly left: { readonly bound: ResolvedBound; places: number }[];

  constructor(bounds: readonly ResolvedBound[], loads: readonly Load[]) {
    this.left = bounds.map((bound) => {
      const under = loads.filter((load) => counts(bound, load));
      return { bound, places: under.reduce((left, load) => left - load.count, bound.maxTransfers) };
    });
  }

  /** Whether one more transfer of this activity may begin at this end. */
  admits(end: Bucket): boolean {
    return this.left.every(({ bound, places }) => places > 0 || !counts(bound, end));
  }

  take(end: Bucket): void {
    for (const left of this.left) if (counts(left.bound, end)) left.places--;
  }
}

const counts = ({ rseIds, activity }: ResolvedBound, end: Bucket): boolean =>
  rseIds.has(end.rseId) && (activity === null || activity === end.activity);
