import { type EarlierFailure, type FailedRequest, type Retry } from '../../requests/index.js';
import { Cause, RequestState } from '../../vocabulary/index.js';

export interface FailureTerms {
  readonly now: Date;
  /** Attempts a request gets in all. */
  readonly attemptsMax: number;
  readonly backoffSeconds: number;
  readonly backoffSecondsMax: number;
}

export type Verdict = { readonly retry: Retry } | { readonly giveUp: FailedRequest };

/** Our own read of the source gave other bytes than the catalogue has: the source is bad. */
const OWN_READ_OF_SOURCE: readonly (Cause | null)[] = [Cause.SOURCE_CHECKSUM, Cause.SOURCE_SIZE];

/** Whether this failure proves the source copy bad. */
export const provesSourceBad = (
  request: FailedRequest,
): request is FailedRequest & { readonly sourceRseId: number } =>
  request.sourceRseId !== null && OWN_READ_OF_SOURCE.includes(request.cause);

/**
 * What becomes of a failed movement: another attempt after an exponential back-off, or none. At once
 * where waiting mends nothing: a bad source (the next attempt takes another one), a worker that is
 * gone. Without a source there is nothing to try until the repairer finds one.
 */
export function judgeFailure(request: FailedRequest, terms: FailureTerms): Verdict {
  const hopeless =
    request.state === RequestState.NO_SOURCES || request.state === RequestState.ONLY_TAPE_SOURCES;
  if (hopeless || request.attempt + 1 >= terms.attemptsMax) return { giveUp: request };
  const atOnce = provesSourceBad(request) || request.state === RequestState.LOST;
  const seconds = atOnce
    ? 0
    : Math.min(terms.backoffSecondsMax, terms.backoffSeconds * 2 ** request.attempt);
  return { retry: { id: request.id, dueAt: new Date(terms.now.getTime() + seconds * 1000) } };
}

/**
 * Why a copy will not arrive, as people are told. That there is no source is the consequence where an
 * earlier attempt found the source wrong: then that is the cause, with what it expected and found.
 */
export function tellCause(
  failure: FailedRequest,
  earlier: EarlierFailure | undefined,
): FailedRequest & { readonly cause: Cause } {
  if (failure.cause !== Cause.NO_SOURCE || !earlier?.cause) {
    return { ...failure, cause: failure.cause ?? Cause.STORAGE_ERROR };
  }
  const { cause, sourceRseId, expected, found } = earlier;
  const error = `${earlier.error ?? cause}; no other copy can be read`;
  return { ...failure, cause, sourceRseId, expected, found, error };
}
