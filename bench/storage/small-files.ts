import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import adler32 from 'adler-32';
import { fileName } from '../paths/fixtures.js';

const CONTENT = Buffer.alloc(64 * 1024, 'sluice');

/** What stands in each of the files: 64 KiB. */
export const SMALL = { bytes: CONTENT.length, adler32: adler32.buf(CONTENT) };

/** Writes the files of a dataset of loadDataset to a directory, for the user whose storage it is. */
export function fillStorage(directory: string, dataset: string, count: number): void {
  const { uid, gid } = statSync(dirname(directory));
  mkdirSync(directory, { recursive: true });
  chownSync(directory, uid, gid);
  for (let at = 1; at <= count; at++) {
    const file = join(directory, fileName(dataset, at));
    writeFileSync(file, CONTENT);
    chownSync(file, uid, gid);
  }
}
