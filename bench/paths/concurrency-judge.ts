import { ring, sql } from '../../src/db/index.js';
import { Channel } from '../../src/vocabulary/index.js';
import { type Lab } from '../lab.js';
import { expectCount } from './concurrency-checks.js';
import { type SharedWork } from './concurrency-daemons.js';
import { BATCH, loadDataset, SCOPE } from './fixtures.js';
import { addRule, until } from './rules.js';

const DATASETS = 4;
const FILES = 2500;
/** Rules on every dataset that meet at the same copies: four locks a file. */
export const EXPRESSIONS = [
  { rse_expression: 'BENCH2', copies: 1 },
  { rse_expression: 'BENCH3', copies: 1 },
  { rse_expression: 'BENCH2|BENCH3', copies: 2 },
];
export const LOCKS_A_FILE = 4;

const datasets = (name: string): string[] =>
  Array.from({ length: DATASETS }, (_, at) => `${name}_${at}`);

/** Rules on the datasets of this name, as `r`. */
const rulesOf = (name: string) => sql`rules r JOIN dids d ON d.id = r.did_id
  WHERE d.scope = ${SCOPE} AND d.name = ANY(${datasets(name)}::text[])`;

const addRules = async (lab: Lab, name: string) => {
  for (const dataset of datasets(name)) {
    for (const spec of EXPRESSIONS) await addRule(lab, dataset, { ...spec, asynchronous: true });
  }
};

const placed = (name: string, locks: number) => sql`
  SELECT coalesce(sum(r.locks_ok + r.locks_replicating + r.locks_stuck), 0) >= ${locks}::bigint
     AND bool_and(r.state <> 'I') AS done FROM ${rulesOf(name)}`;

const expectLocks = (lab: Lab, name: string, locks: number) =>
  expectCount(
    lab,
    'locks',
    locks,
    sql`SELECT count(*)::int AS count FROM locks WHERE rule_id IN (SELECT r.id FROM ${rulesOf(name)})`,
  );

const expectRequests = (lab: Lab, name: string, requests: number) =>
  expectCount(
    lab,
    'requests',
    requests,
    sql`SELECT count(*)::int AS count FROM requests WHERE did_id IN (
          SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
           WHERE d.scope = ${SCOPE} AND d.name = ANY(${datasets(name)}::text[]))`,
  );

/** Twelve rules over four datasets, three of them on the same files. */
export const injection: SharedWork = {
  role: 'judge-injector',
  item: 'lock',
  items: DATASETS * FILES * LOCKS_A_FILE,
  async prepare(lab, name) {
    for (const dataset of datasets(name)) {
      await loadDataset(lab, { name: dataset, count: FILES, rses: ['BENCH1'] });
    }
  },
  begin: addRules,
  done: (name) => placed(name, injection.items),
  async verify(lab, name) {
    await expectLocks(lab, name, injection.items);
    await expectRequests(lab, name, DATASETS * FILES * 2);
  },
};

/** The same files are attached to four datasets under three rules each: sixteen locks a file. */
export const evaluation: SharedWork = {
  role: 'judge-evaluator',
  item: 'lock',
  items: DATASETS * FILES * LOCKS_A_FILE,
  async prepare(lab, name) {
    await loadDataset(lab, { name: `${name}_files`, count: FILES, rses: ['BENCH1'] });
    for (const dataset of datasets(name)) {
      await lab.root.text('POST', `/dids/${SCOPE}/${dataset}`, { type: 'DATASET' });
      for (const spec of EXPRESSIONS) await addRule(lab, dataset, spec);
    }
  },
  async begin(lab, name) {
    const path = `/dids/${SCOPE}/${name}_files/dids`;
    const files = await lab.root.lines<{ name: string }>('GET', path);
    for (let from = 0; from < files.length; from += BATCH) {
      const dids = files.slice(from, from + BATCH).map((file) => ({ scope: SCOPE, ...file }));
      await Promise.all(
        datasets(name).map((dataset) =>
          lab.root.text('POST', `/dids/${SCOPE}/${dataset}/dids`, {
            dids: dids.map(({ scope, name: file }) => ({ scope, name: file })),
          }),
        ),
      );
    }
  },
  done: (name) => placed(name, evaluation.items),
  async verify(lab, name) {
    await expectLocks(lab, name, evaluation.items);
    await expectRequests(lab, name, FILES * 2);
  },
};

/** Twelve rules over four datasets expire at once. */
export const cleaning: SharedWork = {
  role: 'judge-cleaner',
  item: 'lock',
  items: DATASETS * FILES * LOCKS_A_FILE,
  async prepare(lab, name) {
    for (const dataset of datasets(name)) {
      await loadDataset(lab, {
        name: dataset,
        count: FILES,
        rses: ['BENCH1', 'BENCH2', 'BENCH3'],
      });
    }
    const judge = await lab.daemons('judge-injector');
    await addRules(lab, name);
    await until(lab, placed(name, cleaning.items));
    await judge.stop();
  },
  async begin(lab, name) {
    await lab.bare(sql`UPDATE rules SET expires_at = now() - interval '1 second'
                        WHERE id IN (SELECT r.id FROM ${rulesOf(name)})`);
    await lab.db.tx((tx) => ring(tx, Channel.RULES));
  },
  done: (name) => sql`SELECT NOT EXISTS (SELECT FROM ${rulesOf(name)}) AS done`,
  async verify(lab, name) {
    await expectCount(
      lab,
      'copies that are due',
      DATASETS * FILES * 2,
      sql`SELECT count(*)::int AS count FROM replicas p WHERE p.tombstone IS NOT NULL AND p.lock_cnt = 0
           AND p.did_id IN (SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
             WHERE d.scope = ${SCOPE} AND d.name = ANY(${datasets(name)}::text[]))`,
    );
  },
};
