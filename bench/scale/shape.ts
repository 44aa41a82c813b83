/** Where everything in a catalogue of so many files stands: all ids follow from the first one. */
export interface Shape {
  /** Files in all: a multiple of a dataset. */
  readonly files: number;
  /** Datasets of `FILES` files, in the order of their ids. */
  readonly datasets: number;
  /** Containers of up to `DATASETS` datasets each. */
  readonly containers: number;
  /** The id of the first dataset: a dataset and its files stand in a row, as they are registered. */
  readonly firstId: number;
}

/** Files in a dataset. */
export const FILES = 1000;
/** Datasets in a container. */
export const DATASETS = 1000;
/** Files of the one large dataset, which every catalogue has beside the others. */
export const LARGE_FILES = 100_000;
/** One dataset in so many is still on its way to its second storage element: its requests are queued. */
export const ARRIVING_EVERY = 100;
/** One dataset in so many has left the history of its transfers. */
export const REMEMBERED_EVERY = 10;
/** Of ten datasets the files of so many have metadata of their own. */
export const DESCRIBED_OF_TEN = 3;

export const LAKE_RSES: readonly string[] = Array.from(
  { length: 20 },
  (_, at) => `LAKE${String(at + 1).padStart(2, '0')}`,
);

/** What is taken, by which detector, how far processed. */
export const STREAMS = [
  { scope: 'arca.raw', detector: 133, stage: 'raw', datatype: 'RAW' },
  { scope: 'orca.raw', detector: 148, stage: 'raw', datatype: 'RAW' },
  { scope: 'arca.l1', detector: 133, stage: 'dl1', datatype: 'DL1' },
  { scope: 'orca.l1', detector: 148, stage: 'dl1', datatype: 'DL1' },
  { scope: 'arca.sim', detector: 133, stage: 'sim', datatype: 'SIM' },
] as const;

export const shapeOf = (files: number, firstId: number): Shape => ({
  files,
  firstId,
  datasets: files / FILES,
  containers: Math.ceil(files / FILES / DATASETS),
});

/** The id of dataset `k`; its files follow it directly. */
export const datasetId = ({ firstId }: Shape, k: number): number => firstId + k * (FILES + 1);

/** The id of container `c`, those after the last are the large dataset and the container of all. */
export const containerId = (shape: Shape, c: number): number =>
  datasetId(shape, shape.datasets) + c;
export const largeId = (shape: Shape): number => containerId(shape, shape.containers);
export const topId = (shape: Shape): number => largeId(shape) + 1;

const streamOf = (k: number) => STREAMS[k % STREAMS.length] ?? STREAMS[0];
export const runOf = (k: number): number => 10_000 + Math.floor(k / STREAMS.length);

/** What dataset `k` is called; its files begin with `run`. */
export function datasetOf(k: number) {
  const stream = streamOf(k);
  const digits = (n: number) => String(n).padStart(8, '0');
  const run = `KM3NeT_${digits(stream.detector)}_${digits(runOf(k))}`;
  return { ...stream, run, name: `${run}.${stream.stage}` };
}

/** The name of the file `at` (0 … 999) of dataset `k`: 53 characters. */
export function fileOf(k: number, at: number): { scope: string; name: string } {
  const { scope, run, stage } = datasetOf(k);
  return { scope, name: `${run}_S${String(at).padStart(6, '0')}.${stage}.jpp-v18.6.0.root` };
}

export const containerName = (c: number): string => `campaign_${String(c).padStart(4, '0')}`;
export const CONTAINER_SCOPE = STREAMS[0].scope;
export const LARGE_NAME = 'all_of_detector_133';
export const TOP_NAME = 'everything';

/** Bytes of the file `i`: 100 MB to 2 GB. `fileBytes` in SQL must say the same. */
export const bytesOf = (i: number): number => 100_000_000 + ((i * 7919) % 1_900_000_000);
