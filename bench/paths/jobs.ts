import { sql } from '../../src/db/index.js';
import { type Lab, type Workers } from '../lab.js';
import { type Figure, type Path, peakMemory } from '../path.js';
import { addRse, loadDataset, SCOPE } from './fixtures.js';
import { addRule, locksOf, until } from './rules.js';

const FILES = 100_000;
/** Of the request that orders a job. */
const ACCEPTED_MS = 1000;
/** Of all locks of a job over 10^5 files. */
const LOCKED_MS = 30_000;

/** What a job is ordered about, under a name of its own. */
interface Bulk {
  readonly name: string;
  /** Items an order. */
  readonly files: number;
  /** RSEs with a copy of each file under a rule. */
  readonly rses: (lab: Lab, round: number) => Promise<readonly string[]>;
  /** Where the rule allows them, too. */
  readonly elsewhere?: readonly string[];
  readonly job: (dataset: string, rses: readonly string[]) => object;
  /** `done`: all that the job does by itself stands in the tables. */
  readonly done: (dataset: string, rses: readonly string[]) => ReturnType<typeof sql>;
}

const filesOf = (dataset: string) => sql`
  SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
   WHERE d.scope = ${SCOPE} AND d.name = ${dataset}`;

/** An order, and how long until it is accepted and until every lock of it stands. */
function bulk({ name, files, rses, elsewhere = [], job, done }: Bulk): Path {
  let foreman: Workers | undefined;
  let held: readonly string[] = [];
  const [accepted, locked]: [number[], number[]] = [[], []];
  const dataset = (round: number) => `bulk_${name.slice(0, 5)}_${files}_${round}`;
  return {
    name: `${name}, ${files.toLocaleString('en')} files`,
    series: name,
    item: 'file',
    items: files,
    repetitions: 1,
    targetTransaction: 1000,
    async before(lab, round) {
      held = await rses(lab, round);
      await loadDataset(lab, { name: dataset(round), count: files, rses: held });
      const judge = await lab.daemons('judge-injector');
      const expression = [...held, ...elsewhere].join('|');
      const wish = { asynchronous: true, copies: held.length, rse_expression: expression };
      await addRule(lab, dataset(round), wish);
      await locksOf(lab, dataset(round), files * held.length);
      await judge.stop();
      foreman = await lab.daemons('foreman,judge-cleaner,judge-evaluator');
    },
    async run(lab, round) {
      const start = performance.now();
      await lab.root.text('POST', '/jobs', job(dataset(round), held));
      accepted.push(performance.now() - start);
      await until(lab, done(dataset(round), held));
      locked.push(performance.now() - start);
    },
    figures: () =>
      Promise.resolve([
        longest('accepted', accepted, ACCEPTED_MS),
        longest('all of it', locked, LOCKED_MS),
        ...(foreman ? [peakMemory(foreman.pid)] : []),
      ]),
    async after(lab) {
      await foreman?.stop();
      await lab.bare(sql`DELETE FROM requests`);
    },
  };
}

const longest = (name: string, times: readonly number[], atMost: number): Figure => ({
  name,
  value: Math.max(...times),
  unit: 'ms',
  atMost,
});

/** Every lock of a storage element has its successor elsewhere; what moves the bytes is not here. */
export const drained = (files: number): Path =>
  bulk({
    name: 'drain',
    files,
    async rses({ root }, round) {
      const rse = `OLD-SE-${files}-${round}`;
      await addRse(root, rse);
      return [rse];
    },
    elsewhere: ['BENCH2', 'BENCH3'],
    job: (_, [rse]) => ({ kind: 'drain', rse }),
    done: (dataset, [rse]) => sql`
      SELECT NOT EXISTS (
        SELECT FROM (${filesOf(dataset)}) f WHERE NOT EXISTS (
          SELECT FROM locks l JOIN rses r ON r.id = l.rse_id
           WHERE l.did_id = f.child_id AND r.name <> ${rse} OFFSET 0)) AS done`,
  });

/** Files with all their copies are let go, and the rule that held them. */
export const removed = (files: number): Path =>
  bulk({
    name: 'remove with all replicas',
    files,
    rses: () => Promise.resolve(['BENCH2', 'BENCH3']),
    job: (dataset) => ({
      kind: 'delete_replicas',
      content: { scope: SCOPE, name: dataset },
      remove_rules: true,
    }),
    done: (dataset) => sql`
      SELECT NOT EXISTS (
        SELECT FROM (${filesOf(dataset)}) f JOIN replicas r ON r.did_id = f.child_id
         WHERE r.tombstone IS NULL) AS done`,
  });

/** The job that brings the files which a query finds to another storage element. */
const filesTo = (dataset: string, from: string | undefined) => ({
  kind: 'replicate',
  query: { scope: SCOPE, filters: { name: `${dataset}_S*` }, type: 'file' },
  from,
  to: 'BENCH4',
});

/** What a query finds is gathered in a dataset, whose rule brings it from one storage element to another. */
export const replicated = (files: number): Path =>
  bulk({
    name: 'replicate what a query finds',
    files,
    rses: () => Promise.resolve(['BENCH1']),
    job: (dataset, [from]) => ({
      ...filesTo(dataset, from),
      into: { scope: SCOPE, name: `${dataset}_picked` },
    }),
    // Its rule counts its locks; to look for them all the time would be the work of the bench.
    done: (dataset) => sql`
      SELECT coalesce(sum(r.locks_ok + r.locks_replicating + r.locks_stuck), 0) >= ${files}::bigint AS done
        FROM rules r JOIN dids d ON d.id = r.did_id
       WHERE d.scope = ${SCOPE} AND d.name = ${`${dataset}_picked`}`,
  });

/** Every file that a query finds gets a rule of its own, which brings it to another storage element. */
export const ruled = (files: number): Path =>
  bulk({
    name: 'rules of their own for what a query finds',
    files,
    rses: () => Promise.resolve(['BENCH1']),
    job: (dataset, [from]) => filesTo(dataset, from),
    // Counted by the job with the locks; to look for them all the time would be the work of the bench.
    done: (dataset) => sql`
      SELECT CASE WHEN (SELECT j.done >= ${files}::bigint FROM jobs j ORDER BY j.id DESC LIMIT 1) THEN NOT EXISTS (
        SELECT FROM (${filesOf(dataset)}) f WHERE NOT EXISTS (
          SELECT FROM locks l JOIN rses r ON r.id = l.rse_id
           WHERE l.did_id = f.child_id AND r.name = 'BENCH4' OFFSET 0)) ELSE false END AS done`,
  });

/** Bulk work as EGI asks for it. */
export const jobs: readonly Path[] = [
  drained(FILES),
  removed(FILES),
  replicated(FILES),
  ruled(FILES),
];
