import pLimit from 'p-limit';
import { type Config } from '../config/index.js';
import {
  digestOf,
  type StorageDriver,
  type StorageRegistry,
  storageErrorOf,
} from '../protocols/index.js';
import {
  claimVerifications,
  copyPath,
  declareBad,
  endVerifications,
  markVerified,
  postponeVerifications,
  suspectCopies,
  type VerificationJob,
} from '../replicas/index.js';
import { chooseProtocols, endpointOf, protocolsOf, type Rse, rsesById } from '../rses/index.js';
import { reopenCopies } from '../rules/index.js';
import { adler32FromInt4, Cause, Channel, type RseId, StorageCause } from '../vocabulary/index.js';
import { IDLE, type Reconciler, type Shift } from './runtime/index.js';

/** Looks a shift. */
const BATCH_MAX = 100;
const PARALLEL = 4;
/** A look that nobody has ended within so long is anybody's again. */
const LEASE_SECONDS = 3600;
/** A storage that could not be asked so often is not asked any more. */
const ATTEMPTS_MAX = 5;

/** What was seen of a copy. */
type Finding =
  | { readonly seen: 'whole' | 'nothing' | 'unreadable' }
  | { readonly seen: 'bad'; readonly cause: Cause; readonly error: string }
  | { readonly seen: 'missing'; readonly error: string };

type Look = Finding & { readonly job: VerificationJob };

/**
 * A copy is to be looked at if and only if somebody said to have read it in vain (a trace, which
 * nobody has checked) and its look is due. What decides is a read of our own: size and digest as the
 * storage tells them; a digest that differs may be a stale one, so then the bytes are read. Bad bytes
 * are declared bad, whole ones dated. A missing file is suspicious only: a storage that has lost its
 * mount misses everything.
 */
export function verifier(config: Config, storages: StorageRegistry): Reconciler {
  return {
    name: 'verifier',
    wakeOn: [Channel.VERIFICATION],
    async reconcile(shift) {
      const limit = Math.min(shift.batch, BATCH_MAX);
      const until = new Date(shift.now.getTime() + LEASE_SECONDS * 1000);
      const jobs = await shift.db.tx((tx) =>
        claimVerifications(tx, { now: shift.now, until }, limit),
      );
      if (jobs.length === 0) return IDLE;
      const drivers = await driversOf(shift, storages, jobs);
      const slots = pLimit(PARALLEL);
      const looks = await Promise.all(
        jobs.map((job) => slots(async () => ({ job, ...(await look(job, drivers, shift)) }))),
      );
      await settle(shift, config, looks);
      const failed = looks.filter(({ seen }) => seen === 'unreadable').length;
      return { seen: jobs.length, done: jobs.length - failed, failed, more: jobs.length === limit };
    },
  };
}

interface Reach {
  readonly rse: Rse;
  readonly driver: StorageDriver | undefined;
}

async function driversOf(
  shift: Shift,
  storages: StorageRegistry,
  jobs: readonly VerificationJob[],
): Promise<Map<RseId, Reach>> {
  const ids = [...new Set(jobs.map(({ rseId }) => rseId))];
  const { rses, protocols } = await shift.db.read(async (tx) => ({
    rses: await rsesById(tx, ids),
    protocols: await protocolsOf(tx, ids),
  }));
  return new Map(
    [...rses.values()].map((rse) => {
      const protocol = (['wan', 'lan'] as const)
        .flatMap((domain) =>
          chooseProtocols(protocols.get(rse.id) ?? [], { domain, operation: 'read' }),
        )
        .find((endpoint) => storages.supports(endpoint));
      const driver = protocol && storages.driver(endpointOf(rse, protocol));
      return [rse.id, { rse, driver }] as const;
    }),
  );
}

async function look(
  job: VerificationJob,
  drivers: ReadonlyMap<RseId, Reach>,
  { signal, log }: Shift,
): Promise<Finding> {
  const reach = drivers.get(job.rseId);
  if (!reach?.driver || signal.aborted) return { seen: 'unreadable' };
  const { rse, driver } = reach;
  try {
    return await compare(driver, copyPath(rse, job, job.path), job);
  } catch (failure) {
    const error = storageErrorOf(failure, `${rse.name}: reading ${job.scope}:${job.name}`);
    if (error.code === StorageCause.MISSING) return { seen: 'missing', error: error.message };
    log.warn({ rse: rse.name, err: error }, 'a copy could not be verified');
    return { seen: 'unreadable' };
  }
}

async function compare(
  driver: StorageDriver,
  path: string,
  { bytes, adler32 }: VerificationJob,
): Promise<Finding> {
  const entry = await driver.stat(path, { checksum: true, bytes });
  if (!entry) return { seen: 'missing', error: 'is not at the storage' };
  if (entry.bytes !== bytes) {
    const error = `has ${entry.bytes} bytes instead of ${bytes}`;
    return { seen: 'bad', cause: Cause.SOURCE_SIZE, error };
  }
  const expected = adler32 === null ? null : adler32FromInt4(adler32);
  // Without a digest on both sides nothing is known; reading it all because a stranger says so is too much.
  if (expected === null || entry.adler32 === null) return { seen: 'nothing' };
  if (entry.adler32 === expected) return { seen: 'whole' };
  const { stream } = await driver.read(path);
  const found = await digestOf(stream);
  if (found.adler32 === expected && found.bytes === bytes) return { seen: 'whole' };
  const error = `has the adler32 ${found.adler32} instead of ${expected}`;
  return { seen: 'bad', cause: Cause.SOURCE_CHECKSUM, error };
}

async function settle(shift: Shift, config: Config, looks: readonly Look[]): Promise<void> {
  const { now } = shift;
  const { ownDailyMax, verifyRetrySeconds } = config.replicas;
  const again = looks.filter(
    ({ seen, job }) => seen === 'unreadable' && job.attempt < ATTEMPTS_MAX,
  );
  await shift.db.tx(async (tx) => {
    for (const found of looks) {
      const { job } = found;
      if (found.seen === 'missing') {
        const doubt = { reason: found.error, cause: Cause.SOURCE_MISSING, now };
        await suspectCopies(tx, [job], doubt);
      }
      if (found.seen !== 'bad') continue;
      const reason = `${found.cause}: ${found.error}`;
      const badness = { reason, cause: found.cause, now, ownDailyMax };
      const { bad } = await declareBad(tx, [job], badness);
      await reopenCopies(tx, bad, now);
    }
    await markVerified(tx, looks.filter(({ seen }) => seen === 'whole').map(keyOf), now);
    const due = new Date(now.getTime() + verifyRetrySeconds * 1000);
    await postponeVerifications(tx, again.map(keyOf), due);
    await endVerifications(tx, looks.filter((found) => !again.includes(found)).map(keyOf));
  });
  for (const found of looks) {
    if (found.seen !== 'bad') continue;
    const { didId, rseId } = found.job;
    shift.log.warn({ did: didId, rse: rseId, cause: found.cause, error: found.error }, 'bad copy');
  }
}

const keyOf = ({ job: { didId, rseId } }: Look) => ({ didId, rseId });
