import { type ClaimedRequest } from '../../requests/index.js';
import {
  chooseProtocols,
  endpointOf,
  pathOf,
  type Rse,
  type RseProtocol,
} from '../../rses/index.js';
import { type TransferJob } from '../../transfertools/index.js';
import {
  adler32FromInt4,
  Cause,
  RequestState,
  type RseId,
  RseType,
} from '../../vocabulary/index.js';
import { copyKey, failureKey, type SourceCopy, type TransferFacts } from './transfer-facts.js';

/** A movement that can begin. */
export interface PlannedTransfer {
  readonly request: ClaimedRequest;
  readonly sourceRseId: RseId;
  readonly job: TransferJob;
}

/** Why none can. */
export interface UnplannedTransfer {
  readonly request: ClaimedRequest;
  readonly state: RequestState;
  readonly cause: Cause;
  readonly error: string;
}

/**
 * Chooses source and protocols for one request. Sources: those that failed least for this copy
 * first, then disk before tape, then the shortest distance, then the RSE's id, so that the choice is
 * the same wherever it is made.
 */
export function planTransfer(
  request: ClaimedRequest,
  facts: TransferFacts,
): PlannedTransfer | UnplannedTransfer {
  const refuse = (state: RequestState, cause: Cause, error: string) => ({
    request,
    state,
    cause,
    error,
  });
  const file = facts.files.get(request.didId);
  const destination = facts.rses.get(request.rseId);
  if (!file || !destination || destination.deletedAt) {
    return refuse(RequestState.NO_SOURCES, Cause.NO_SOURCE, 'the file or its destination is gone');
  }
  if (!destination.availabilityWrite) {
    return refuse(
      RequestState.FAILED,
      Cause.NOT_WRITABLE,
      `${destination.name} is not available for writing`,
    );
  }
  const write = protocolFor(facts, destination, 'write');
  if (!write)
    return refuse(
      RequestState.MISMATCH_SCHEME,
      Cause.NO_PROTOCOL,
      `${destination.name} has no protocol for writing`,
    );
  const sources = rankSources(request, facts);
  if (sources.length === 0) {
    return refuse(
      RequestState.NO_SOURCES,
      Cause.NO_SOURCE,
      `no available copy of ${file.scope}:${file.name} can be read`,
    );
  }
  for (const source of sources) {
    const rse = facts.rses.get(source.rseId);
    const read = rse && protocolFor(facts, rse, 'read');
    if (!rse || !read) continue;
    const path =
      facts.givenPaths.get(copyKey(request.didId, request.rseId)) ?? pathAt(destination, file);
    return {
      request,
      sourceRseId: rse.id,
      job: {
        requestId: request.id,
        source: { endpoint: endpointOf(rse, read), path: source.path ?? pathAt(rse, file) },
        destination: {
          endpoint: endpointOf(destination, write),
          path,
          temporaryPath: `${path}.sluice-${request.id}-${request.attempt}`,
        },
        bytes: file.bytes,
        adler32: file.adler32 === null ? null : adler32FromInt4(file.adler32),
        md5: file.md5,
        overwrite: request.overwrite,
      },
    };
  }
  return refuse(
    RequestState.MISMATCH_SCHEME,
    Cause.NO_PROTOCOL,
    'no source has a protocol for reading',
  );
}

/** The copies that may be read for a request, best first. */
export function rankSources(request: ClaimedRequest, facts: TransferFacts): SourceCopy[] {
  const allowed = facts.allowedSources.get(request.id);
  const distances = facts.distances.get(request.rseId);
  const cost = ({ rseId }: SourceCopy) => [
    facts.failures.get(failureKey(request.didId, request.rseId, rseId)) ?? 0,
    facts.rses.get(rseId)?.type === RseType.TAPE ? 1 : 0,
    distances?.get(rseId) ?? Number.MAX_SAFE_INTEGER,
    rseId,
  ];
  return (facts.sources.get(request.didId) ?? [])
    .filter(({ rseId }) => rseId !== request.rseId && (allowed?.has(rseId) ?? true))
    .toSorted((a, b) => compare(cost(a), cost(b)));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

const protocolFor = (
  facts: TransferFacts,
  rse: Rse,
  operation: 'read' | 'write',
): RseProtocol | undefined =>
  chooseProtocols(facts.protocols.get(rse.id) ?? [], { domain: 'wan', operation })[0];

const pathAt = (rse: Rse, file: { scope: string; name: string }): string =>
  pathOf(rse.attributes['lfn2pfn_algorithm'] ?? 'hash', file.scope, file.name);
