import {
  copyPath,
  type FailedDeletion,
  tellUndeleted,
  urgentTombstone,
  type VerifiedCopy,
} from '../../replicas/index.js';
import { pfnOf } from '../../rses/index.js';
import { adler32FromInt4, type DidId, ReplicaState } from '../../vocabulary/index.js';
import { type Attempt, type Deletions } from './delete-files.js';
import { type Lease } from './lease.js';
import { settleGone, settleKept } from './settle.js';
import { type Kind, laterThan, type Site } from './site.js';

/**
 * Forgets the copies whose bytes are gone, and gives the others back as they were. Gives how many were
 * forgotten, or set going for a rule that met them.
 */
export async function settleDeletions(
  site: Site,
  { kind, prior }: { readonly kind: Kind; readonly prior: ReplicaState },
  lease: Lease,
  last: readonly VerifiedCopy[],
  { gone, failed, left }: Deletions,
): Promise<number> {
  const { shift, rse } = site;
  const claim = { rse, token: lease.token, now: site.clock() };
  const { endpoint } = site.driver;
  const asked = ({ path, seconds }: Attempt) => ({
    url: pfnOf(endpoint, path),
    scheme: endpoint.scheme,
    seconds: Math.round(seconds * 1e6) / 1e6,
  });
  const deletions = gone.map((it) => ({ didId: it.copy.didId, found: it.found, ...asked(it) }));
  const done = await shift.db.tx((tx) => settleGone(tx, claim, deletions));
  const idsOf = (copies: readonly VerifiedCopy[]) => copies.map(({ didId }) => didId);
  const later = laterThan(claim.now, site.config);
  const keep = (
    ids: readonly DidId[],
    state: ReplicaState,
    due: Date,
    failures: readonly FailedDeletion[] = [],
  ) => {
    const tombstone = kind === 'urgent' ? urgentTombstone(due) : due;
    return shift.db.tx(async (tx) => {
      await settleKept(tx, claim, ids, { state, tombstone });
      await tellUndeleted(tx, rse, failures);
    });
  };
  // Of a claim that ran out nobody knows whether its bytes are there: it stays due, and no source.
  const before = prior === ReplicaState.BEING_DELETED ? ReplicaState.UNAVAILABLE : prior;
  const failures = failed.map((it) => ({ ...it.copy, ...asked(it), error: it.error.message }));
  await keep(idsOf(failed.map(({ copy }) => copy)), before, later, failures);
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

/** One line for all that failed, by the first of them. */
export function logFailures({ shift, rse }: Site, { failed, left }: Deletions): void {
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
