import { closeSync, openSync, writeSync } from 'node:fs';
import adler32 from 'adler-32';

const MIB = 1024 ** 2;
const BLOCK = Buffer.alloc(MIB, 'a file that is larger than memory; ');

/** Writes a file of so many bytes (whole MiB) and gives its adler32, 8 hex digits. */
export function fillFile(file: string, bytes: number): string {
  const descriptor = openSync(file, 'w', 0o644);
  let sum = 1;
  for (let written = 0; written < bytes; written += MIB) {
    writeSync(descriptor, BLOCK);
    sum = adler32.buf(BLOCK, sum);
  }
  closeSync(descriptor);
  return (sum >>> 0).toString(16).padStart(8, '0');
}
