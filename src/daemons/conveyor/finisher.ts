import { type Config } from '../../config/index.js';
import { execute, ring, rows, sql, type Tx } from '../../db/index.js';
import { declareBad, failCopies, makeAvailable } from '../../replicas/index.js';
import {
  archiveRequests,
  doneRequests,
  dropRequests,
  type FailedRequest,
  failedRequests,
  retryRequests,
  takeRequests,
} from '../../requests/index.js';
import { confirmCopies, stickCopies } from '../../rules/index.js';
import { Cause, Channel, type CopyKey } from '../../vocabulary/index.js';
import { type Reconciler, type Shift, type Tally } from '../runtime/index.js';
import { type FailureTerms, judgeFailure, provesSourceBad } from './judge-failure.js';

/** Completions a transaction: keeps it near 0.1 s (data-model-facts, finisher). */
const BATCH_MAX = 1000;

/**
 * A movement is to be finished if and only if its request is DONE or failed in one of the ways a
 * request can fail. DONE: the copy is AVAILABLE, every lock on it OK. Failed: a source that our own
 * read proved bad is declared so; the request waits for its next attempt, or its locks are STUCK.
 */
export function conveyorFinisher(config: Config): Reconciler {
  return {
    name: 'conveyor-finisher',
    wakeOn: [Channel.TRANSFERS],
    async reconcile(shift) {
      const limit = Math.min(shift.batch, BATCH_MAX);
      const arrived = await shift.db.tx((tx) => finishDone(tx, shift, limit));
      const failed = await shift.db.tx((tx) => finishFailed(tx, shift, config, limit));
      const seen = arrived.seen + failed;
      return { seen, done: arrived.done, failed, more: arrived.seen === limit || failed === limit };
    },
  };
}

/** requests.archive and replicas.makeAvailable in one statement, locks and rules in a second one. */
async function finishDone(
  tx: Tx,
  shift: Shift,
  limit: number,
): Promise<Omit<Tally, 'failed' | 'more'>> {
  const found = await rows<CopyKey & { arrived: boolean }>(
    tx,
    sql`WITH done AS MATERIALIZED (${doneRequests(limit)}),
          taken AS (${takeRequests(sql`SELECT id FROM done`)}),
          kept AS (${archiveRequests(sql`SELECT * FROM taken`, shift.now)}),
          arrived AS (${makeAvailable(sql`SELECT did_id, rse_id FROM done`, shift.now)})
        SELECT d.did_id AS "didId", d.rse_id AS "rseId",
               (d.did_id, d.rse_id) IN (SELECT did_id, rse_id FROM arrived) AS arrived
          FROM done d`,
  );
  const copies = found.filter(({ arrived }) => arrived);
  await confirmCopies(tx, copies, shift.now);
  if (copies.length > 0) await ring(tx, Channel.RULES);
  if (copies.length < found.length) await ring(tx, Channel.DELETION);
  return { seen: found.length, done: copies.length };
}

async function finishFailed(tx: Tx, shift: Shift, config: Config, limit: number): Promise<number> {
  const failures = await failedRequests(tx, limit);
  if (failures.length === 0) return 0;
  await declareBadSources(tx, shift, failures);
  const terms: FailureTerms = { now: shift.now, ...config.requests };
  const verdicts = failures.map((failure) => judgeFailure(failure, terms));
  const retries = verdicts.flatMap((verdict) => ('retry' in verdict ? [verdict.retry] : []));
  const lost = verdicts.flatMap((verdict) => ('giveUp' in verdict ? [verdict.giveUp] : []));
  if (retries.length > 0) {
    await retryRequests(tx, retries, shift.now);
    await ring(tx, Channel.REQUESTS);
  }
  if (lost.length > 0) await giveUp(tx, shift, config, lost);
  return failures.length;
}

/** A copy that gave other bytes than the catalogue has is told once, with what was expected and found. */
async function declareBadSources(
  tx: Tx,
  shift: Shift,
  failures: readonly FailedRequest[],
): Promise<void> {
  const bad = failures.filter(provesSourceBad);
  for (const { didId, sourceRseId, cause, error, expected, found } of bad) {
    if (sourceRseId === null) continue;
    const reason = `${cause}: expected ${expected}, found ${found} (${error})`;
    await declareBad(tx, [{ didId, rseId: sourceRseId }], {
      reason,
      cause: cause ?? undefined,
      now: shift.now,
    });
    shift.log.warn({ did: didId, rse: sourceRseId, cause, expected, found }, 'source declared bad');
  }
}

async function giveUp(
  tx: Tx,
  shift: Shift,
  config: Config,
  lost: readonly FailedRequest[],
): Promise<void> {
  await dropRequests(
    tx,
    lost.map(({ id }) => id),
    shift.now,
  );
  const pairs = sql`SELECT * FROM unnest(${lost.map(({ didId }) => didId)}::bigint[],
                                         ${lost.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
  await execute(tx, failCopies(pairs));
  const failures = lost.map((failure) => ({
    ...failure,
    cause: failure.cause ?? Cause.STORAGE_ERROR,
  }));
  await stickCopies(tx, failures, {
    now: shift.now,
    lockRetrySeconds: config.rules.lockRetrySeconds,
  });
}
