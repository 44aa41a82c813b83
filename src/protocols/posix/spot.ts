import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';

const LINUX = process.platform === 'linux';
/** Names a place without opening it: no device wakes up, no right to read is needed (open(2)). */
const NAME_ONLY = LINUX ? 0o10000000 : constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * A place in the file system, held open. What is reached through it is what stood there when it was
 * opened, whatever is renamed or linked meanwhile: Linux has a way through the descriptor. Elsewhere
 * the real path has to do, and somebody who swaps a directory at the right moment is not noticed.
 */
export class Spot {
  private constructor(
    readonly handle: FileHandle,
    /** Where it really is, symbolic links resolved. */
    readonly real: string,
  ) {}

  /** Opens what stands at a path, through symbolic links. Throws the system's error. */
  static async open(path: string): Promise<Spot> {
    const handle = await open(path, NAME_ONLY);
    try {
      const real = await (LINUX ? readlink(`/proc/self/fd/${handle.fd}`) : realpath(path));
      return new Spot(handle, real);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The way to a name in this directory, or to the place itself. */
  to(name = ''): string {
    const own = LINUX ? `/proc/self/fd/${this.handle.fd}` : this.real;
    return name === '' ? own : `${own}/${name}`;
  }

  /** Whether the place is this other one or lies below it. */
  isBelow(other: string): boolean {
    return this.real === other || this.real.startsWith(other === '/' ? '/' : `${other}/`);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** Uses a place and lets go of it. */
export async function using<T>(
  opening: Promise<Spot>,
  use: (spot: Spot) => Promise<T>,
): Promise<T> {
  const spot = await opening;
  try {
    return await use(spot);
  } finally {
    await spot.close();
  }
}
