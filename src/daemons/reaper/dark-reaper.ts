import pLimit from 'p-limit';
import { record } from '../../audit/index.js';
import { type Config } from '../../config/index.js';
import { type StorageDriver, type StorageRegistry, storageErrorOf } from '../../protocols/index.js';
import {
  claimDark,
  type DarkClaim,
  forgetDark,
  pathsInUse,
  postponeDark,
  rsesWithDark,
} from '../../replicas/index.js';
import { type Rse, rsesById } from '../../rses/index.js';
import { IDLE, type Reconciler, type Shift, type Tally } from '../runtime/index.js';
import { driverFor } from './driver-for.js';
import { type Clock, shiftClock } from './lease.js';

/** Files of one RSE a shift. */
const BATCH_MAX = 1000;
/** So many are looked up, then deleted: a copy that is wanted there meanwhile is seen by the next look. */
const GROUP = 64;
/** After so many failures one after the other an RSE is left alone for this shift. */
const STRIKES = 8;

/** What became of a quarantined file. */
type Fate = 'deleted' | 'missing' | 'changed' | 'in use' | 'directory' | 'failed' | 'left';

type Told = readonly [path: string, fate: Fate];

interface Parts {
  readonly config: Config;
  readonly storages: StorageRegistry;
  readonly clock: Clock;
}

/**
 * A file in quarantine is to be deleted if and only if it has been there for
 * `replicas.quarantineSeconds`, its RSE allows deletion, no copy of the catalogue stands at its path
 * and nobody was given a URL to write there, and nobody has written it since.
 *
 * Claim, commit, look for copies in a fresh snapshot, look at the storage, delete, forget. The claim
 * is a lease and keeps registrations of the path out (leaveQuarantine): a dark-reaper that dies leaves
 * files that are due again when it has ended.
 */
export function darkReaper(config: Config, storages: StorageRegistry): Reconciler {
  return {
    name: 'dark-reaper',
    wakeOn: [],
    async reconcile(shift) {
      const clock = shiftClock(shift.now);
      const terms = termsOf(clock(), config);
      const rses = await shift.db.read(async (tx) => rsesById(tx, await rsesWithDark(tx, terms)));
      let total = IDLE;
      for (const rse of rses.values()) {
        if (shift.signal.aborted) break;
        total = sum(total, await reapDark(shift, rse, { config, storages, clock }));
      }
      return total;
    },
  };
}

const termsOf = (now: Date, { replicas, reaper }: Config) => ({
  now,
  before: new Date(now.getTime() - replicas.quarantineSeconds * 1000),
  until: new Date(now.getTime() + reaper.leaseSeconds * 1000),
});

async function reapDark(
  shift: Shift,
  rse: Rse,
  { config, storages, clock }: Parts,
): Promise<Tally> {
  // No call outlives the claim: what is registered when it has ended is not deleted any more.
  const leaseMs = config.reaper.leaseSeconds * 1000;
  const signal = AbortSignal.any([shift.signal, AbortSignal.timeout(leaseMs * 0.9)]);
  const driver = await driverFor(shift, rse, storages, { signal });
  if (!driver) return IDLE;
  const terms = termsOf(clock(), config);
  const limit = Math.min(shift.batch, BATCH_MAX);
  const claims = await shift.db.tx((tx) => claimDark(tx, rse.id, terms, limit));
  const site = { shift, rse, driver, signal, strikes: { inARow: 0 } };
  const fates: Told[] = [];
  for (let at = 0; at < claims.length; at += GROUP) {
    const group = claims.slice(at, at + GROUP);
    fates.push(...(await deleteGroup(site, group, config.reaper.parallelMax)));
  }
  const due = new Date(clock().getTime() + config.reaper.retrySeconds * 1000);
  await settle(shift, rse, { until: terms.until, due }, fates);
  const count = (...which: Fate[]) => fates.filter(([, fate]) => which.includes(fate)).length;
  const done = claims.length - count('failed', 'left');
  return { seen: claims.length, done, failed: count('failed'), more: claims.length === limit };
}

interface Site {
  readonly shift: Shift;
  readonly rse: Rse;
  readonly driver: StorageDriver;
  readonly signal: AbortSignal;
  readonly strikes: { inARow: number };
}

async function deleteGroup(
  site: Site,
  claims: readonly DarkClaim[],
  parallelMax: number,
): Promise<Told[]> {
  const { shift, rse, signal, strikes } = site;
  const paths = claims.map(({ path }) => path);
  const used = await shift.db.read((tx) => pathsInUse(tx, rse, paths));
  const decide = async (claim: DarkClaim): Promise<Told> => {
    if (used.has(claim.path)) return [claim.path, 'in use'];
    if (signal.aborted || strikes.inARow >= STRIKES) return [claim.path, 'left'];
    return [claim.path, await deleteDark(site, claim)];
  };
  const slots = pLimit(parallelMax);
  return await Promise.all(claims.map((claim) => slots(decide, claim)));
}

async function deleteDark(
  { shift, rse, driver, strikes }: Site,
  { path, since }: DarkClaim,
): Promise<Fate> {
  try {
    const entry = await driver.stat(path);
    if (entry === null) return 'missing';
    if (entry.directory) return 'directory';
    // Whoever wrote it since may be about to register it; the next consistency check will tell.
    if (entry.modifiedAt !== null && entry.modifiedAt > since) return 'changed';
    await driver.remove(path);
    strikes.inARow = 0;
    return 'deleted';
  } catch (failure) {
    strikes.inARow += 1;
    const err = storageErrorOf(failure, `${rse.name}: deleting ${path}`);
    shift.log.warn({ rse: rse.name, path, err }, 'a quarantined file could not be deleted');
    return 'failed';
  }
}

async function settle(
  { db, log }: Shift,
  rse: Rse,
  times: { readonly until: Date; readonly due: Date },
  fates: readonly Told[],
): Promise<void> {
  const of = (...which: Fate[]) =>
    fates.filter(([, fate]) => which.includes(fate)).map(([path]) => path);
  const deleted = of('deleted');
  await db.tx(async (tx) => {
    const over = of('deleted', 'missing', 'changed', 'in use', 'directory');
    await forgetDark(tx, rse.id, times.until, over);
    await postponeDark(tx, rse.id, times, of('failed', 'left'));
    if (deleted.length === 0) return;
    const change = { paths: deleted };
    await record(tx, { by: null, action: 'quarantine.delete', subject: rse.name, change });
  });
  const kept = of('changed', 'in use', 'directory').length;
  if (fates.length > 0) {
    log.info({ rse: rse.name, deleted: deleted.length, kept }, 'quarantined files are gone');
  }
}

const sum = (a: Tally, b: Tally): Tally => ({
  seen: a.seen + b.seen,
  done: a.done + b.done,
  failed: a.failed + b.failed,
  more: a.more || b.more,
});
