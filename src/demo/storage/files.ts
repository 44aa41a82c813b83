import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { digestOf } from '../../protocols/index.js';

/** Uploads under way: hidden files that no listing shows and no request can name. */
const PART = /^\.sluice-part-/;

/** The directory of one storage. Paths are absolute URL paths, decoded and already checked. */
export class Files {
  constructor(readonly root: string) {}

  /**
   * The decoded path of a request, or null for one that is refused: relative segments, control
   * characters, hidden parts.
   */
  pathOf(pathname: string): string | null {
    let decoded: string;
    try {
      decoded = decodeURIComponent(pathname);
    } catch {
      return null;
    }

    if (/[\u0000-\u001f\u007f]/.test(decoded)) return null;
    const segments = decoded.split('/').filter((segment) => segment !== '');
    if (segments.some((one) => one === '.' || one === '..' || PART.test(one))) return null;
    return `/${segments.join('/')}`;
  }

  async stat(path: string): Promise<Stats | null> {
    return stat(this.#at(path)).catch(() => null);
  }

  /** Bytes `start` to `end`, both included. */
  open(path: string, start: number, end: number): Readable {
    return createReadStream(this.#at(path), { start, end, highWaterMark: 256 * 1024 });
  }

  async adler32(path: string): Promise<string> {
    return (await digestOf(createReadStream(this.#at(path)))).adler32;
  }

  /** Writes a file under a hidden name and renames it when it is complete. */
  async write(path: string, source: Readable, change: Transform[] = []): Promise<void> {
    const target = this.#at(path);
    const part = join(dirname(target), `.sluice-part-${randomBytes(8).toString('hex')}`);
    await mkdir(dirname(target), { recursive: true });
    try {
      await pipeline([source, ...change, createWriteStream(part)]);
      await rename(part, target);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(this.#at(path), { recursive: true });
  }

  async move(path: string, target: string): Promise<void> {
    await mkdir(dirname(this.#at(target)), { recursive: true });
    await rename(this.#at(path), this.#at(target));
  }

  /** Removes a file or an empty directory. */
  async remove(path: string, directory: boolean): Promise<void> {
    if (directory && (await this.children(path)).length > 0) throw new Error('not empty');
    await rm(this.#at(path), { recursive: directory });
  }

  /** The names directly in a directory. */
  async children(path: string): Promise<string[]> {
    return (await readdir(this.#at(path))).filter((name) => !PART.test(name)).sort();
  }

  /** The paths of all files, relative to the root, sorted. */
  async list(): Promise<string[]> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !PART.test(basename(entry.name)))
      .map((entry) => join(entry.parentPath, entry.name).slice(this.root.length + 1))
      .sort();
  }

  #at(path: string): string {
    return join(this.root, path);
  }
}
