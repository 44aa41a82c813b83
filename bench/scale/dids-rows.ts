import {
  bytesOf,
  CONTAINER_SCOPE,
  containerId,
  containerName,
  datasetId,
  datasetOf,
  DESCRIBED_OF_TEN,
  fileOf,
  FILES,
  LARGE_NAME,
  largeId,
  runOf,
  type Shape,
  TOP_NAME,
  topId,
} from './shape.js';

export const DIDS_COLUMNS =
  'dids (id, type, account_id, scope, name, bytes, adler32, is_open, run_number, datatype, created_at, updated_at)';
export const META_COLUMNS = 'did_meta (did_id, meta)';

/** Datasets registered a minute apart. */
const MINUTE_MS = 60_000;

/** Rows of `dids` in COPY's text format, a dataset with its files a chunk, the containers at last. */
export function* didRows(shape: Shape, accountId: number, now: Date): Generator<string> {
  for (let k = 0; k < shape.datasets; k++) {
    const at = new Date(now.getTime() - (shape.datasets - k) * MINUTE_MS).toISOString();
    const tail = `${runOf(k)}\t${datasetOf(k).datatype}\t${at}\t${at}\n`;
    const id = datasetId(shape, k);
    const { scope, name } = datasetOf(k);
    let chunk = `${id}\tD\t${accountId}\t${scope}\t${name}\t\\N\t\\N\tf\t${tail}`;
    for (let at = 0; at < FILES; at++) {
      const i = k * FILES + at;
      const file = fileOf(k, at).name;
      chunk += `${id + 1 + at}\tF\t${accountId}\t${scope}\t${file}\t${bytesOf(i)}\t${i}\t\\N\t${tail}`;
    }
    yield chunk;
  }
  yield* collectionRows(shape, accountId, now);
}

function* collectionRows(shape: Shape, accountId: number, now: Date): Generator<string> {
  const at = now.toISOString();
  const row = (id: number, type: string, name: string) =>
    `${id}\t${type}\t${accountId}\t${CONTAINER_SCOPE}\t${name}\t\\N\t\\N\tt\t\\N\t\\N\t${at}\t${at}\n`;
  for (let c = 0; c < shape.containers; c++) {
    yield row(containerId(shape, c), 'C', containerName(c));
  }
  yield row(largeId(shape), 'D', LARGE_NAME) + row(topId(shape), 'C', TOP_NAME);
}

/** Seven keys; `run` finds the thousand files of a run, `seq` one file of each. */
export const metaOf = (k: number, at: number): string =>
  `{"run":${runOf(k)},"seq":${at},"site":"${k % 2 === 0 ? 'Capo Passero' : 'Toulon'}",` +
  `"ParticleType":"${at % 3 === 0 ? 'gamma' : 'proton'}","NumberShowers":${(k * FILES + at) % 40_000},` +
  `"zenith":${20 + (at % 40)},"calibration":"v8.${k % 10}"}`;

/** Rows of `did_meta`: the files of three datasets in ten. */
export function* metaRows(shape: Shape): Generator<string> {
  for (let k = 0; k < shape.datasets; k++) {
    if (k % 10 >= DESCRIBED_OF_TEN) continue;
    let chunk = '';
    for (let at = 0; at < FILES; at++) {
      chunk += `${datasetId(shape, k) + 1 + at}\t${metaOf(k, at)}\n`;
    }
    yield chunk;
  }
}
