import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import {
  CONTAINER_SCOPE,
  containerName,
  datasetOf,
  DESCRIBED_OF_TEN,
  fileOf,
  FILES,
  LARGE_NAME,
  runOf,
  type Shape,
  STREAMS,
} from './shape.js';

/** The `n`th of datasets spread over the whole catalogue, others in each round. */
const spread = ({ datasets }: Shape, n: number, round: number): number =>
  (n * 7919 + round * 104_729) % datasets;

interface Named {
  readonly scope: string;
  readonly name: string;
}

/** One call after the other for what `pick` names. */
const lookUp =
  (what: string, items: number, pick: (shape: Shape, n: number, round: number) => Named) =>
  (shape: Shape): Path => ({
    name: `get DID, ${what}`,
    item: 'call',
    items,
    async run({ root }, round) {
      for (let n = 0; n < items; n++) {
        const { scope, name } = pick(shape, n, round);
        await root.text('GET', `/dids/${scope}/${name}`);
      }
    },
  });

const LISTED = 10;

/** Ten datasets out of the whole catalogue in one request, as a client asks for them. */
const listScattered = (shape: Shape): Path => ({
  name: `list replicas, ${LISTED} datasets far apart`,
  item: 'file',
  items: LISTED * FILES,
  async run({ root }, round) {
    const dids = Array.from({ length: LISTED }, (_, n) => {
      const { scope, name } = datasetOf(spread(shape, n, round));
      return { scope, name };
    });
    await listed(root, dids, LISTED * FILES);
  },
});

async function listed(root: Lab['root'], dids: readonly Named[], files: number): Promise<void> {
  const text = await root.text('POST', '/replicas/list', { dids, schemes: ['memory'] });
  const rows = text.split('\n').length - 1;
  if (rows !== files) throw new Error(`${rows} rows instead of ${files}`);
}

const SEARCHES = 10;

/** Searches in one scope, each for another run; each must find so many files. */
const search =
  (
    what: string,
    found: number,
    filterOf: (run: number) => Record<string, unknown>,
    more: Record<string, string> = {},
  ) =>
  (shape: Shape): Path => ({
    name: `search, ${what}`,
    item: 'search',
    items: SEARCHES,
    async run({ root }, round) {
      const [{ scope }] = STREAMS;
      for (let n = 0; n < SEARCHES; n++) {
        // The scope's datasets are every fifth; those that are described as well every tenth.
        const k = Math.floor(spread(shape, n, round) / 10) * 10;
        if (k % 10 >= DESCRIBED_OF_TEN) throw new RangeError(`dataset ${k} has no metadata`);
        const filters = JSON.stringify([filterOf(runOf(k))]);
        const query = new URLSearchParams({ type: 'file', filters, ...more });
        const names = await root.lines('GET', `/dids/${scope}/dids/search?${query.toString()}`);
        if (names.length !== found) throw new Error(`found ${names.length} instead of ${found}`);
      }
    },
  });

/** Reads that are asked of catalogues of any size, each of the same amount. */
export const scaledReads = (shape: Shape): readonly Path[] =>
  [
    listScattered,
    lookUp('files far apart', 500, (s, n, round) => fileOf(spread(s, n, round), n % FILES)),
    lookUp('datasets', 200, (s, n, round) => datasetOf(spread(s, n, round))),
    lookUp('a container of up to 1,000 datasets', 20, () => ({
      scope: CONTAINER_SCOPE,
      name: containerName(0),
    })),
    lookUp('a dataset of 10^5 files', 20, () => ({ scope: CONTAINER_SCOPE, name: LARGE_NAME })),
    search('1,000 files by a key of their own', FILES, (run) => ({ run })),
    search('1,000 files by their run number', FILES, (run) => ({ run_number: run })),
    search('100 files by a key and a range', 100, (run) => ({ run, 'seq.lt': 100 })),
    search('the first 100 of very many', 100, () => ({ site: 'Capo Passero' }), { limit: '100' }),
  ].map((path) => path(shape));
