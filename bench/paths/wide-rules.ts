import { sql } from '../../src/db/index.js';
import { type Lab, type Workers } from '../lab.js';
import { type Path, peakMemory } from '../path.js';
import { BATCH, fileName, loadDataset, namesOf, SCOPE } from './fixtures.js';
import { addRule, until } from './rules.js';

const DATASETS = 10_000;
const FILES_EACH = 5;
const container = (round: number) => `wide_${round}`;
const ofContainer = (round: number) => sql`
  d.scope = ${SCOPE} AND d.name = ${container(round)}`;

/** A container of so many small datasets with an AVAILABLE copy of every file, by bare statements. */
async function loadContainer(lab: Lab, round: number): Promise<void> {
  const name = container(round);
  const files = `${name}_files`;
  await loadDataset(lab, { name: files, count: DATASETS * FILES_EACH, rses: ['BENCH1'] });
  await lab.root.text('POST', `/dids/${SCOPE}/${name}`, { type: 'CONTAINER' });
  await lab.bare(sql`
    WITH made AS (
      INSERT INTO dids (type, account_id, scope, name, is_open)
      SELECT 'D', 1, ${SCOPE}, ${name}::text || '_' || i, true FROM generate_series(0, ${DATASETS - 1}::int) i
      RETURNING id, name),
    within AS (
      INSERT INTO contents (parent_id, child_id)
      SELECT (SELECT id FROM dids d WHERE ${ofContainer(round)}), id FROM made),
    sized AS (
      INSERT INTO collection_deltas (did_id, length, bytes)
      SELECT id, ${FILES_EACH}::bigint, ${1000 * FILES_EACH}::bigint FROM made),
    numbered AS (
      SELECT c.child_id, row_number() OVER (ORDER BY c.child_id) - 1 AS at FROM contents c
       WHERE c.parent_id = (SELECT id FROM dids WHERE scope = ${SCOPE} AND name = ${files}))
    INSERT INTO contents (parent_id, child_id)
    SELECT made.id, n.child_id FROM numbered n
      JOIN made ON made.name = ${name}::text || '_' || n.at / ${FILES_EACH}::int`);
  await lab.meters.watcher.query('ANALYZE dids, contents');
}

/** A rule that keeps each of many small datasets whole, somewhere. */
export function ruleOverDatasets(): Path {
  let judge: Workers | undefined;
  const locks = DATASETS * FILES_EACH;
  return {
    name: `rule over a container of ${DATASETS.toLocaleString('en')} datasets`,
    item: 'lock',
    items: locks,
    repetitions: 1,
    targetCpu: 60,
    targetTransaction: 1000,
    async before(lab, round) {
      await loadContainer(lab, round);
      judge = await lab.daemons('judge-injector');
    },
    async run(lab, round) {
      await addRule(lab, container(round), { copies: 1, asynchronous: true });
      await until(
        lab,
        sql`SELECT coalesce(sum(r.locks_ok + r.locks_replicating + r.locks_stuck), 0) >= ${locks}::bigint
               AND bool_and(r.state <> 'I') AS done
              FROM rules r JOIN dids d ON d.id = r.did_id WHERE ${ofContainer(round)}`,
      );
    },
    figures: () => Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async (lab) => {
      await judge?.stop();
      await lab.bare(sql`DELETE FROM requests`);
    },
  };
}

const PARENTS = 1000;
const SHARED = 10;
const shared = (round: number) => `shared_${round}`;
const parents = (round: number) => namesOf('parent', round, 0, PARENTS);

/** Ten files come into a thousand datasets that have a rule each: a thousand locks a copy. */
export function fileInManyDatasets(): Path {
  let judge: Workers | undefined;
  const locks = PARENTS * SHARED;
  const rulesOf = (round: number) => sql`rules r JOIN dids d ON d.id = r.did_id
    WHERE d.scope = ${SCOPE} AND d.name = ANY (${parents(round)}::text[])`;
  return {
    name: `a file in ${PARENTS.toLocaleString('en')} datasets`,
    item: 'lock',
    items: locks,
    targetTransaction: 1000,
    async before(lab, round) {
      judge ??= await lab.daemons('judge-evaluator,judge-cleaner');
      await loadDataset(lab, { name: shared(round), count: SHARED, rses: ['BENCH1'] });
      const rules = [{ account: 'root', copies: 1, rse_expression: 'BENCH2' }];
      const dids = parents(round).map((name) => ({ scope: SCOPE, name, type: 'DATASET', rules }));
      await lab.root.text('POST', '/dids', dids);
    },
    async run(lab, round) {
      const dids = Array.from({ length: SHARED }, (_, at) => ({
        scope: SCOPE,
        name: fileName(shared(round), at + 1),
      }));
      const attachments = parents(round).map((name) => ({ scope: SCOPE, name, dids }));
      for (let from = 0; from < PARENTS; from += BATCH) {
        await lab.root.text('POST', '/dids/attachments', attachments.slice(from, from + BATCH));
      }
      await until(
        lab,
        sql`SELECT sum(r.locks_ok + r.locks_replicating + r.locks_stuck) >= ${locks}::bigint AS done
              FROM ${rulesOf(round)}`,
      );
      await lab.bare(sql`UPDATE rules SET expires_at = now() - interval '1 second'
                          WHERE id IN (SELECT r.id FROM ${rulesOf(round)})`);
      await until(lab, sql`SELECT NOT EXISTS (SELECT FROM ${rulesOf(round)}) AS done`);
    },
    figures: () => Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async () => judge?.stop(),
  };
}

/** Shapes of content that are wide instead of deep. */
export const wideRules: readonly Path[] = [ruleOverDatasets(), fileInManyDatasets()];
