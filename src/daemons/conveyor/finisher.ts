import { type Config } from '../../config/index.js';
import { execute, ring, rows, sql, type Tx } from '../../db/index.js';
import { declareBad, failCopies, makeAvailable } from '../../replicas/index.js';
import {
  archiveRequests,
  doneRequests,
  dropRequests,
  type FailedRequest,
  failedRequests,
  type Retry,
  retryRequests,
  sourceFailures,
  takeRequests,
  tellEnded,
} from '../../requests/index.js';
import { confirmCopies, reopenCopies, stickCopies } from '../../rules/index.js';
import { Cause, Channel, type CopyKey } from '../../vocabulary/index.js';
import { type Reconciler, type Shift, type Tally } from '../runtime/index.js';
import { type FailureTerms, judgeFailure, provesSourceBad, tellCause } from './judge-failure.js';

/** Completions a transaction: keeps it near 0.1 s. */
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
      const failed = await finishFailed(shift, config, limit);
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
          told AS (${tellEnded(sql`SELECT * FROM taken`)}),
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

/** A copy that gave other bytes than the catalogue has, and what they were. */
type Proof = FailedRequest & { readonly sourceRseId: number };

async function finishFailed(shift: Shift, config: Config, limit: number): Promise<number> {
  const terms: FailureTerms = { now: shift.now, ...config.requests };
  const { seen, proofs } = await shift.db.tx(async (tx) => {
    const failures = await failedRequests(tx, limit);
    const verdicts = failures.map((failure) => judgeFailure(failure, terms));
    await retry(
      tx,
      shift,
      verdicts.flatMap((verdict) => ('retry' in verdict ? [verdict.retry] : [])),
    );
    await giveUp(
      tx,
      shift,
      config,
      verdicts.flatMap((verdict) => ('giveUp' in verdict ? [verdict.giveUp] : [])),
    );
    return { seen: failures.length, proofs: await declareBadSources(tx, shift, config, failures) };
  });
  for (const { didId, sourceRseId, cause, expected, found } of proofs) {
    shift.log.warn({ did: didId, rse: sourceRseId, cause, expected, found }, 'source declared bad');
  }
  return seen;
}

async function retry(tx: Tx, shift: Shift, retries: readonly Retry[]): Promise<void> {
  if (retries.length === 0) return;
  await retryRequests(tx, retries, shift.now);
  await ring(tx, Channel.REQUESTS);
}

/** The copy will not arrive by this request: UNAVAILABLE, and every lock on it STUCK with the cause. */
async function giveUp(
  tx: Tx,
  shift: Shift,
  config: Config,
  given: readonly FailedRequest[],
): Promise<void> {
  if (given.length === 0) return;
  const lost = given.toSorted(byCopy);
  const ids = lost.map(({ id }) => id);
  const earlier = new Map((await sourceFailures(tx, ids)).map((failure) => [failure.id, failure]));
  await dropRequests(tx, ids, shift.now);
  const copies = sql`SELECT * FROM unnest(${lost.map(({ didId }) => didId)}::bigint[],
                                          ${lost.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
  await execute(tx, failCopies(copies));
  const failures = lost.map((failure) => tellCause(failure, earlier.get(failure.id)));
  await stickCopies(tx, failures, { now: shift.now, ...config.rules });
}

/**
 * Declares what our own reads have proved bad, with what was expected and found. Locks on such copies
 * wait for a new one: the necromancer's. Gives the copies that were not known as bad before.
 */
async function declareBadSources(
  tx: Tx,
  shift: Shift,
  config: Config,
  failures: readonly FailedRequest[],
): Promise<Proof[]> {
  const declared: Proof[] = [];
  for (const proof of failures.filter(provesSourceBad).toSorted(bySource)) {
    const { didId, sourceRseId, cause, error } = proof;
    const { bad, suspected } = await declareBad(tx, [{ didId, rseId: sourceRseId }], {
      reason: `${cause}: ${error}`,
      cause: cause ?? Cause.SOURCE_CHECKSUM,
      now: shift.now,
      ownDailyMax: config.replicas.ownDailyMax,
    });
    if (suspected.length > 0) {
      shift.log.warn(
        { did: didId, rse: sourceRseId, cause },
        'too many bad sources: only suspected',
      );
    }
    if (bad.length === 0) continue;
    await reopenCopies(tx, bad, shift.now);
    declared.push(proof);
  }
  return declared;
}

const byCopy = (a: CopyKey, b: CopyKey): number =>
  a.didId === b.didId ? a.rseId - b.rseId : a.didId < b.didId ? -1 : 1;

const bySource = (a: Proof, b: Proof): number =>
  byCopy({ ...a, rseId: a.sourceRseId }, { ...b, rseId: b.sourceRseId });
