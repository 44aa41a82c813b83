import { sql } from '../../src/db/index.js';
import { type Workers } from '../lab.js';
import { type Figure, type Path, peakMemory } from '../path.js';
import { loadWideContainer } from './containers.js';
import { SCOPE } from './fixtures.js';
import { until } from './rules.js';

const DATASETS = 10_000;
const ORDER = 'older';
/** As fast as may be asked for. */
const A_MINUTE = 100_000;

/** A subscription that is younger than ten thousand datasets: what a backfill would do, and does. */
export function backfilled(): Path {
  let workers: Workers | undefined;
  let planned = 0;
  return {
    name: `at scale: backfill, ${DATASETS.toLocaleString('en')} datasets`,
    item: 'rule',
    items: DATASETS,
    repetitions: 1,
    targetTransaction: 1000,
    async before(lab) {
      await loadWideContainer(lab, ORDER, { datasets: DATASETS, filesEach: 1 });
      await lab.root.text('POST', `/subscriptions/root/${ORDER}`, {
        options: {
          filter: { scope: [SCOPE], pattern: `${ORDER}_\\d+`, did_type: ['DATASET'] },
          replication_rules: [{ copies: 1, rse_expression: 'BENCH2' }],
          comments: 'as much as there is',
          lifetime: 1,
        },
      });
      const began = performance.now();
      await lab.root.text('POST', `/subscriptions/root/${ORDER}/backfill`, { dry_run: true });
      planned = (performance.now() - began) / 1000;
      workers = await lab.daemons('transmogrifier,judge-injector');
    },
    async run(lab) {
      await lab.root.text('POST', `/subscriptions/root/${ORDER}/backfill`, {
        per_minute: A_MINUTE,
      });
      await until(
        lab,
        sql`SELECT count(*) >= ${DATASETS}::bigint AND bool_and(r.state <> 'I') AS done FROM rules r
             WHERE r.subscription_uid = (SELECT uid FROM subscriptions WHERE name = ${ORDER})`,
      );
    },
    figures: (): Promise<readonly Figure[]> =>
      Promise.resolve([
        { name: 'its plan', value: planned, unit: 's' },
        ...(workers ? [peakMemory(workers.pid)] : []),
      ]),
    async after(lab) {
      await workers?.stop();
      await lab.bare(sql`DELETE FROM requests`);
    },
  };
}
