import {
  parentOf,
  StorageError,
  type StorageRegistry,
  type ThirdPartyWay,
} from '../../protocols/index.js';
import { Cause, StorageCause, type TransferSide } from '../../vocabulary/index.js';
import { checkSource } from '../check-source.js';
import { type CopyBytes, type Movement } from '../movement.js';
import { abortFailure, at, failureAt, TransferFailure } from '../transfer-failure.js';
import { askForCopy } from './ask-for-copy.js';
import { type KnownWays } from './known-ways.js';

export interface CopyTerms {
  registry: StorageRegistry;
  known: KnownWays;
  /** Brings the bytes where the storages do it in no way by themselves. */
  otherwise: CopyBytes;
}

/** A way that does not work between these two, though nothing is wrong with the file. */
interface Refusal {
  way: ThirdPartyWay;
  error: StorageError;
}

/**
 * Lets one storage copy from or to the other: the destination pulls; where it does not, or does not
 * come through to the source, the source pushes; where that is no way either, `otherwise`. A way
 * that another one had to stand in for is left out for a while. Any other failure is the copy's.
 */
export function copyBetween(terms: CopyTerms): CopyBytes {
  return async (movement, path) => {
    const { destination, signal, source } = movement;
    await checkSource(movement);
    // XRootD 5.5 pulls into no missing directory, and others put nothing there.
    await at('destination', () => destination.makeDirectories(parentOf(path), { signal }));
    const refusals: Refusal[] = [];
    for (const way of terms.known.between(source.endpoint, destination.endpoint)) {
      const refusal = await tryWay(movement, path, way, terms);
      if (refusal === null) return settled(movement, terms, refusals, way, null);
      refusals.push(refusal);
    }
    try {
      const digest = await terms.otherwise(movement, path);
      return settled(movement, terms, refusals, 'stream', digest);
    } catch (error) {
      throw told(failureAt('destination', error), refusals);
    }
  };
}

/** Copies in one way. Gives why that is no way here, null when the bytes are there. */
async function tryWay(
  movement: Movement,
  path: string,
  way: ThirdPartyWay,
  { known, registry }: CopyTerms,
): Promise<Refusal | null> {
  const { destination, job, signal, source } = movement;
  let moved = 0n;
  const onBytes = (bytes: bigint) => movement.onBytes((moved = bytes));
  try {
    await askForCopy({ ...movement, onBytes }, path, way, registry);
    movement.onBytes(job.bytes);
    return null;
  } catch (error) {
    if (signal.aborted) throw abortFailure(signal) ?? error;
    if (error instanceof TransferFailure) {
      // It may be that they never come together. Not tried at once: the storage may still be at it.
      if (error.failureCause === Cause.STALLED && moved === 0n) {
        known.closeBetween(way, source.endpoint, destination.endpoint);
      }
      throw error;
    }
    if (!(error instanceof StorageError) || !isOfTheWay(error, way)) throw failureOf(way, error);
    if (error.farSide) await at('destination', () => destination.remove(path, { signal }));
    movement.onBytes(0n);
    return { way, error };
  }
}

/** Answers of servers that copy nothing by themselves, or not to or from another server. */
const UNSUPPORTED: readonly number[] = [400, 403, 405, 501, 502];
/** Told of the file, whatever the status. */
const OF_THE_FILE: readonly StorageCause[] = [
  StorageCause.MISSING,
  StorageCause.EXISTS,
  StorageCause.FULL,
];

function isOfTheWay(
  { code, farSide, status, unreached }: StorageError,
  way: ThirdPartyWay,
): boolean {
  if (farSide) return unreached;
  // Apache looks for what is to be fetched as if it were its own, to be copied elsewhere.
  if (way === 'pull' && status === 404) return true;
  return UNSUPPORTED.includes(status ?? 0) && !OF_THE_FILE.includes(code);
}

/** A failure of a third-party copy, at the end that it happened at. */
function failureOf(way: ThirdPartyWay, error: unknown): TransferFailure {
  const far = error instanceof StorageError && error.farSide;
  const side: TransferSide = far === (way === 'pull') ? 'source' : 'destination';
  return failureAt(side, error);
}

/** The bytes are there: what did not work is known from now on, and told. */
function settled<T>(
  { destination, onNote, source }: Movement,
  { known }: CopyTerms,
  refusals: readonly Refusal[],
  by: string,
  digest: T,
): T {
  for (const { way, error } of refusals) {
    if (error.farSide) known.closeBetween(way, source.endpoint, destination.endpoint);
    else known.closeForAll(way, source.endpoint, destination.endpoint);
  }
  if (refusals.length > 0) onNote(`copied by ${by}: ${listed(refusals)}`);
  return digest;
}

const listed = (refusals: readonly Refusal[]): string =>
  refusals.map(({ way, error }) => `no ${way}: ${error.message}`).join('; ');

function told(failure: TransferFailure, refusals: readonly Refusal[]): TransferFailure {
  if (refusals.length === 0) return failure;
  const { expected, found } = failure;
  return new TransferFailure(
    failure.failureCause,
    failure.side,
    `${failure.message} (before that: ${listed(refusals)})`,
    { ...(expected !== undefined && { expected }), ...(found !== undefined && { found }) },
  );
}
