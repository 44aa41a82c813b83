import { ring, sql } from '../../src/db/index.js';
import { Channel } from '../../src/vocabulary/index.js';
import { type Lab } from '../lab.js';
import { expectCount } from './concurrency-checks.js';
import { type SharedWork } from './concurrency-daemons.js';
import { EXPRESSIONS, LOCKS_A_FILE } from './concurrency-judge.js';
import { loadWideContainer } from './containers.js';
import { fileName, loadDataset, SCOPE } from './fixtures.js';
import { addRule, until } from './rules.js';

const DATASETS = 1000;
const FILES_EACH = 5;
const WIDE_LOCKS = DATASETS * FILES_EACH * LOCKS_A_FILE;

/** Rules on the DIDs of these names, as `r`. */
const rulesOn = (names: readonly string[]) => sql`rules r JOIN dids d ON d.id = r.did_id
  WHERE d.scope = ${SCOPE} AND d.name = ANY (${[...names]}::text[])`;

const placed = (names: readonly string[], locks: number) => sql`
  SELECT coalesce(sum(r.locks_ok + r.locks_replicating + r.locks_stuck), 0) >= ${locks}::bigint
     AND bool_and(r.state <> 'I') AS done FROM ${rulesOn(names)}`;

const expectLocks = (lab: Lab, names: readonly string[], locks: number) =>
  expectCount(
    lab,
    'locks',
    locks,
    sql`SELECT count(*)::int AS count FROM locks
         WHERE rule_id IN (SELECT r.id FROM ${rulesOn(names)})`,
  );

/** Three rules over one container of a thousand datasets: they meet at the same copies. */
export const wideInjection: SharedWork = {
  role: 'judge-injector',
  about: 'one container',
  item: 'lock',
  items: WIDE_LOCKS,
  prepare: (lab, name) =>
    loadWideContainer(lab, name, { datasets: DATASETS, filesEach: FILES_EACH }),
  async begin(lab, name) {
    for (const spec of EXPRESSIONS) await addRule(lab, name, { ...spec, asynchronous: true });
  },
  done: (name) => placed([name], WIDE_LOCKS),
  verify: (lab, name) => expectLocks(lab, [name], WIDE_LOCKS),
};

const PARENTS = 500;
const SHARED = 10;
const CROWDED_LOCKS = PARENTS * SHARED;
const parents = (name: string): string[] =>
  Array.from({ length: PARENTS }, (_, at) => `${name}_${at}`);

/** Ten files, and five hundred datasets with a rule each that are to hold them. */
async function makeCrowd(lab: Lab, name: string): Promise<void> {
  await loadDataset(lab, { name, count: SHARED, rses: ['BENCH1', 'BENCH2'] });
  const rules = [{ account: 'root', copies: 1, rse_expression: 'BENCH2' }];
  await lab.root.text(
    'POST',
    '/dids',
    parents(name).map((parent) => ({ scope: SCOPE, name: parent, type: 'DATASET', rules })),
  );
}

async function attachToAll(lab: Lab, name: string): Promise<void> {
  const dids = Array.from({ length: SHARED }, (_, at) => ({
    scope: SCOPE,
    name: fileName(name, at + 1),
  }));
  const attachments = parents(name).map((parent) => ({ scope: SCOPE, name: parent, dids }));
  await lab.root.text('POST', '/dids/attachments', attachments);
}

/** The same ten files come into five hundred datasets that have a rule each. */
export const crowdedEvaluation: SharedWork = {
  role: 'judge-evaluator',
  about: 'files in 500 datasets',
  item: 'lock',
  items: CROWDED_LOCKS,
  prepare: makeCrowd,
  begin: attachToAll,
  done: (name) => placed(parents(name), CROWDED_LOCKS),
  verify: (lab, name) => expectLocks(lab, parents(name), CROWDED_LOCKS),
};

/** All of their rules expire at once; the last lock of a copy makes it due. */
export const crowdedCleaning: SharedWork = {
  role: 'judge-cleaner',
  about: 'files in 500 datasets',
  item: 'lock',
  items: CROWDED_LOCKS,
  async prepare(lab, name) {
    await makeCrowd(lab, name);
    const judge = await lab.daemons('judge-evaluator');
    await attachToAll(lab, name);
    await until(lab, placed(parents(name), CROWDED_LOCKS));
    await judge.stop();
  },
  async begin(lab, name) {
    await lab.bare(sql`UPDATE rules SET expires_at = now() - interval '1 second'
                        WHERE id IN (SELECT r.id FROM ${rulesOn(parents(name))})`);
    await lab.db.tx((tx) => ring(tx, Channel.RULES));
  },
  done: (name) => sql`SELECT NOT EXISTS (SELECT FROM ${rulesOn(parents(name))}) AS done`,
  verify: (lab, name) =>
    expectCount(
      lab,
      'copies that are due',
      SHARED,
      sql`SELECT count(*)::int AS count FROM replicas p
           WHERE p.tombstone IS NOT NULL AND p.lock_cnt = 0
             AND p.did_id IN (SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
               WHERE d.scope = ${SCOPE} AND d.name = ${name})`,
    ),
};
