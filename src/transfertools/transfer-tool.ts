import { type ProtocolEndpoint } from '../protocols/index.js';
import { type Cause, type TransferSide } from '../vocabulary/index.js';

/** One movement of one file. Paths are below the prefix of their endpoint. */
export interface TransferJob {
  requestId: bigint;
  source: { endpoint: ProtocolEndpoint; path: string };
  destination: {
    endpoint: ProtocolEndpoint;
    path: string;
    /**
     * Where the bytes stand until they are verified. Name it anew for each attempt: some storages
     * tell the old checksum of a file that was overwritten within the second.
     */
    temporaryPath: string;
    /** Temporary names of earlier attempts, under which bytes may stand: they go first. */
    leftovers?: readonly string[];
  };
  /** What the catalogue says of the file. Null: the catalogue does not know. */
  bytes: bigint;
  adler32: string | null;
  md5: string | null;
  /** Replace what stands at the destination, if it is something else. */
  overwrite: boolean;
}

/** How a transfer stands. UNKNOWN: this tool (after a restart) knows nothing of it. */
export type TransferState = 'RUNNING' | 'DONE' | 'FAILED' | 'UNKNOWN';

export interface TransferOutcome {
  requestId: bigint;
  state: TransferState;
  /** Only of FAILED: why, and at which end. */
  cause?: Cause;
  side?: TransferSide;
  /** Why it failed; of DONE: how, where it did not go the way it should. */
  message?: string;
  /** Only of FAILED: bytes may stand under the temporary name, now or in a moment. */
  leftover?: boolean;
  /** What was expected and what was found, where sizes or checksums differ. */
  expected?: string;
  found?: string;
  /** 0 also for a file that was already there, verified and not copied. */
  bytesMoved: bigint;
  startedAt: Date;
  finishedAt?: Date;
}

/** A way to move bytes between two storages. */
export interface TransferTool {
  /** Kept on requests, so that the poller asks the tool that has the transfer. */
  readonly name: string;
  canMove(source: ProtocolEndpoint, destination: ProtocolEndpoint): boolean;
  /** Takes the jobs on and returns; a job that is already running is not taken on twice. */
  submit(jobs: readonly TransferJob[]): Promise<void>;
  /** One outcome for each request, in the order asked. */
  poll(requestIds: readonly bigint[]): Promise<TransferOutcome[]>;
  /** Ends transfers (FAILED, CANCELLED); those that are over or unknown stay as they are. */
  cancel(requestIds: readonly bigint[]): Promise<void>;
}
