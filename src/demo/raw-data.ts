import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import ADLER32 from 'adler-32';
import { Patterns } from '../vocabulary/index.js';

/** A raw file as the online filter has it: bytes and what is known of them. */
export interface RawFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly adler32: string;
  readonly run: number;
  readonly detector: string;
  readonly stream: string;
}

/** All files of one data-taking run: one dataset. */
export interface Run {
  readonly dataset: string;
  readonly number: number;
  readonly detector: string;
  readonly files: readonly RawFile[];
}

const DETECTOR = 'KM3NeT_00000267';
const STREAMS = ['L0', 'L1', 'SN'] as const;
const RAW_NAME = /^(KM3NeT_\d{8})_(\d{8})_([A-Za-z0-9]+)\b/;

export const adler32Of = (bytes: Buffer): string =>
  (ADLER32.buf(bytes) >>> 0).toString(16).padStart(8, '0');

/** Runs that the story makes up: deterministic bytes, so that two plays are the same. */
export function takeRuns(numbers: readonly number[], fileBytes: number): Run[] {
  return numbers.map((number) => {
    const files = STREAMS.map((stream) => {
      const name = `${DETECTOR}_${String(number).padStart(8, '0')}_${stream}.root`;
      const bytes = noise(name, fileBytes);
      return { name, bytes, adler32: adler32Of(bytes), run: number, detector: DETECTOR, stream };
    });
    return { dataset: datasetOf(DETECTOR, number), number, detector: DETECTOR, files };
  });
}

/** Every regular file of a directory, one dataset for each run that their names tell of. */
export async function readRuns(directory: string): Promise<Run[]> {
  const entries = (await readdir(directory, { withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  if (entries.length === 0) throw new RangeError(`${directory} holds no files`);
  const files = await Promise.all(entries.map((entry) => readRaw(join(directory, entry.name))));
  const runs = new Map<number, RawFile[]>();
  for (const file of files) runs.set(file.run, [...(runs.get(file.run) ?? []), file]);
  return [...runs].map(([number, members]) => {
    const detector = members[0]?.detector ?? DETECTOR;
    return { dataset: datasetOf(detector, number), number, detector, files: members };
  });
}

async function readRaw(path: string): Promise<RawFile> {
  const name = basename(path);
  if (!Patterns.didName.test(name)) {
    throw new RangeError(
      `${name} cannot be a DID name: letters, digits, . _ - and / only, at most 250`,
    );
  }
  const bytes = await readFile(path);
  const [, detector = DETECTOR, run = '0', stream = 'NONE'] = RAW_NAME.exec(name) ?? [];
  return { name, bytes, adler32: adler32Of(bytes), run: Number(run), detector, stream };
}

const datasetOf = (detector: string, run: number): string =>
  `${detector}_${String(run).padStart(8, '0')}`;

function noise(seed: string, bytes: number): Buffer {
  const block = Buffer.concat(
    Array.from({ length: 2048 }, (_, i) => createHash('sha256').update(`${seed}:${i}`).digest()),
  );
  return Buffer.concat(
    Array.from({ length: Math.ceil(bytes / block.length) }, () => block),
  ).subarray(0, bytes);
}
