import { lit, rows, sql, type Tx } from '../db/index.js';
import {
  type DidId,
  type DidType,
  type JobItemState,
  type RseId,
  type RuleId,
} from '../vocabulary/index.js';

/** One line of a job's result. */
export interface ResultLine {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly ruleId: RuleId;
  readonly scope: string | null;
  readonly name: string | null;
  readonly type: DidType | null;
  /** Where it is, and where it goes. */
  readonly rse: string | null;
  readonly target: string | null;
  readonly ruleUid: string | null;
  readonly bytes: bigint;
  readonly state: JobItemState;
  readonly error: string | null;
}

const PAGE = 5000;

/** What became of each item of a job, page by page in the order of their keys, nothing held between. */
export async function* resultOf(
  read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  jobId: bigint,
  state?: JobItemState,
): AsyncGenerator<ResultLine> {
  for (let after = { didId: -1n, rseId: -1, ruleId: -1n }; ;) {
    const page = await read((tx) => resultPage(tx, jobId, after, state));
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last;
  }
}

/** What was erased is named by what is remembered of it. */
const resultPage = (
  tx: Tx,
  jobId: bigint,
  after: Pick<ResultLine, 'didId' | 'rseId' | 'ruleId'>,
  state: JobItemState | undefined,
): Promise<ResultLine[]> =>
  rows<ResultLine>(
    tx,
    sql`SELECT i.did_id AS "didId", i.rse_id AS "rseId", i.rule_id AS "ruleId",
               d.scope, d.name, d.type, e.name AS rse, t.name AS target,
               coalesce(r.uid, h.uid) AS "ruleUid", i.bytes, i.state, i.error
          FROM (SELECT x.* FROM job_items x
                 WHERE x.job_id = ${jobId}
                   AND (x.did_id, x.rse_id, x.rule_id) > (${after.didId}::bigint, ${after.rseId}::int, ${after.ruleId}::bigint)
                   ${state === undefined ? sql`` : sql`AND x.state = ${state}::"char"`}
                 ORDER BY x.did_id, x.rse_id, x.rule_id LIMIT ${lit(PAGE)}) i
          LEFT JOIN dids d ON d.id = i.did_id
          LEFT JOIN rses e ON e.id = i.rse_id
          LEFT JOIN rses t ON t.id = i.target_rse_id
          LEFT JOIN rules r ON r.id = i.rule_id AND i.rule_id <> 0
          LEFT JOIN LATERAL (SELECT p.uid FROM rules_history p
                              WHERE i.rule_id <> 0 AND r.id IS NULL AND p.id = i.rule_id LIMIT 1) h ON true
         ORDER BY i.did_id, i.rse_id, i.rule_id`,
  );

/** What a plan moves from one RSE to another for one rule. */
export interface PlanLine {
  readonly from: string | null;
  readonly to: string | null;
  readonly ruleUid: string | null;
  readonly scope: string | null;
  readonly name: string | null;
  readonly files: bigint;
  readonly bytes: bigint;
}

const PLAN_MAX = 10_000;

/** The moves of a job, summed; the largest first, at most 10,000. */
export const planOf = (tx: Tx, jobId: bigint): Promise<PlanLine[]> =>
  rows<PlanLine>(
    tx,
    sql`SELECT e.name AS from, t.name AS to, r.uid AS "ruleUid", d.scope, d.name, s.files, s.bytes
          FROM (SELECT i.rse_id, i.target_rse_id, i.rule_id, count(*) AS files, sum(i.bytes)::bigint AS bytes
                  FROM job_items i WHERE i.job_id = ${jobId}
                 GROUP BY i.rse_id, i.target_rse_id, i.rule_id
                 ORDER BY sum(i.bytes) DESC, i.rule_id LIMIT ${lit(PLAN_MAX)}) s
          LEFT JOIN rses e ON e.id = s.rse_id LEFT JOIN rses t ON t.id = s.target_rse_id
          LEFT JOIN rules r ON r.id = s.rule_id LEFT JOIN dids d ON d.id = r.did_id
         ORDER BY s.bytes DESC, s.rule_id`,
  );
