import { readableBytes, type RseId } from '../../vocabulary/index.js';
import { type Candidate } from '../copy-placement.js';
import { type ExclusionReason } from './plan.js';

/** Counts of reasons, with the words of the first unit that had each. */
export type Reasons<Reason> = Map<Reason, { units: number; detail: string | null }>;

/** Counts a reason; the first one's words stay. */
export function note<Reason>(
  reasons: Map<RseId, Reasons<Reason>>,
  rseId: RseId,
  reason: Reason,
  detail: () => string | null,
  units = 1,
): void {
  if (noteAgain(reasons, rseId, reason, units)) return;
  const first = { units, detail: detail() };
  const of = reasons.get(rseId);
  if (of) of.set(reason, first);
  else reasons.set(rseId, new Map([[reason, first]]));
}

/** Counts a reason that an RSE has had already; false where it has not. */
export function noteAgain<Reason>(
  reasons: ReadonlyMap<RseId, Reasons<Reason>>,
  rseId: RseId,
  reason: Reason,
  units = 1,
): boolean {
  const known = reasons.get(rseId)?.get(reason);
  if (!known) return false;
  known.units += units;
  return true;
}

/** The numbers behind a rejection. */
export function whyNot(
  reason: ExclusionReason,
  { bytes }: { readonly bytes: bigint },
  candidate: Candidate | undefined,
): string | null {
  if (reason === 'account limit') {
    return `needs ${readableBytes(bytes)}, and the account may put ${left(candidate?.quotaLeft)} more there`;
  }
  if (reason === 'RSE limit') {
    const missing = bytes - (candidate?.heldBytes ?? 0n);
    return `needs ${readableBytes(missing)}, and the limit of the RSE leaves ${left(candidate?.spaceLeft)}`;
  }
  return null;
}

/** What is left; more may be taken than there is. */
const left = (bytes: bigint | null | undefined): string =>
  readableBytes(bytes && bytes > 0n ? bytes : 0n);
