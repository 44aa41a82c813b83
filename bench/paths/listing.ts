import { one, sql } from '../../src/db/index.js';
import { type Path } from '../path.js';
import { loadDataset, SCOPE } from './fixtures.js';

const FILES = 10_000;

/** Replicas of a dataset of 10,000 files, as the client asks for them. */
const listing = (copies: 1 | 3, targetCpu: number): Path => {
  const name = `listed_${copies}`;
  return {
    name: `list replicas, ${copies} ${copies === 1 ? 'copy' : 'copies'}`,
    item: 'file',
    items: FILES,
    repetitions: 5,
    targetCpu,
    prepare: (lab) =>
      loadDataset(lab, {
        name,
        count: FILES,
        rses: ['BENCH1', 'BENCH2', 'BENCH3'].slice(0, copies),
      }),
    async run({ root }) {
      const text = await root.text('POST', '/replicas/list', {
        dids: [{ scope: SCOPE, name }],
        schemes: ['memory'],
      });
      const rows = text.split('\n').length - 1;
      if (rows !== FILES) throw new Error(`${rows} rows instead of ${FILES}`);
    },
    async floor({ db }) {
      await db.read((tx) =>
        one(
          tx,
          sql`SELECT count(*) FROM (
                SELECT d.name, ARRAY(SELECT rse_id FROM replicas r WHERE r.did_id = d.id)
                  FROM contents c JOIN dids d ON d.id = c.child_id
                 WHERE c.parent_id = (SELECT id FROM dids WHERE scope = ${SCOPE} AND name = ${name})
                 ORDER BY d.name) x`,
        ),
      );
    },
  };
};

export const listings: readonly Path[] = [listing(1, 15), listing(3, 25)];
