import { only, sql } from '../../src/db/index.js';
import { type Lab, type Workers } from '../lab.js';
import { type Path, peakMemory } from '../path.js';
import { BATCH, loadDataset, SCOPE } from './fixtures.js';

const POLL_MS = 20;

const PATIENCE_MS = 600_000;

/**
 * Asks the table until the answer is yes: the daemons work in their own process. Throws when they have
 * not come to it within `patienceMs`.
 */
export async function until(
  lab: Lab,
  statement: ReturnType<typeof sql>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    if (performance.now() > end) throw new Error(`not done after ${patienceMs / 1000} s`);
    const { done } = await lab.db.read((tx) => only<{ done: boolean }>(tx, statement));
    if (done) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export const locksOf = (lab: Lab, dataset: string, locks: number) =>
  until(
    lab,
    sql`SELECT coalesce(sum(r.locks_ok + r.locks_replicating + r.locks_stuck), 0) >= ${locks}::bigint AS done
          FROM rules r JOIN dids d ON d.id = r.did_id WHERE d.scope = ${SCOPE} AND d.name = ${dataset}`,
  );

export const addRule = (lab: Lab, dataset: string, spec: Record<string, unknown>) =>
  lab.root.text('POST', '/rules', {
    dids: [{ scope: SCOPE, name: dataset }],
    account: 'root',
    copies: 2,
    rse_expression: 'bench=true\\BENCH1',
    ...spec,
  });

/** Locks, replicas and requests in one bare INSERT … SELECT, at RSEs that no rule has touched. */
const ruleFloor = (lab: Lab, dataset: string, round: number) =>
  lab.bare(sql`
    WITH placed AS MATERIALIZED (
      SELECT c.child_id AS did_id, r.rse_id + ${10 * (round + 1)}::int AS rse_id
        FROM dids d JOIN contents c ON c.parent_id = d.id, unnest(ARRAY[12, 13]) r(rse_id)
       WHERE d.scope = ${SCOPE} AND d.name = ${dataset}),
    copies AS (INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt)
      SELECT did_id, rse_id, 1000, 'C', 1 FROM placed),
    held AS (INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
      SELECT did_id, rse_id, ${-1n - BigInt(round)}::bigint, 1000, 'R' FROM placed)
    INSERT INTO requests (did_id, rse_id, bytes, account_id, state)
    SELECT did_id, rse_id, 1000, 1, 'W' FROM placed`);

/** A rule over a new dataset of `files`, with the injector beside the door. */
export function ruleOver(files: number, grouping: 'DATASET' | 'NONE', repetitions: number): Path {
  const dataset = (round: number) => `rule_${grouping}_${files}_${round}`;
  let judge: Workers | undefined;
  return {
    name: `rule, ${files.toLocaleString('en')} files, 2 copies, ${grouping}`,
    item: 'lock',
    items: 2 * files,
    repetitions,
    targetCpu: grouping === 'NONE' ? 60 : 40,
    targetRatio: 1.5,
    targetTransaction: 1000,
    async before(lab, round) {
      judge ??= await lab.daemons('judge-injector');
      await loadDataset(lab, { name: dataset(round), count: files, rses: ['BENCH1'] });
    },
    async run(lab, round) {
      await addRule(lab, dataset(round), { grouping, asynchronous: true });
      await locksOf(lab, dataset(round), 2 * files);
    },
    floor: (lab, round) => ruleFloor(lab, dataset(round), round),
    figures: () => Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async () => judge?.stop(),
  };
}

const ATTACHED = 5000;

/** Three rules on a dataset; files are attached, the evaluator makes their locks. */
export function evaluator(): Path {
  let judge: Workers | undefined;
  const dataset = (round: number) => `evaluated_${round}`;
  const source = (round: number) => `arriving_${round}`;
  return {
    name: 'evaluator, 5,000 files under 3 locks each',
    item: 'lock',
    items: 3 * ATTACHED,
    targetTransaction: 1000,
    async before(lab, round) {
      judge ??= await lab.daemons('judge-evaluator');
      await loadDataset(lab, { name: source(round), count: ATTACHED, rses: ['BENCH1'] });
      await lab.root.text('POST', `/dids/${SCOPE}/${dataset(round)}`, { type: 'DATASET' });
      for (const rse of ['BENCH1', 'BENCH2', 'BENCH3']) {
        await addRule(lab, dataset(round), { copies: 1, rse_expression: rse });
      }
    },
    async run(lab, round) {
      const files = await lab.root.lines<{ name: string }>(
        'GET',
        `/dids/${SCOPE}/${source(round)}/dids`,
      );
      for (let from = 0; from < files.length; from += BATCH) {
        const dids = files.slice(from, from + BATCH).map(({ name }) => ({ scope: SCOPE, name }));
        await lab.root.text('POST', `/dids/${SCOPE}/${dataset(round)}/dids`, { dids });
      }
      await locksOf(lab, dataset(round), 3 * ATTACHED);
    },
    figures: () => Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async () => judge?.stop(),
  };
}

/** A rule that has expired is taken away with its locks. */
export function cleaner(files: number): Path {
  const dataset = (round: number) => `cleaned_${files}_${round}`;
  let judge: Workers | undefined;
  let id = '';
  return {
    name: `cleaner, ${(2 * files).toLocaleString('en')} locks`,
    item: 'lock',
    items: 2 * files,
    targetCpu: 20,
    targetTransaction: 500,
    async before(lab, round) {
      judge ??= await lab.daemons('judge-injector,judge-cleaner');
      await loadDataset(lab, { name: dataset(round), count: files, rses: ['BENCH1', 'BENCH2'] });
      const spec = { asynchronous: true, rse_expression: 'BENCH1|BENCH2' };
      [id = ''] = JSON.parse(await addRule(lab, dataset(round), spec)) as string[];
      await locksOf(lab, dataset(round), 2 * files);
    },
    async run(lab, round) {
      await lab.root.text('PUT', `/rules/${id}`, { options: { lifetime: -1 } });
      await until(
        lab,
        sql`SELECT NOT EXISTS (SELECT FROM rules r JOIN dids d ON d.id = r.did_id
                                WHERE d.scope = ${SCOPE} AND d.name = ${dataset(round)}) AS done`,
      );
    },
    figures: () => Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async () => judge?.stop(),
  };
}

/** Rules made, followed and taken away by the judge's daemons. */
export const rules: readonly Path[] = [
  ruleOver(10_000, 'DATASET', 3),
  ruleOver(10_000, 'NONE', 3),
  evaluator(),
  cleaner(50_000),
];
