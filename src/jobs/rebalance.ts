import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isMoving } from '../locks/index.js';
import { matchRses, rseLimits, rseUsage, toldSizes } from '../rses/index.js';
import { SluiceError } from '../errors/index.js';
import { locksAt, type MoveRoom, planHandOver, type Rule, selectRules } from '../rules/index.js';
import { DidType, RuleGrouping, type RseId, type RuleId, RuleState } from '../vocabulary/index.js';
import { donorOf, type Load, roomOf, surplusOf } from './balance.js';
import { type Counts, type Job, type JobTerms, type Outcome } from './job.js';
import { asTotal, listItems, sumCounts } from './job-item.sql.js';
import { type KindOfJob } from './kind.js';
import { moveItems } from './move-items.js';

type Rebalance = Job<'rebalance'>;

/**
 * Moves locks from RSEs that are too full to those that have space. First the moves are planned, each an
 * item with its target, and the job waits for approval; then they are done as planned, new lock first.
 */
export const rebalance: KindOfJob<'rebalance'> = { first: 'plan', steps: { plan, move } };

async function move(tx: Tx, job: Rebalance, terms: JobTerms): Promise<Outcome> {
  return await moveItems(tx, job, { cause: 'rebalance', purge: true }, 'end', terms);
}

/** Rules a slice of the plan. */
const RULES = 50;

async function plan(tx: Tx, job: Rebalance, terms: JobTerms): Promise<Outcome> {
  const { spec, cursor } = job;
  const loads = await loadsOf(tx, job);
  const donor = donorOf(loads, spec, cursor);
  const budget = spec.bytesMax === null ? null : BigInt(spec.bytesMax) - job.totalBytes;
  if (!donor || (budget !== null && budget <= 0n)) {
    const next = job.total > 0n ? ({ step: 'move', approval: true } as const) : 'end';
    return { next, cursor: null };
  }
  const after = cursor?.rse === donor.rseId ? (cursor.rule ?? '0') : '0';
  const rules = await rulesAt(tx, donor.rseId, BigInt(after));
  let counts: Counts = {};
  for (const rule of rules) {
    const surplus = surplusOf(donor, spec) - (counts.totalBytes ?? 0n);
    const left = budget === null ? surplus : min(surplus, budget - (counts.totalBytes ?? 0n));
    if (left <= 0n) break;
    counts = sumCounts(counts, await planRule(tx, job, rule, { donor, loads, left }, terms));
  }
  const last = rules.at(-1);
  const done = !last || surplusOf(donor, spec) <= (counts.totalBytes ?? 0n);
  // A donor that has given what it can is not asked again.
  const next = done ? { rse: donor.rseId, at: 1 } : { rse: donor.rseId, rule: String(last.id) };
  return { next: 'more', cursor: next, ...counts };
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

interface Portion {
  readonly donor: Load;
  /** They change with what is planned. */
  readonly loads: Load[];
  readonly left: bigint;
}

async function planRule(
  tx: Tx,
  job: Rebalance,
  rule: Rule,
  { donor, loads, left }: Portion,
  terms: JobTerms,
): Promise<Counts> {
  const alone = rule.grouping === RuleGrouping.NONE || rule.didType === DidType.FILE;
  const all = locksAt(rule, donor.rseId, terms.sliceItems * 100);
  const wish = {
    cause: 'rebalance',
    purge: true,
    origin: donor.rseId,
    files: alone ? upTo(locksAt(rule, donor.rseId, terms.sliceItems), left) : all,
    targets: loads.filter((load) => load.takes).map(({ rseId }) => rseId),
  };
  const room: MoveRoom = {
    bytesMax: left,
    room: new Map(loads.map((load) => [load.rseId, roomOf(load, job.spec)])),
  };
  let counts: Counts = {};
  try {
    for (const { files, charge } of await planHandOver(tx, rule, wish, room, terms.now)) {
      counts = sumCounts(counts, asTotal(await listItems(tx, job.id, itemsOf(files, donor.rseId))));
      for (const load of loads) load.planned += charge.get(load.rseId) ?? 0n;
    }
  } catch (error) {
    // A rule that names no other RSE stays where it is.
    if (!(error instanceof SluiceError)) throw error;
  }
  return counts;
}

/** The first of these locks (did_id, rule_id, bytes), as far as they have so many bytes. */
const upTo = (locks: Sql, bytes: bigint): Sql => sql`
  SELECT w.did_id, w.rule_id FROM (
    SELECT l.did_id, l.rule_id, sum(l.bytes) OVER (ORDER BY l.did_id) AS upto FROM (${locks}) l) w
   WHERE w.upto <= ${bytes}::numeric`;

const itemsOf = (files: Sql, origin: RseId): Sql => sql`
  SELECT f.did_id, ${origin}::int AS rse_id, f.rule_id, l.bytes, f.target AS target_rse_id
    FROM (${files}) f JOIN locks l ON l.did_id = f.did_id AND l.rse_id = ${origin}::int
     AND (l.rule_id + 0) = f.rule_id`;

/** The next rules that hold something at an RSE that does not move yet. */
async function rulesAt(tx: Tx, rseId: RseId, after: RuleId): Promise<Rule[]> {
  const found = await rows<{ id: RuleId }>(
    tx,
    sql`SELECT r.id FROM rules r
         WHERE r.id > ${after}::bigint AND r.state = ${lit(RuleState.OK)}
           AND EXISTS (SELECT FROM locks l WHERE l.rule_id = r.id AND l.rse_id = ${rseId}
                          AND NOT ${isMoving(sql`l`)})
         ORDER BY r.id LIMIT ${lit(RULES)}`,
  );
  const ids = found.map(({ id }) => id);
  return await selectRules(tx, { where: sql`r.id = ANY (${ids}::bigint[])` });
}

/** How full the RSEs are, with what is planned so far; those whose size nobody knows are left out. */
async function loadsOf(tx: Tx, job: Rebalance): Promise<Load[]> {
  const givers = await matchRses(tx, job.spec.from);
  const takers = await matchRses(tx, job.spec.to);
  const rses = [...new Map([...givers, ...takers].map((rse) => [rse.id, rse])).values()];
  const ids = rses.map(({ id }) => id);
  const usage = await rseUsage(tx, ids);
  const limits = await rseLimits(tx, ids);
  const told = await toldSizes(tx, ids);
  const planned = await plannedSoFar(tx, job.id);
  const loads: Load[] = [];
  for (const rse of rses) {
    const size = limits.get(rse.id)?.['MaxSpaceAvailable'] ?? told.get(rse.id);
    if (size === undefined || size <= 0n) continue;
    loads.push({
      rseId: rse.id,
      name: rse.name,
      size,
      used: usage.get(rse.id)?.bytes ?? 0n,
      gives: givers.some(({ id }) => id === rse.id),
      takes: rse.availabilityWrite && takers.some(({ id }) => id === rse.id),
      planned: planned.get(rse.id) ?? 0n,
    });
  }
  return loads;
}

/** Bytes that the plan brings to each RSE, less what it takes away; none where it does neither. */
async function plannedSoFar(tx: Tx, jobId: bigint): Promise<ReadonlyMap<RseId, bigint>> {
  const sums = await rows<{ rseId: RseId; bytes: bigint }>(
    tx,
    sql`SELECT p.rse_id AS "rseId", sum(p.bytes)::bigint AS bytes
          FROM (SELECT i.rse_id, i.target_rse_id, sum(i.bytes) AS bytes FROM job_items i
                 WHERE i.job_id = ${jobId} GROUP BY 1, 2) w
         CROSS JOIN LATERAL (
           VALUES (w.target_rse_id, w.bytes), (w.rse_id, -w.bytes)) AS p (rse_id, bytes)
         WHERE p.rse_id IS NOT NULL GROUP BY 1`,
  );
  return new Map(sums.map(({ rseId, bytes }) => [rseId, bytes]));
}
