import { Readable } from 'node:stream';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  digestOf,
  memoryStorage,
  StorageRegistry,
  type StorageRegistryOptions,
} from '../../src/protocols/index.js';
import {
  type InProcessTool,
  streamTool,
  type ToolLimits,
  type TransferJob,
  type TransferOutcome,
} from '../../src/transfertools/index.js';
import { type DiskStorage, memoryEndpoint } from '../protocols/endpoints.js';

export const CONTENT = 'events of run 14242, '.repeat(50_000);

/** Limits that a test does not have to wait for. */
export const limits: ToolLimits = { inFlightMax: 8, perStorageMax: 4, stallMs: 400 };

/** Drivers that may use loopback and do not wait between attempts. */
export function openRegistry(options: Partial<StorageRegistryOptions> = {}): StorageRegistry {
  return new StorageRegistry({ allowPrivate: true, attemptsMax: 1, ...options });
}

let requests = 0n;

/** A job for the file `raw/run` between two endpoints, true to the content unless told otherwise. */
export async function jobBetween(
  source: TransferJob['source']['endpoint'],
  destination: TransferJob['source']['endpoint'],
  change: Partial<TransferJob> = {},
  content: string | Buffer = CONTENT,
): Promise<TransferJob> {
  const requestId = (requests += 1n);
  const digest = await digestOf(Readable.from([Buffer.from(content)]));
  return {
    requestId,
    source: { endpoint: source, path: 'raw/run' },
    destination: {
      endpoint: destination,
      path: 'raw/run',
      temporaryPath: `raw/run.${requestId}.part`,
    },
    bytes: digest.bytes,
    adler32: digest.adler32,
    md5: null,
    overwrite: false,
    ...change,
  };
}

/** Puts the file on a disk storage. */
export async function putOnDisk(storage: DiskStorage, content: string | Buffer = CONTENT) {
  const file = join(storage.root, 'data/raw/run');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** Submits one job and waits for its end. */
export async function run(tool: InProcessTool, job: TransferJob): Promise<TransferOutcome> {
  await tool.submit([job]);
  await tool.settled([job.requestId]);
  const [outcome] = await tool.poll([job.requestId]);
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
}

/** Two memory storages, the first of which holds the file, and a tool between them. */
export function memorySetting(name: string, change: Partial<ToolLimits> = {}) {
  const source = memoryStorage(`${name}-source`);
  const destination = memoryStorage(`${name}-destination`);
  source.clear();
  destination.clear();
  source.put('/data/raw/run', CONTENT);
  const registry = openRegistry();
  const tool = streamTool(registry, { ...limits, ...change });
  const job = (jobChange: Partial<TransferJob> = {}) =>
    jobBetween(memoryEndpoint(`${name}-source`), memoryEndpoint(`${name}-destination`), jobChange);
  return { source, destination, tool, job };
}
