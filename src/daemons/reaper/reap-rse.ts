import { type Config } from '../../config/index.js';
import { type StorageDriver, type StorageRegistry } from '../../protocols/index.js';
import {
  CACHED_FROM,
  claimDue,
  type ClaimSpec,
  copyPath,
  lockSpace,
  renewClaims,
  urgentTombstone,
  type VerifiedCopy,
  verifyClaims,
} from '../../replicas/index.js';
import { chooseProtocols, endpointOf, protocolsOf, type Rse } from '../../rses/index.js';
import { adler32FromInt4, type DidId, ReplicaState } from '../../vocabulary/index.js';
import { IDLE, type Shift, type Tally } from '../runtime/index.js';
import { deleteFiles, type Deletions } from './delete-files.js';
import { bytesToFree } from './free-space.js';
import { type Clock, Lease, newToken, shiftClock } from './lease.js';
import { settleGone, settleKept } from './settle.js';

/** One RSE's reaper for one shift. */
interface Site {
  readonly shift: Shift;
  readonly config: Config['reaper'];
  readonly rse: Rse;
  readonly driver: StorageDriver;
  readonly clock: Clock;
}

/** Claimed one state at a time, so that giving back knows it. The last ones are claims that ran out. */
const PRIORS = [
  ReplicaState.AVAILABLE,
  ReplicaState.UNAVAILABLE,
  ReplicaState.BAD,
  ReplicaState.TEMPORARY_UNAVAILABLE,
  ReplicaState.BEING_DELETED,
] as const;

/** `urgent` copies go at once, `cached` ones where the RSE is greedy or lacks space. */
type Kind = 'urgent' | 'cached';

/** Deletes what is due at one RSE, a batch for each kind and prior state. */
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
    for (const prior of PRIORS) {
      if (shift.signal.aborted) return total;
      const tally = await reapBatch(site, kind, prior);
      total.seen += tally.seen;
      total.done += tally.done;
      total.failed += tally.failed;
      total.more ||= tally.more;
    }
  }
  return total;
}

async function driverFor(
  shift: Shift,
  rse: Rse,
  storages: StorageRegistry,
): Promise<StorageDriver | undefined> {
  const protocols = await shift.db.read((tx) => protocolsOf(tx, [rse.id]));
  const protocol = (['wan', 'lan'] as const)
    .flatMap((domain) =>
      chooseProtocols(protocols.get(rse.id) ?? [], { domain, operation: 'delete' }),
    )
    .find((each) => storages.supports(each));
  if (!protocol) {
    shift.log.warn({ rse: rse.name }, 'copies are due at an RSE without a protocol for deleting');
    return undefined;
  }
  return storages.driver(endpointOf(rse, protocol));
}

async function reapBatch(site: Site, kind: Kind, prior: ReplicaState): Promise<Tally> {
  const { shift, rse } = site;
  const spec = claimSpec(site, kind, prior);
  const claims = await claim(site, kind, spec);
  const claimed = claims.filter((copy) => copy.claimed).map(({ didId }) => didId);
  const full = claims.length >= spec.limit;
  if (claimed.length === 0) return { seen: claims.length, done: 0, failed: 0, more: full };
  const lease = new Lease(spec.token, claimed, spec.now, site.config.leaseSeconds);
  // In a snapshot of its own, after the commit: only now are other reapers' claims seen.
  const verified = await shift.db.read((tx) => verifyClaims(tx, spec, claimed));
  const [last, free] = [
    verified.filter((copy) => copy.last),
    verified.filter((copy) => !copy.last),
  ];
  const deletions = await deleteFiles(
    {
      rse,
      driver: site.driver,
      lease,
      clock: site.clock,
      signal: shift.signal,
      parallelMax: site.config.parallelMax,
      renew: () => renew(site, lease, claimed),
    },
    free,
  );
  const done = await settle(site, { kind, prior }, lease, last, deletions);
  logFailures(site, deletions);
  return { seen: claims.length, done, failed: deletions.failed.length, more: full };
}

function claimSpec(
  { shift, rse, config, clock }: Site,
  kind: Kind,
  prior: ReplicaState,
): ClaimSpec {
  const now = clock();
  const later = laterThan(now, config);
  return {
    rseId: rse.id,
    prior,
    now,
    from: kind === 'urgent' ? null : CACHED_FROM,
    to: kind === 'urgent' ? urgentTombstone(now) : now,
    token: newToken(now, config.leaseSeconds),
    putOff: { urgent: urgentTombstone(later), cached: later },
    keepLast: rse.attributes['keep_last_copy'] === 'true',
    limit: Math.min(shift.batch, 1000),
  };
}

/** Two reapers that gave back each other's last copies must not meet again at the same moment. */
const laterThan = (now: Date, { retrySeconds }: Config['reaper']): Date =>
  new Date(now.getTime() + retrySeconds * 1000 * (0.75 + Math.random() / 2));

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

async function settle(
  site: Site,
  { kind, prior }: { readonly kind: Kind; readonly prior: ReplicaState },
  lease: Lease,
  last: readonly VerifiedCopy[],
  { gone, failed, left }: Deletions,
): Promise<number> {
  const { shift, rse } = site;
  const claim = { rse, token: lease.token, now: site.clock() };
  const done = await shift.db.tx((tx) => settleGone(tx, claim, gone));
  const idsOf = (copies: readonly VerifiedCopy[]) => copies.map(({ didId }) => didId);
  const later = laterThan(claim.now, site.config);
  const keep = (ids: readonly DidId[], state: ReplicaState, due: Date) => {
    const tombstone = kind === 'urgent' ? urgentTombstone(due) : due;
    return shift.db.tx((tx) => settleKept(tx, claim, ids, { state, tombstone }));
  };
  // Of a claim that ran out nobody knows whether its bytes are there: it stays due, and no source.
  const before = prior === ReplicaState.BEING_DELETED ? ReplicaState.UNAVAILABLE : prior;
  await keep(idsOf(failed.map(({ copy }) => copy)), before, later);
  await keep(idsOf(left), before, shift.signal.aborted ? claim.now : later);
  if (prior !== ReplicaState.BEING_DELETED) {
    await keep(idsOf(last), prior, later);
    return done;
  }
  const whole = await stillWhole(site, last);
  await keep([...whole], ReplicaState.AVAILABLE, later);
  await keep(
    idsOf(last).filter((didId) => !whole.has(didId)),
    ReplicaState.UNAVAILABLE,
    later,
  );
  return done;
}

/** Which of these copies are at the storage with the right size and, where it tells, checksum. */
async function stillWhole({ rse, driver }: Site, copies: readonly VerifiedCopy[]) {
  const whole = new Set<DidId>();
  for (const copy of copies) {
    const path = copyPath(rse, copy, copy.path);
    const entry = await driver.stat(path, { checksum: true, bytes: copy.bytes }).catch(() => null);
    const expected = copy.adler32 === null ? null : adler32FromInt4(copy.adler32);
    const right = expected === null || entry?.adler32 == null || entry.adler32 === expected;
    if (entry?.bytes === copy.bytes && right) whole.add(copy.didId);
  }
  return whole;
}

function logFailures({ shift, rse }: Site, { failed, left }: Deletions): void {
  const [first] = failed;
  if (!first) return;
  const { copy, error } = first;
  shift.log.warn(
    {
      rse: rse.name,
      failed: failed.length,
      left: left.length,
      cause: error.code,
      err: error,
      did: `${copy.scope}:${copy.name}`,
    },
    'copies could not be deleted',
  );
}
