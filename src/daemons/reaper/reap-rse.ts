import { type Config } from '../../config/index.js';
import { type StorageRegistry } from '../../protocols/index.js';
import {
  CACHED_FROM,
  claimDue,
  type ClaimSpec,
  lockSpace,
  renewClaims,
  urgentTombstone,
  verifyClaims,
} from '../../replicas/index.js';
import { type Rse } from '../../rses/index.js';
import { type DidId, type ReplicaState } from '../../vocabulary/index.js';
import { IDLE, type Shift, type Tally } from '../runtime/index.js';
import { deleteFiles } from './delete-files.js';
import { driverFor } from './driver-for.js';
import { bytesToFree } from './free-space.js';
import { Lease, newToken, shiftClock } from './lease.js';
import { logFailures, settleDeletions } from './settle-deletions.js';
import { type Kind, laterThan, type Site } from './site.js';

/** Deletes what is due at one RSE, a batch of each kind. */
export async function reapRse(
  shift: Shift,
  rse: Rse,
  { config, storages }: { readonly config: Config['reaper']; readonly storages: StorageRegistry },
): Promise<Tally> {
  const driver = await driverFor(shift, rse, storages);
  if (!driver) return IDLE;
  const site: Site = { shift, config, rse, driver, clock: shiftClock(shift.now) };
  const total = { seen: 0, done: 0, failed: 0, more: false };
  for (const kind of ['urgent', 'cached'] as const) {
    if (shift.signal.aborted) return total;
    const tally = await reapBatch(site, kind);
    total.seen += tally.seen;
    total.done += tally.done;
    total.failed += tally.failed;
    total.more ||= tally.more;
  }
  return total;
}

async function reapBatch(site: Site, kind: Kind): Promise<Tally> {
  const spec = claimSpec(site, kind);
  const claims = await claim(site, kind, spec);
  const claimed = claims.filter((copy) => copy.claimed);
  const full = claims.length >= spec.limit;
  const tally = { seen: claims.length, done: 0, failed: 0, more: full };
  const ids = claimed.map(({ didId }) => didId);
  const lease = new Lease(spec.token, ids, spec.now, site.config.leaseSeconds);
  for (const prior of new Set(claimed.map((copy) => copy.prior))) {
    const own = claimed.filter((copy) => copy.prior === prior).map(({ didId }) => didId);
    const { done, failed } = await reapClaimed(site, { kind, prior, spec, lease, ids }, own);
    tally.done += done;
    tally.failed += failed;
  }
  return tally;
}

/** What was claimed at once. */
interface Batch {
  readonly kind: Kind;
  readonly prior: ReplicaState;
  readonly spec: ClaimSpec;
  readonly lease: Lease;
  /** All that are claimed, of other prior states too: they share the lease. */
  readonly ids: readonly DidId[];
}

/** Copies of one prior state: verifies, deletes and settles them. */
async function reapClaimed(site: Site, batch: Batch, own: readonly DidId[]) {
  const { shift, rse, driver, clock, config } = site;
  const { kind, prior, spec, lease, ids } = batch;
  const claim = { ...spec, prior, token: lease.token };
  // In a snapshot of its own, after the commit: only now are other reapers' claims seen.
  const verified = await shift.db.read((tx) => verifyClaims(tx, claim, own));
  const { signal } = shift;
  const renewal = () => renew(site, lease, ids);
  const deletions = await deleteFiles(
    { rse, driver, lease, clock, signal, parallelMax: config.parallelMax, renew: renewal },
    verified.filter((copy) => !copy.last),
  );
  const last = verified.filter((copy) => copy.last);
  const done = await settleDeletions(site, { kind, prior }, lease, last, deletions);
  logFailures(site, deletions);
  return { done, failed: deletions.failed.length };
}

function claimSpec({ shift, rse, config, clock }: Site, kind: Kind): ClaimSpec {
  const now = clock();
  const later = laterThan(now, config);
  return {
    rseId: rse.id,
    now,
    from: kind === 'urgent' ? null : CACHED_FROM,
    to: kind === 'urgent' ? urgentTombstone(now) : now,
    token: newToken(now, config.leaseSeconds),
    putOff: { urgent: urgentTombstone(later), cached: later },
    keepLast: rse.attributes['keep_last_copy'] === 'true',
    limit: Math.min(shift.batch, 1000),
  };
}

async function claim({ shift, rse }: Site, kind: Kind, spec: ClaimSpec) {
  if (kind === 'urgent' || rse.attributes['greedyDeletion'] === 'true') {
    return await shift.db.tx((tx) => claimDue(tx, spec));
  }
  return await shift.db.tx(async (tx) => {
    await lockSpace(tx, rse.id);
    const bytesWanted = await bytesToFree(tx, rse);
    return bytesWanted > 0n ? await claimDue(tx, { ...spec, bytesWanted }) : [];
  });
}

async function renew(site: Site, lease: Lease, didIds: readonly DidId[]): Promise<void> {
  const now = site.clock();
  const next = newToken(now, site.config.leaseSeconds);
  const claim = { rseId: site.rse.id, token: lease.token, next };
  const renewed = await site.shift.db.tx((tx) => renewClaims(tx, claim, didIds));
  lease.renewed(next, renewed, now);
}
