import { lit, type Sql, sql } from '../../src/db/index.js';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { reaper } from '../../src/daemons/reaper/reaper.js';
import { type Reconciler } from '../../src/daemons/runtime/index.js';
import { createLog } from '../../src/log/index.js';
import { openStorages } from '../../src/storages.js';
import { ReplicaState, RequestState } from '../../src/vocabulary/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { claims } from './claims.js';
import { addRule, locksOf } from './rules.js';
import { loadDataset, SCOPE } from './fixtures.js';

const BATCH = 1000;

/** Shifts of one daemon, in this process, until nothing is due any more. */
export async function work(lab: Lab, daemon: Reconciler): Promise<void> {
  for (let more = true; more;) {
    const shift = {
      db: lab.db,
      signal: new AbortController().signal,
      log: createLog('error'),
      now: new Date(),
      batch: BATCH,
      worker: 'bench',
    };
    const tally = await daemon.reconcile(shift);
    more = tally.more || tally.seen > 0;
  }
}

const ARRIVALS = 20_000;

/** Copies that have arrived become AVAILABLE, their locks OK, their rule OK. */
export const finisher: Path = {
  name: 'finisher, 20,000 completions',
  item: 'completion',
  items: ARRIVALS,
  inProcess: true,
  targetCpu: 65,
  targetTransaction: 300,
  async before(lab, round) {
    const dataset = `finished_${round}`;
    await lab.bare(sql`DELETE FROM requests`);
    await loadDataset(lab, { name: dataset, count: ARRIVALS, rses: ['BENCH1'] });
    const judge = await lab.daemons('judge-injector');
    await addRule(lab, dataset, { copies: 1, asynchronous: true, rse_expression: 'BENCH2' });
    await locksOf(lab, dataset, ARRIVALS);
    await judge.stop();
    await lab.bare(sql`UPDATE requests SET state = ${lit(RequestState.DONE)}, bytes_moved = bytes,
                              source_rse_id = 1, submitted_at = now(), finished_at = now()
                     WHERE did_id IN (SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
                                       WHERE d.scope = ${SCOPE} AND d.name = ${dataset})`);
  },
  run: (lab) => work(lab, conveyorFinisher(lab.config)),
};

/** Copies due at BENCH4, of which half may be the last ones that must stay. */
interface Heap {
  readonly due: number;
  readonly catalogue: number;
  readonly refused?: boolean;
}

/** Copies that nothing protects are claimed, verified, deleted at a storage in memory, forgotten. */
const reaped = ({ due, catalogue, refused = false }: Heap): Path => ({
  name: `reaper, ${due.toLocaleString('en')} due of ${catalogue.toLocaleString('en')}${refused ? ', half refused' : ''}`,
  item: 'copy',
  items: due,
  repetitions: 1,
  inProcess: true,
  targetCpu: 110,
  async before(lab, round) {
    const name = `reaped_${due}${refused ? '_refused' : ''}_${round}`;
    await loadDataset(lab, { name, count: catalogue / 2, rses: ['BENCH3', 'BENCH4'] });
    const first = sql`SELECT c.child_id FROM contents c JOIN dids d ON d.id = c.parent_id
                       WHERE d.scope = ${SCOPE} AND d.name = ${name}
                       ORDER BY c.child_id LIMIT ${due}::int`;
    if (refused) await refuseHalf(lab, first);
    await lab.bare(sql`
      UPDATE replicas r SET tombstone = '1970-01-01T00:00:00Z'
       WHERE r.rse_id = (SELECT id FROM rses WHERE name = 'BENCH4') AND r.did_id IN (${first})`);
    await lab.meters.watcher.query('ANALYZE replicas');
  },
  run: (lab) => work(lab, reaper(lab.config, openStorages(lab.db, lab.config))),
  after: (lab) => lab.bare(sql`DELETE FROM updated_dids`),
});

/** Of every four files one has its last copy here, by side effect, and one waits for its evaluation. */
async function refuseHalf(lab: Lab, files: Sql): Promise<void> {
  const last = sql`SELECT child_id FROM (${files}) f WHERE child_id % 4 = 0`;
  await lab.bare(sql`
    WITH other AS (
      UPDATE replicas r SET state = ${lit(ReplicaState.UNAVAILABLE)}
       WHERE r.rse_id = (SELECT id FROM rses WHERE name = 'BENCH3') AND r.did_id IN (${last}))
    INSERT INTO guarded_copies (did_id, rse_id, cause)
    SELECT l.child_id, r.id, 'detach' FROM (${last}) l, rses r WHERE r.name = 'BENCH4'`);
  await lab.bare(sql`
    INSERT INTO updated_dids (did_id, child_from, child_to, action)
    SELECT child_id, 0, 0, 'A' FROM (${files}) f WHERE child_id % 4 = 2`);
}

const HEAP: Heap = { due: 10_000, catalogue: 200_000 };

export const daemons: readonly Path[] = [
  finisher,
  reaped(HEAP),
  reaped({ ...HEAP, refused: true }),
  claims(50_000),
];
