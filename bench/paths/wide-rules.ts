import { sql } from '../../src/db/index.js';
import { type Workers } from '../lab.js';
import { type Path, peakMemory } from '../path.js';
import { loadWideContainer } from './containers.js';
import { BATCH, fileName, loadDataset, namesOf, SCOPE } from './fixtures.js';
import { addRule, until } from './rules.js';

const DATASETS = 10_000;
const FILES_EACH = 5;
const LOCKS = DATASETS * FILES_EACH;

/** A rule that keeps each of many small datasets whole, somewhere; then it expires. */
export function ruleOverDatasets(): readonly Path[] {
  const container = 'wide';
  const ofContainer = sql`d.scope = ${SCOPE} AND d.name = ${container}`;
  const title = `at scale: a container of ${DATASETS.toLocaleString('en')} datasets`;
  let judge: Workers | undefined;
  let id = '';
  const once = {
    repetitions: 1,
    item: 'lock',
    items: LOCKS,
    figures: () => Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async () => judge?.stop(),
  };
  return [
    {
      ...once,
      ...{ name: `${title}: placed`, targetCpu: 60, targetTransaction: 1000 },
      async before(lab) {
        await loadWideContainer(lab, container, { datasets: DATASETS, filesEach: FILES_EACH });
        judge = await lab.daemons('judge-injector');
      },
      async run(lab) {
        const wish = { copies: 1, asynchronous: true };
        [id = ''] = JSON.parse(await addRule(lab, container, wish)) as string[];
        await until(
          lab,
          sql`SELECT bool_and(r.locks_ok + r.locks_replicating + r.locks_stuck >= ${LOCKS}::bigint
                       AND r.state <> 'I') AS done
                FROM rules r JOIN dids d ON d.id = r.did_id WHERE ${ofContainer}`,
        );
      },
    },
    {
      ...once,
      ...{ name: `${title}: expired`, targetCpu: 30, targetTransaction: 500 },
      async before(lab) {
        judge = await lab.daemons('judge-cleaner');
      },
      async run(lab) {
        await lab.root.text('PUT', `/rules/${id}`, { options: { lifetime: -1 } });
        await until(
          lab,
          sql`SELECT NOT EXISTS (SELECT FROM rules r JOIN dids d ON d.id = r.did_id WHERE ${ofContainer}) AS done`,
        );
      },
    },
  ];
}

const PARENTS = 1000;
const SHARED = 10;
const shared = (round: number) => `shared_${round}`;
const parents = (round: number) => namesOf('parent', round, 0, PARENTS);

/** Ten files come into a thousand datasets that have a rule each: a thousand locks a copy. Then all expire. */
export function fileInManyDatasets(): Path {
  let judge: Workers | undefined;
  const locks = PARENTS * SHARED;
  const rulesOf = (round: number) => sql`rules r JOIN dids d ON d.id = r.did_id
    WHERE d.scope = ${SCOPE} AND d.name = ANY (${parents(round)}::text[])`;
  let placed = 0;
  return {
    name: `at scale: a file in ${PARENTS.toLocaleString('en')} datasets`,
    item: 'lock',
    items: locks,
    repetitions: 1,
    targetTransaction: 1000,
    async before(lab, round) {
      judge ??= await lab.daemons('judge-evaluator,judge-cleaner');
      await loadDataset(lab, { name: shared(round), count: SHARED, rses: ['BENCH1'] });
      const rules = [{ account: 'root', copies: 1, rse_expression: 'BENCH2' }];
      const dids = parents(round).map((name) => ({ scope: SCOPE, name, type: 'DATASET', rules }));
      await lab.root.text('POST', '/dids', dids);
    },
    async run(lab, round) {
      const began = performance.now();
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
      placed = (performance.now() - began) / 1000;
      await lab.bare(sql`UPDATE rules SET expires_at = now() - interval '1 second'
                          WHERE id IN (SELECT r.id FROM ${rulesOf(round)})`);
      await until(lab, sql`SELECT NOT EXISTS (SELECT FROM ${rulesOf(round)}) AS done`);
    },
    figures: () =>
      Promise.resolve([
        { name: 'all locks there', value: placed, unit: 's' },
        ...(judge ? [peakMemory(judge.pid)] : []),
      ]),
    after: async () => judge?.stop(),
  };
}

/** Shapes of content that are wide instead of deep. */
export const wideRules: readonly Path[] = [...ruleOverDatasets(), fileInManyDatasets()];
