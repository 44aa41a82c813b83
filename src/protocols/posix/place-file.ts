import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { StorageCause } from '../../vocabulary/index.js';
import { type OpenBytes } from '../protocol.js';
import { StorageError, storageErrorOf } from '../storage-error.js';
import { errnoOf, isMissing, posixError } from './failures.js';
import { syncDirectory } from './mount.js';
import { type Spot } from './spot.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Where a file stands: a directory that is held open, and a name in it. */
export interface Place {
  readonly directory: Spot;
  readonly name: string;
}

const wayTo = ({ directory, name }: Place): string => directory.to(name);

export interface Writing {
  readonly open: OpenBytes;
  readonly bytes: bigint;
  readonly overwrite: boolean;
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes exactly so many bytes under a name of their own beside the place, on the disk before they
 * are seen there. Nothing is left of what fails. Throws StorageError or the system's error.
 */
export async function writeFile(place: Place, writing: Writing): Promise<void> {
  const part = { ...place, name: `.sluice-${randomBytes(8).toString('hex')}` };
  if (!writing.overwrite) await refuseExisting(place);
  const handle = await open(wayTo(part), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
  try {
    await fill(handle, writing).finally(() => handle.close());
    writing.signal?.throwIfAborted();
    await moveTo(part, place, writing.overwrite);
  } catch (error) {
    await unlink(wayTo(part)).catch(() => undefined);
    throw error;
  }
}

/**
 * Moves a file in one step; without `overwrite` also if another comes to the same place at the same
 * moment. Throws EXISTS or the system's error.
 */
export async function moveTo(from: Place, to: Place, overwrite: boolean): Promise<void> {
  if (overwrite) await rename(wayTo(from), wayTo(to));
  else await moveBeside(from, to);
  await syncDirectory(to.directory);
}

/** Throws EXISTS if anything stands at the place. */
export async function refuseExisting(place: Place): Promise<void> {
  try {
    await lstat(wayTo(place));
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw exists(place);
}

async function moveBeside(from: Place, to: Place): Promise<void> {
  try {
    await link(wayTo(from), wayTo(to));
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw exists(to);
    if (!WITHOUT_LINKS.includes(errnoOf(error))) throw error;
    return moveOntoOwn(from, to);
  }
  await unlink(wayTo(from));
}

/** What file systems say that have no second names for a file (some mounts by FUSE, SMB). */
const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Takes the name by an empty file, which nobody else can have made, and replaces that. */
async function moveOntoOwn(from: Place, to: Place): Promise<void> {
  const own = await open(wayTo(to), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW).catch(
    (error: unknown) => {
      throw errnoOf(error) === 'EEXIST' ? exists(to) : error;
    },
  );
  await own.close();
  try {
    await rename(wayTo(from), wayTo(to));
  } catch (error) {
    await unlink(wayTo(to)).catch(() => undefined);
    throw error;
  }
}

const exists = ({ name }: Place): StorageError =>
  new StorageError(StorageCause.EXISTS, `${name} exists already`);

/** Writes the source's bytes and has them on the disk. The source's failures stay what they are. */
async function fill(handle: FileHandle, { open, bytes, what, signal }: Writing): Promise<void> {
  let written = 0n;
  const write = async (chunk: Buffer): Promise<void> => {
    if (written + BigInt(chunk.length) > bytes) throw otherSize('more than that', bytes);
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await handle.write(chunk, at).catch((error: unknown) => {
        throw posixError(error, what);
      });
      at += bytesWritten;
    }
    written += BigInt(chunk.length);
  };
  try {
    await pipeline(
      await open(),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) await write(chunk);
      },
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    throw storageErrorOf(error, what, signal);
  }
  if (written !== bytes) throw otherSize(`${written}`, bytes);
  await handle.sync();
}

function otherSize(found: string, bytes: bigint): StorageError {
  const message = `the source was to give ${bytes} bytes, and gave ${found}`;
  return new StorageError(StorageCause.SIZE, message);
}
