import { type Digest, type StorageDriver } from '../protocols/index.js';
import { type TransferJob } from './transfer-tool.js';

/** A transfer under way: the job, a driver for each end, and how it can be ended. */
export interface Movement {
  job: TransferJob;
  source: StorageDriver;
  destination: StorageDriver;
  signal: AbortSignal;
  /** Whoever moves or reads bytes and gets none for this long is STALLED. */
  stallMs: number;
  onBytes: (moved: bigint) => void;
  /** What whoever looks at a finished transfer should know. */
  onNote: (note: string) => void;
}

/**
 * Brings the bytes to `path` at the destination. Gives their digest if they passed through here,
 * null if not. Throws TransferFailure.
 */
export type CopyBytes = (movement: Movement, path: string) => Promise<Digest | null>;
