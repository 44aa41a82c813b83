import { type Database, rows, sql } from '../../db/index.js';
import {
  type ContainedFile,
  datasetsBelow,
  type Did,
  filePage,
  type ListedFile,
  listedFile,
} from '../../dids/index.js';
import { type DidId, DidType } from '../../vocabulary/index.js';

// As in listings.ts: keyset pages, each a short statement on a connection of its own.
const PAGE = 2000;

/** Every file at or below a DID, dataset by dataset; one that is in two datasets comes twice. */
export async function* filesOf(db: Database, did: Did): AsyncGenerator<ListedFile> {
  if (did.type === DidType.FILE) {
    const file = await db.read((tx) => listedFile(tx, did.id));
    if (file) yield file;
    return;
  }
  const datasets = await db.read((tx) =>
    rows<{ id: DidId }>(tx, sql`SELECT id FROM (${datasetsBelow(did.id)}) AS b(id) ORDER BY id`),
  );
  yield* filesOfDatasets(
    db,
    datasets.map(({ id }) => id),
  );
}

/** Datasets that share a page: as many as a statement is told of. */
const DATASETS = 1000;

/** The files of datasets, which come in the order of their ids, once each. */
export async function* filesOfDatasets(
  db: Database,
  datasetIds: readonly DidId[],
): AsyncGenerator<ContainedFile> {
  for (let from = 0; from < datasetIds.length; from += DATASETS) {
    const some = datasetIds.slice(from, from + DATASETS);
    let after: Pick<ContainedFile, 'datasetId' | 'id'> = { datasetId: some[0] ?? 0n, id: 0n };
    for (;;) {
      const page = await db.read((tx) => filePage(tx, some, after, PAGE));
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) break;
      after = last;
    }
  }
}

/** Every file at or below each of some DIDs, and which one; runs of datasets share their pages. */
export async function* filesOfMany(
  db: Database,
  dids: readonly Did[],
): AsyncGenerator<readonly [ListedFile, Did]> {
  for (let at = 0; at < dids.length;) {
    const first = dids[at] as Did;
    const run = new Map<DidId, Did>();
    for (; dids[at]?.type === DidType.DATASET; at++) run.set((dids[at] as Did).id, dids[at] as Did);
    if (run.size === 0) {
      for await (const file of filesOf(db, first)) yield [file, first];
      at++;
    }
    for await (const file of filesOfDatasets(db, [...run.keys()].toSorted(byNumber))) {
      yield [file, run.get(file.datasetId) as Did];
    }
  }
}

const byNumber = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
