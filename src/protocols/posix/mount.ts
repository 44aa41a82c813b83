import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath } from 'node:fs/promises';
import { StorageCause } from '../../vocabulary/index.js';
import { serverPath } from '../paths.js';
import { type ProtocolEndpoint } from '../protocol.js';
import { StorageError } from '../storage-error.js';
import { errnoOf, isMissing } from './failures.js';
import { Spot, using } from './spot.js';

/**
 * The directory of a protocol's prefix for one call. It has to be there: a file system that is not
 * mounted is a storage that cannot be reached, and says of no file that it is missing.
 */
export class Mount {
  private constructor(
    private readonly root: Spot,
    private readonly rse: string,
  ) {}

  /** Opens the prefix. Throws CONNECTION if it is not there, PATH_REFUSED if it is not allowed. */
  static async open(endpoint: ProtocolEndpoint, roots: readonly string[]): Promise<Mount> {
    const prefix = serverPath(endpoint, '');
    const root = await openPrefix(endpoint.rse, prefix);
    try {
      await refuseOutside(endpoint.rse, root, roots);
      await refuseUnmounted(endpoint, root);
      return new Mount(root, endpoint.rse);
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  /**
   * What stands at a path, through symbolic links that do not leave the prefix. Throws PATH_REFUSED
   * for others, and the system's error.
   */
  async at(segments: readonly string[]): Promise<Spot> {
    const spot = await Spot.open(this.root.to(segments.join('/')));
    if (spot.isBelow(this.root.real)) return spot;
    await spot.close();
    throw refused(this.rse, segments, 'leads out of the prefix');
  }

  /** A directory. Throws PATH_REFUSED as `at`, and the system's ENOENT or ENOTDIR. */
  async directory(segments: readonly string[]): Promise<Spot> {
    const spot = await this.at(segments);
    try {
      if ((await spot.handle.stat()).isDirectory()) return spot;
      throw Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR' });
    } catch (error) {
      await spot.close();
      throw error;
    }
  }

  /** A directory, made with those above it where they are not there. The prefix is never made. */
  async makeDirectory(segments: readonly string[]): Promise<Spot> {
    try {
      return await this.directory(segments);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || segments.length === 0) throw error;
    }
    await using(this.makeDirectory(segments.slice(0, -1)), async (above) => {
      await mkdir(above.to(segments.at(-1))).catch((error: unknown) => {
        if (errnoOf(error) !== 'EEXIST') throw error;
      });
      await syncDirectory(above);
    });
    return this.directory(segments);
  }

  close(): Promise<void> {
    return this.root.close();
  }
}

/** Not every file system lets directories be synced, and not every directory may be read. */
const UNSYNCED = ['EINVAL', 'EBADF', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR'];

/** Makes the names of a directory outlive a loss of power, where the file system can. */
export async function syncDirectory(directory: Spot): Promise<void> {
  try {
    const handle = await open(directory.to(), constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!UNSYNCED.includes(errnoOf(error))) throw error;
  }
}

export function refused(rse: string, segments: readonly string[], why: string): StorageError {
  const message = `${JSON.stringify(segments.join('/').slice(0, 300))} at ${rse} ${why}`;
  return new StorageError(StorageCause.PATH_REFUSED, message);
}

async function openPrefix(rse: string, prefix: string): Promise<Spot> {
  try {
    const root = await Spot.open(prefix);
    if ((await root.handle.stat()).isDirectory()) return root;
    await root.close();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const message = `${rse}: no directory ${prefix} here: is the file system mounted?`;
  throw new StorageError(StorageCause.CONNECTION, message);
}

/** Compares real places: a link from an allowed directory to another one allows nothing. */
async function refuseOutside(rse: string, root: Spot, roots: readonly string[]): Promise<void> {
  for (const allowed of roots) {
    const real = await realpath(allowed).catch(() => null);
    if (real !== null && root.isBelow(real)) return;
  }
  const message = `${rse}: ${root.real} is below no directory of storage.posixRoots`;
  throw new StorageError(StorageCause.PATH_REFUSED, message);
}

/**
 * A mount point that nothing is mounted at is an empty directory, in which every file would seem to
 * be missing. So the prefix lies within the mounted file system, or is said to be its mount point.
 */
async function refuseUnmounted(endpoint: ProtocolEndpoint, root: Spot): Promise<void> {
  const { rse, extendedAttributes } = endpoint;
  const said = extendedAttributes['mount_point'] === true;
  const [own, above] = await Promise.all([root.handle.stat(), lstat(`${root.real}/..`)]);
  const mounted = own.dev !== above.dev;
  if (mounted === said) return;
  const message = said
    ? `${rse}: nothing is mounted at ${root.real}`
    : `${rse}: ${root.real} is a mount point, and empty when nothing is mounted; take a directory ` +
      'within it as prefix, or set the extended attribute mount_point to true';
  throw new StorageError(said ? StorageCause.CONNECTION : StorageCause.PATH_REFUSED, message);
}
