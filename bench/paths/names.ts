import { sql } from '../../src/db/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { BATCH, loadDataset, nameOf, namesOf, SCOPE } from './fixtures.js';

const DATASETS = 5000;
const named = (names: readonly string[]) => names.map((name) => ({ scope: SCOPE, name }));

/** Datasets with a file and a rule each. */
const ruledDatasets: Path = {
  name: 'datasets with a file and a rule, 1,000 a request',
  item: 'dataset',
  items: DATASETS,
  async before(lab, round) {
    await loadDataset(lab, { name: `ruled${round}`, count: DATASETS, rses: ['BENCH1'] });
  },
  async run(lab, round) {
    const files = await lab.root.lines<{ name: string }>(
      'GET',
      `/dids/${SCOPE}/ruled${round}/dids`,
    );
    const rules = [{ account: 'root', copies: 1, rse_expression: 'BENCH2' }];
    for (let from = 0; from < DATASETS; from += BATCH) {
      const dids = namesOf('ruled', round, from, BATCH).map((name, at) => ({
        scope: SCOPE,
        name,
        type: 'DATASET',
        dids: named([files[from + at]?.name ?? '']),
        rules,
      }));
      await lab.root.text('POST', '/dids', dids);
    }
  },
  async floor(lab, round) {
    for (let from = 0; from < DATASETS; from += BATCH) {
      await lab.bare(sql`
        WITH made AS (
          INSERT INTO dids (type, account_id, scope, name, is_open)
          SELECT 'D', 1, ${SCOPE}, name, true
            FROM unnest(${namesOf('bareruled', round, from, BATCH)}::text[]) AS name RETURNING id),
        filled AS (INSERT INTO contents (parent_id, child_id) SELECT id, -id FROM made),
        ruled AS (
          INSERT INTO rules (did_id, account_id, copies, state, did_grouping, rse_expression)
          SELECT id, 1, 1, 'R', 'D', 'BENCH2' FROM made RETURNING id, did_id),
        copied AS (INSERT INTO replicas (did_id, rse_id, bytes, state) SELECT -id, 2, 1, 'C' FROM made),
        wanted AS (INSERT INTO requests (did_id, rse_id, bytes, account_id) SELECT -id, 2, 1, 1 FROM made)
        INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
        SELECT -did_id, 2, id, 1, 'R' FROM ruled`);
    }
  },
};

const CHILDREN = 2000;
const PARENTS = 10;

async function nameChildren(lab: Lab, path: string, round: number): Promise<void> {
  await lab.bare(sql`
    INSERT INTO dids (type, account_id, scope, name, bytes)
    SELECT 'F', 1, ${SCOPE}, name, 1 FROM unnest(${namesOf(path, round, 0, CHILDREN + PARENTS)}::text[]) AS name`);
}

/** The first names are what the others were made from. */
const parentsOf = (round: number) => named(namesOf('made', round, 0, PARENTS));

async function derive(lab: Lab, round: number): Promise<void> {
  for (let from = 0; from < CHILDREN; from += BATCH) {
    const children = named(namesOf('made', round, PARENTS + from, BATCH));
    const parents = parentsOf(round);
    await lab.root.text(
      'POST',
      '/dids/derived',
      children.map((child) => ({ ...child, parents })),
    );
  }
}

const declared: Path = {
  name: 'declare lineage, 10 parents each, 1,000 a request',
  item: 'link',
  items: CHILDREN * PARENTS,
  async before(lab, round) {
    await nameChildren(lab, 'made', round);
  },
  run: derive,
  async floor(lab, round) {
    await lab.bare(sql`
      INSERT INTO derived (child_id, parent_id)
      SELECT -c - ${round * CHILDREN}::bigint, -1000000 - p
        FROM generate_series(1, ${CHILDREN}::int) c, generate_series(1, ${PARENTS}::int) p`);
  },
};

const descendants: Path = {
  name: 'descendants of a DID, 2,000',
  item: 'DID',
  items: CHILDREN,
  async before(lab, round) {
    await nameChildren(lab, 'made', 100 + round);
    await derive(lab, 100 + round);
  },
  async run(lab, round) {
    const of = nameOf('made', 100 + round, 0);
    const rows = await lab.root.lines('GET', `/dids/${SCOPE}/${of}/descendants`);
    if (rows.length !== CHILDREN) throw new Error(`${rows.length} rows instead of ${CHILDREN}`);
  },
  async floor(lab, round) {
    const of = nameOf('made', 100 + round, 0);
    await lab.bare(sql`
      SELECT count(d.name) FROM derived l JOIN dids d ON d.id = l.child_id
       WHERE l.parent_id = (SELECT id FROM dids WHERE scope = ${SCOPE} AND name = ${of})`);
  },
};

/** Names that come with rules, and what was made from what. */
export const names: readonly Path[] = [ruledDatasets, declared, descendants];
