import { sql } from '../../src/db/index.js';
import { type Lab } from '../lab.js';
import { loadDataset, SCOPE } from './fixtures.js';

/** Datasets of the container of very many files. */
export const DATASETS = 100;

/**
 * A container `name` of `files` files in 100 datasets, each with an AVAILABLE copy at BENCH1; those of a
 * third of the datasets have another one at BENCH2.
 */
export async function loadContainer(lab: Lab, name: string, files: number): Promise<void> {
  await lab.root.text('POST', `/dids/${SCOPE}/${name}`, { type: 'CONTAINER' });
  const dids: { scope: string; name: string }[] = [];
  for (let at = 0; at < DATASETS; at++) {
    const part = `${name}_${at}`;
    const rses = at % 3 === 0 ? ['BENCH1', 'BENCH2'] : ['BENCH1'];
    await loadDataset({ ...lab, loaded: true }, { name: part, count: files / DATASETS, rses });
    dids.push({ scope: SCOPE, name: part });
  }
  await lab.root.text('POST', `/dids/${SCOPE}/${name}/dids`, { dids });
  await analyze(lab);
}

/** A container `name` of `datasets` datasets of `filesEach` files with an AVAILABLE copy at BENCH1. */
export async function loadWideContainer(
  lab: Lab,
  name: string,
  { datasets, filesEach }: { readonly datasets: number; readonly filesEach: number },
): Promise<void> {
  const files = `${name}_files`;
  await loadDataset(lab, { name: files, count: datasets * filesEach, rses: ['BENCH1'] });
  await lab.root.text('POST', `/dids/${SCOPE}/${name}`, { type: 'CONTAINER' });
  await lab.bare(sql`
    WITH made AS (
      INSERT INTO dids (type, account_id, scope, name, is_open)
      SELECT 'D', 1, ${SCOPE}, ${name}::text || '_' || i, true FROM generate_series(0, ${datasets - 1}::int) i
      RETURNING id, name),
    within AS (
      INSERT INTO contents (parent_id, child_id)
      SELECT (SELECT id FROM dids d WHERE d.scope = ${SCOPE} AND d.name = ${name}), id FROM made),
    sized AS (
      INSERT INTO collection_deltas (did_id, length, bytes)
      SELECT id, ${filesEach}::bigint, ${1000 * filesEach}::bigint FROM made),
    numbered AS (
      SELECT c.child_id, row_number() OVER (ORDER BY c.child_id) - 1 AS at FROM contents c
       WHERE c.parent_id = (SELECT id FROM dids WHERE scope = ${SCOPE} AND name = ${files}))
    INSERT INTO contents (parent_id, child_id)
    SELECT made.id, n.child_id FROM numbered n
      JOIN made ON made.name = ${name}::text || '_' || n.at / ${filesEach}::int`);
  await analyze(lab);
}

async function analyze({ loaded, meters }: Lab): Promise<void> {
  if (loaded === true) return;
  await meters.watcher.query('ANALYZE dids, contents, replicas');
}
