import { only, sql } from '../../src/db/index.js';
import { reaper } from '../../src/daemons/reaper/reaper.js';
import { openStorages } from '../../src/storages.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { work } from '../paths/daemons.js';
import { until } from '../paths/rules.js';
import { CONTAINER_SCOPE, containerName, DATASETS, FILES, type Shape } from './shape.js';

/** Third copies of files all over the catalogue that nothing protects any more. */
export const reapScattered = (shape: Shape, due: number): Path => ({
  name: `reaper, ${due.toLocaleString('en')} due, far apart`,
  item: 'copy',
  items: due,
  repetitions: 2,
  inProcess: true,
  targetCpu: 110,
  before: (lab, round) =>
    lab.bare(sql`
      INSERT INTO replicas (did_id, rse_id, bytes, tombstone, state)
      SELECT d.id, r.id, d.bytes, '1970-01-01T00:00:00Z', 'A'
        FROM generate_series(0, ${due - 1}::int) n
       CROSS JOIN LATERAL (SELECT n * ${Math.floor(shape.files / due)}::bigint + ${round}::int AS i) at
        JOIN dids d ON d.id = ${shape.firstId}::bigint + at.i + at.i / ${FILES}::int + 1
        JOIN rses r ON r.name = 'BENCH4'
       ORDER BY d.id
      ON CONFLICT DO NOTHING`),
  run: (lab) => work(lab, reaper(lab.config, openStorages(lab.db, lab.config))),
  figures: async ({ db }) => [
    {
      name: 'left over',
      unit: 'copies',
      atMost: 0,
      value: (
        await db.read((tx) =>
          only<{ left: number }>(
            tx,
            sql`SELECT count(*)::int AS left FROM replicas r
                 WHERE tombstone <= now() AND rse_id = (SELECT id FROM rses WHERE name = 'BENCH4')`,
          ),
        )
      ).left,
    },
  ],
});

const CONTAINER = containerName(0);
const ofContainer = sql`r.did_id = (SELECT id FROM dids WHERE scope = ${CONTAINER_SCOPE} AND name = ${CONTAINER})`;

/** A rule over the first container, followed until all its locks stand; gives its id. */
async function ruleOverContainer({ root, ...lab }: Lab, locks: number): Promise<void> {
  await root.text('POST', '/rules', {
    dids: [{ scope: CONTAINER_SCOPE, name: CONTAINER }],
    account: 'root',
    copies: 2,
    rse_expression: 'BENCH2|BENCH3|BENCH4',
    grouping: 'DATASET',
    asynchronous: true,
  });
  await until(
    { root, ...lab },
    sql`SELECT coalesce(sum(locks_ok + locks_replicating + locks_stuck), 0) >= ${locks}::bigint AS done
          FROM rules r WHERE ${ofContainer}`,
  );
}

/** Locks of two copies of everything in the first container: 2·10^6 where it is full. */
const locksOf = ({ files }: Shape): number => 2 * Math.min(files, DATASETS * FILES);

/** A rule of two new copies over 10^6 files in 1,000 datasets (10^5 in the smallest catalogue). */
export function ruleOverAll(shape: Shape): Path {
  let judge: { stop(): Promise<void> } | undefined;
  const items = locksOf(shape);
  return {
    name: `rule over a container, ${items.toLocaleString('en')} locks`,
    series: 'rule over a container',
    item: 'lock',
    items,
    repetitions: 1,
    targetCpu: 40,
    targetTransaction: 1000,
    async before(lab) {
      judge = await lab.daemons('judge-injector');
    },
    run: (lab) => ruleOverContainer(lab, items),
    after: async () => judge?.stop(),
  };
}

/** That rule expires: its locks, copies on their way and requests are taken away. */
export function cleanAll(shape: Shape): Path {
  let judge: { stop(): Promise<void> } | undefined;
  const items = locksOf(shape);
  return {
    name: `cleaner of a rule over a container, ${items.toLocaleString('en')} locks`,
    series: 'cleaner of a rule over a container',
    item: 'lock',
    items,
    repetitions: 1,
    targetCpu: 30,
    targetTransaction: 500,
    async before(lab) {
      judge = await lab.daemons('judge-injector,judge-cleaner');
      if ((await ruleOf(lab)) === undefined) await ruleOverContainer(lab, items);
    },
    async run(lab) {
      await lab.root.text('PUT', `/rules/${(await ruleOf(lab)) ?? ''}`, {
        options: { lifetime: -1 },
      });
      await until(lab, sql`SELECT NOT EXISTS (SELECT FROM rules r WHERE ${ofContainer}) AS done`);
    },
    after: async () => judge?.stop(),
  };
}

async function ruleOf({ db }: Lab): Promise<string | undefined> {
  const { uid } = await db.read((tx) =>
    only<{ uid: string | null }>(
      tx,
      sql`SELECT (SELECT replace(uid::text, '-', '') FROM rules r WHERE ${ofContainer} LIMIT 1) AS uid`,
    ),
  );
  return uid ?? undefined;
}
