import { InvalidPath } from '../../errors/index.js';
import { type ClaimedRequest } from '../../requests/index.js';
import {
  chooseProtocols,
  DEFAULT_ALGORITHM,
  type Endpoint,
  endpointOf,
  type Operation,
  pathOf,
  type Rse,
} from '../../rses/index.js';
import { type TransferJob, type TransferTool } from '../../transfertools/index.js';
import {
  adler32FromInt4,
  Cause,
  type DidName,
  RequestState,
  type RseId,
} from '../../vocabulary/index.js';
import { rankSources } from './rank-sources.js';
import { copyKey, type FileFacts, type TransferFacts } from './transfer-facts.js';
import { type TransferWay } from './transfer-ways.js';

/** A movement that can begin. */
export interface PlannedTransfer {
  readonly request: ClaimedRequest;
  readonly sourceRseId: RseId;
  readonly tool: TransferTool;
  readonly job: TransferJob;
  /** To be remembered, where the destination is not deterministic and none was given. */
  readonly newPath: string | null;
}

/** Why none can. */
export interface UnplannedTransfer {
  readonly request: ClaimedRequest;
  readonly state: RequestState;
  readonly cause: Cause;
  readonly error: string;
}

/** A source is on its way, or read by as many as may: WAITING, and no attempt is counted. */
export interface EarlyTransfer {
  readonly request: ClaimedRequest;
  readonly reason: typeof Cause.NO_SOURCE | typeof Cause.SOURCE_LIMIT;
  readonly waitFor: string;
}

export type TransferPlan = PlannedTransfer | UnplannedTransfer | EarlyTransfer;

const { FAILED, MISMATCH_SCHEME, NO_SOURCES } = RequestState;

/** Whether one more transfer may read from a source. */
export type MayRead = (source: RseId) => boolean;

/**
 * Chooses source, protocols and tool for one request: the best source that may be read and that some
 * tool can move from, by the first tool that can. Pure.
 */
export function planTransfer(
  request: ClaimedRequest,
  facts: TransferFacts,
  ways: readonly TransferWay[],
  mayRead: MayRead = () => true,
): TransferPlan {
  try {
    return plan(request, facts, ways, mayRead);
  } catch (error) {
    if (!(error instanceof InvalidPath)) throw error;
    return { request, state: FAILED, cause: Cause.PATH_REFUSED, error: error.message };
  }
}

function plan(
  request: ClaimedRequest,
  facts: TransferFacts,
  ways: readonly TransferWay[],
  mayRead: MayRead,
): TransferPlan {
  const refuse = (state: RequestState, cause: Cause, error: string) => ({
    request,
    state,
    cause,
    error,
  });
  const file = facts.files.get(request.didId);
  const destination = facts.rses.get(request.rseId);
  if (!file || !destination || destination.deletedAt) {
    return refuse(NO_SOURCES, Cause.NO_SOURCE, 'the file or its destination is gone');
  }
  if (!destination.availabilityWrite) {
    const error = `${destination.name} is not available for writing`;
    return refuse(FAILED, Cause.NOT_WRITABLE, error);
  }
  const { ready, coming } = rankSources(request, facts);
  if (ready.length === 0) {
    const rse = coming[0] && facts.rses.get(coming[0].rseId);
    if (rse) return early(request, Cause.NO_SOURCE, `the copy at ${rse.name} is not there yet`);
    const error = `no available copy of ${file.scope}:${file.name} can be read${lastFailure(request)}`;
    return refuse(NO_SOURCES, Cause.NO_SOURCE, error);
  }
  let full: Rse | undefined;
  for (const source of ready) {
    const rse = facts.rses.get(source.rseId);
    const way = rse && chooseWay(facts, ways, rse, destination);
    if (!rse || !way) continue;
    if (!mayRead(rse.id)) {
      full ??= rse;
      continue;
    }
    const given = facts.givenPaths.get(copyKey(request)) ?? null;
    const path = given ?? pathAt(destination, file);
    const from = { endpoint: way.source, path: source.path ?? pathAt(rse, file) };
    const to = {
      endpoint: way.destination,
      path,
      temporaryPath: temporaryPath(path, request.uid),
      leftovers: (facts.leftovers.get(copyKey(request)) ?? []).map((uid) =>
        temporaryPath(path, uid),
      ),
    };
    return {
      request,
      sourceRseId: rse.id,
      tool: way.tool,
      job: jobOf(request, file, from, to),
      newPath: destination.deterministic || given !== null ? null : path,
    };
  }
  if (full) return limited(request, full.name);
  const error = `no tool can move by the protocols of ${destination.name} and of any source`;
  const ends = [destination.id, ...ready.map(({ rseId }) => rseId)];
  const protocols = ends.flatMap((id) => facts.protocols.get(id) ?? []);
  const mounts = protocols.some(({ scheme }) => scheme === 'file');
  return refuse(MISMATCH_SCHEME, Cause.NO_PROTOCOL, mounts ? error + MOUNTS_HINT : error);
}

const early = (
  request: ClaimedRequest,
  reason: EarlyTransfer['reason'],
  waitFor: string,
): EarlyTransfer => ({ request, reason, waitFor });

/** A request whose source could be read, if a limit did not count it. */
export const limited = (request: ClaimedRequest, source: string): EarlyTransfer =>
  early(
    request,
    Cause.SOURCE_LIMIT,
    `no transfer more may read from ${source} now (transfer limit)`,
  );

const jobOf = (
  request: ClaimedRequest,
  file: FileFacts,
  source: TransferJob['source'],
  destination: TransferJob['destination'],
): TransferJob => ({
  requestId: request.id,
  source,
  destination,
  bytes: file.bytes,
  adler32: file.adler32 === null ? null : adler32FromInt4(file.adler32),
  md5: file.md5,
  overwrite: request.overwrite,
});

/** Whoever defines a protocol at a mounted file system does not always run the process. */
const MOUNTS_HINT = '; file systems are used here only below the directories of storage.posixRoots';

/** Why there is no source any more, where the attempt before tells. */
function lastFailure({ cause, expected, found }: ClaimedRequest): string {
  if (cause === null || cause === Cause.NO_SOURCE || cause === Cause.SOURCE_LIMIT) return '';
  const difference = expected === null ? '' : `: expected ${expected}, found ${found}`;
  return `; the attempt before ended with ${cause}${difference}`;
}

interface ChosenWay {
  readonly tool: TransferTool;
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** The first tool that can move between protocols of both, by the protocols that come first. */
function chooseWay(
  facts: TransferFacts,
  ways: readonly TransferWay[],
  source: Rse,
  destination: Rse,
): ChosenWay | undefined {
  const endpoints = (rse: Rse, operation: Operation) =>
    chooseProtocols(facts.protocols.get(rse.id) ?? [], { domain: 'wan', operation }).map(
      (protocol) => endpointOf(rse, protocol),
    );
  for (const { tool, from, to } of ways) {
    for (const far of endpoints(destination, to)) {
      const near = endpoints(source, from).find((endpoint) => tool.canMove(endpoint, far));
      if (near) return { tool, source: near, destination: far };
    }
  }
  return undefined;
}

const pathAt = (rse: Rse, { scope, name }: DidName): string =>
  pathOf(rse.attributes['lfn2pfn_algorithm'] ?? DEFAULT_ALGORITHM, scope, name);

/** Characters of a name that are kept, so that the temporary one fits into 255 bytes. */
const KEPT_MAX = 200;

/** Beside the final name, and another one for each attempt: two workers never write the same file. */
function temporaryPath(path: string, uid: string): string {
  const at = path.lastIndexOf('/') + 1;
  const name = path.slice(at, at + KEPT_MAX);
  return `${path.slice(0, at)}${name}.sluice-${uid.replaceAll('-', '').slice(0, 16)}`;
}
