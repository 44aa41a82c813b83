import { type Readable } from 'node:stream';

/** One protocol of one RSE, as an admin defined it. */
export interface ProtocolEndpoint {
  rse: string;
  scheme: string;
  hostname: string;
  /** 0 means the scheme's own port. */
  port: number;
  prefix: string;
  impl: string;
  /**
   * Keys read here: `ca` (PEM; trusted instead of the built-in roots), `redirect_hosts` (string[];
   * `host`, `host:port` or `*.domain`), `token` (a bearer for every request), `rename` (false: the
   * storage cannot rename), `mount_point` (true: the prefix of a mounted file system is where it is
   * mounted), `third_party_copy` (what it does by itself: see thirdPartyAbilities).
   */
  extendedAttributes: Record<string, unknown>;
}

/**
 * What a token has to allow: `read` a file; `create` a new one and read it back; `modify` one, that
 * is also replace what stands there; `delete` it.
 */
export type StorageOperation = 'read' | 'create' | 'modify' | 'delete';

/**
 * Gives a bearer token for exactly this file, or undefined for none. `path` is the absolute path on
 * the server (prefix included, decoded); a rename also names its `target`, and the one token has to
 * allow the operation on both.
 */
export type Authorize = (
  operation: StorageOperation,
  path: string,
  target?: string,
) => Promise<string | undefined>;

export interface DriverOptions {
  /** Lets the storage live on loopback, link-local and private addresses. */
  allowPrivate: boolean;
  authorize?: Authorize;
  /** Ends every call of the driver. */
  signal?: AbortSignal;
  connectTimeoutMs?: number;
  /** When an answer that needs a digest is taken for lost, besides the time to read the bytes. */
  lostAnswerMs?: number;
}

/** What a storage can do; asked before the call. */
export interface Abilities {
  /** Digests that `stat` may bring; a null in its answer still means: read the file yourself. */
  readonly checksums: readonly ('adler32' | 'md5')[];
  readonly rename: boolean;
  /** `read` may begin in the middle. */
  readonly ranges: boolean;
  readonly list: boolean;
  /** Which third-party copies the storage makes by itself, as far as its protocol says. */
  readonly thirdPartyCopy: ThirdPartyAbilities;
}

/** Who does the work of a third-party copy: `pull` the destination, `push` the source. */
export type ThirdPartyWay = 'pull' | 'push';
export type ThirdPartyAbilities = Readonly<Record<ThirdPartyWay, boolean>>;

/** The other end of a third-party copy. */
export interface FarEnd {
  /** `pull`: the bytes come from there; `push`: they go there. */
  way: ThirdPartyWay;
  url: string;
  /** Bearer token for exactly that file there. */
  token?: string | undefined;
}

/** A file or directory. `path` is below the protocol's prefix, without a leading slash. */
export interface StorageEntry {
  path: string;
  directory: boolean;
  bytes: bigint;
  /** Eight lower-case hex digits; null where the storage does not tell. */
  adler32: string | null;
  /** 32 lower-case hex digits; null where the storage does not tell. */
  md5: string | null;
  modifiedAt: Date | null;
}

export interface CallOptions {
  signal?: AbortSignal;
}
export interface StatOptions extends CallOptions {
  /** Also ask for the checksum; a first digest reads the whole file at the storage. */
  checksum?: boolean;
  /** The size expected, with which the time-out grows. */
  bytes?: bigint;
}
export interface ReadOptions extends CallOptions {
  /** First byte wanted; needs `abilities.ranges`. From the end on there is none: SIZE. */
  from?: bigint;
}
export interface OverwriteOptions extends CallOptions {
  /** Replace what stands there. Without it a storage that can refuse does. */
  overwrite?: boolean;
}
export interface ThirdPartyOptions extends OverwriteOptions {
  /** Bytes moved so far; called whenever the storage tells it, also when they are the same. */
  onBytes?: (moved: bigint) => void;
  /** The size expected, with which the time-out grows. */
  bytes?: bigint;
}

/** An open file: `bytes` is what the storage says will come, null if it does not say. */
export interface OpenFile {
  stream: Readable;
  bytes: bigint | null;
}

/**
 * Opens the bytes to write. Called when the storage is ready for them, so that a refusal reads
 * nothing; called again if the storage wanted the bytes elsewhere (a redirect) or wanted the
 * directories to be made first.
 */
export type OpenBytes = () => Readable | Promise<Readable>;

/**
 * One storage through one protocol. Paths are below the endpoint's prefix; they are normalised, and
 * refused if they would leave it. Every method throws StorageError and nothing else; the stream of
 * `read` fails with StorageError too.
 */
export interface StorageDriver {
  readonly endpoint: ProtocolEndpoint;
  readonly abilities: Abilities;
  /** What stands there, or null if nothing does. */
  stat(path: string, options?: StatOptions): Promise<StorageEntry | null>;
  read(path: string, options?: ReadOptions): Promise<OpenFile>;
  /** Writes exactly `bytes` bytes and makes the directories above. May leave a part on failure. */
  write(path: string, open: OpenBytes, bytes: bigint, options?: OverwriteOptions): Promise<void>;
  /** Makes the directories above the target. Not every server heeds a missing `overwrite`. */
  rename(path: string, target: string, options?: OverwriteOptions): Promise<void>;
  /** False if nothing was there. */
  remove(path: string, options?: CallOptions): Promise<boolean>;
  /** What stands directly in a directory ('' is the prefix itself). */
  list(directory: string, options?: CallOptions): Promise<StorageEntry[]>;
  /** Makes a directory and those above it; those that exist are no error. */
  makeDirectories(directory: string, options?: CallOptions): Promise<void>;
  /**
   * Third-party copy: this storage fetches the far file into `path`, or sends `path` there, by
   * itself. Nobody has compared checksums; a failed copy may leave a part where it wrote. A failure
   * of the far end has `farSide`. Ending the call ends the copy, some seconds later.
   */
  thirdPartyCopy(path: string, far: FarEnd, options?: ThirdPartyOptions): Promise<void>;
}

/** A kind of storage: opens drivers, and keeps what they share (connections). */
export interface DriverFamily {
  open(endpoint: ProtocolEndpoint, options: DriverOptions): StorageDriver;
  close(): void;
}
