/** A server that runs, and how to measure it. */
export interface RunningServer {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Roots of its process trees by name: whatever is below them counts as theirs. */
  readonly processes: Readonly<Record<string, number>>;
  readonly databaseUrl: string;
  /** Runs the daemon whose name is appended once; undefined: they work by themselves. */
  readonly daemon?: string;
  stop(): Promise<void>;
}

/** What both databases are given: Sluice's default, so that neither has more memory than the other. */
export const SHARED_BUFFERS_MIB = 256;
export const WAL_SIZE_MAX_MIB = 2048;
const MIB = 1024 ** 2;

/** The same as settings of Sluice, whatever its defaults are one day. */
export const databaseSettings = {
  SLUICE_DATABASE__EMBEDDED__SHARED_BUFFERS_BYTES: String(SHARED_BUFFERS_MIB * MIB),
  SLUICE_DATABASE__EMBEDDED__WAL_SIZE_MAX_BYTES: String(WAL_SIZE_MAX_MIB * MIB),
};
