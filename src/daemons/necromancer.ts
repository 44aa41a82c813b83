import { type Config } from '../config/index.js';
import { lit, ring, rows, sql, type Tx } from '../db/index.js';
import { EventType, tell } from '../messages/index.js';
import {
  closeDeclarations,
  type HeldRecovery,
  heldRecoveries,
  lockRecovery,
  markLost,
  regainLost,
  replaceBadCopies,
  sweepLost,
  wakeRested,
} from '../replicas/index.js';
import { queueCopies, tellQueued } from '../requests/index.js';
import { confirmCopies, resumeCopies, rulesTerms, stickCopies } from '../rules/index.js';
import {
  activityIndex,
  Cause,
  Channel,
  type CopyKey,
  type DidId,
  RequestState,
  RequestType,
} from '../vocabulary/index.js';
import { type Reconciler, type Shift } from './runtime/index.js';

/** Copies a transaction. */
const BATCH_MAX = 1000;
/** Lost files that are looked at in a shift. */
const SWEEP = 1000;

/**
 * Looks after copies that something is said against.
 *
 * - A bad copy is to be replaced if and only if it was declared bad, a lock holds it, another
 *   AVAILABLE copy of the file exists, and the day of its RSE is not used up. It becomes COPYING
 *   again, its locks REPLICATING, with a request that may overwrite the bad bytes (the open
 *   declaration says so: claimRequests). Without another good copy nothing is touched: the last bytes
 *   of a file, even doubtful ones, are not ours to replace.
 * - A file is lost if and only if a copy of it is bad and none is good, rests or is on its way. Its
 *   locks are STUCK with the cause FILE_LOST, its datasets are told. It is found when a good copy is
 *   there again.
 * - A copy that rests is AVAILABLE again when its date has passed.
 * - Declarations about copies that are good again, or gone, are closed.
 */
export function necromancer(config: Config): Reconciler {
  let after: DidId = 0n;
  return {
    name: 'necromancer',
    wakeOn: [Channel.BAD_REPLICAS],
    async reconcile(shift) {
      const limit = Math.min(shift.batch, BATCH_MAX);
      const woken = await shift.db.tx((tx) => wake(tx, shift, limit));
      const replaced = await replace(shift, config, limit);
      const lost = await bury(shift, config, limit);
      const swept = await shift.db.tx(async (tx) => {
        const sweep = await sweepLost(tx, after, Math.min(SWEEP, limit));
        after = sweep.next ?? 0n;
        const found = await regainLost(tx, sweep.found, shift.now);
        if (found > 0) await ring(tx, Channel.BAD_REPLICAS);
        return found + (await stick(tx, shift, config, sweep.hoped));
      });
      const closed = await shift.db.tx((tx) => closeDeclarations(tx, shift.now, limit));
      const steps = [woken, replaced, lost, closed];
      const done = steps.reduce((sum, step) => sum + step, swept);
      return { seen: done, done, failed: 0, more: steps.includes(limit) };
    },
  };
}

async function wake(tx: Tx, shift: Shift, limit: number): Promise<number> {
  const { over, copies } = await wakeRested(tx, shift.now, limit);
  await confirmCopies(tx, copies, shift.now);
  if (copies.length > 0) await ring(tx, Channel.REQUESTS);
  return over;
}

async function replace(shift: Shift, config: Config, limit: number): Promise<number> {
  const dailyMax = config.replicas.recoveryDailyMax;
  const { replaced, held } = await shift.db.tx(async (tx) => {
    const terms = { now: shift.now, day: startOfDay(shift.now), dailyMax };
    await lockRecovery(tx);
    const copies = await orderCopies(tx, terms, limit);
    if (copies.length === 0) return { replaced: 0, held: [] };
    await resumeCopies(tx, copies, shift.now);
    await ring(tx, Channel.REQUESTS);
    const rses = [...new Set(copies.map(({ rseId }) => rseId))];
    const used = await heldRecoveries(tx, rses, terms);
    await tell(
      tx,
      EventType.RECOVERY_HELD,
      used.map(({ rse, waiting }: HeldRecovery) => ({ rse, waiting, limit: dailyMax })),
    );
    return { replaced: copies.length, held: used };
  });
  for (const { rse, waiting } of held) {
    shift.log.warn({ rse, waiting, limit: dailyMax }, 'bad copies wait: enough for today');
  }
  return replaced;
}

async function orderCopies(
  tx: Tx,
  terms: Parameters<typeof replaceBadCopies>[0],
  limit: number,
): Promise<CopyKey[]> {
  return await rows<CopyKey>(
    tx,
    sql`WITH ${replaceBadCopies(terms, limit)},
          wanted AS (
            -- The request is made for the oldest rule that holds the copy.
            SELECT p.did_id, p.rse_id, p.bytes, l.rule_id, r.account_id, r.priority
              FROM replaced p
             CROSS JOIN LATERAL (SELECT rule_id FROM locks k
                                  WHERE k.did_id = p.did_id AND k.rse_id = p.rse_id
                                  ORDER BY rule_id LIMIT 1) l
              JOIN rules r ON r.id = l.rule_id),
          queued AS (${queueCopies(sql`
            SELECT did_id, rse_id, bytes, rule_id, account_id, ${lit(activityIndex('Recovery'))}::smallint AS activity,
                   priority, ${lit(RequestType.TRANSFER)}::"char" AS type,
                   ${lit(RequestState.QUEUED)}::"char" AS state FROM wanted`)}),
          told AS (${tellQueued(sql`SELECT * FROM queued`, terms.now)})
        SELECT did_id AS "didId", rse_id AS "rseId" FROM replaced`,
  );
}

async function bury(shift: Shift, config: Config, limit: number): Promise<number> {
  const files = await shift.db.tx(async (tx) => {
    const lost = await markLost(tx, shift.now, limit);
    await stick(tx, shift, config, lost.copies);
    return lost.files;
  });
  if (files > 0) shift.log.error({ files }, 'files are lost: no good copy is left');
  return files;
}

const stick = (
  tx: Tx,
  shift: Shift,
  config: Config,
  copies: readonly CopyKey[],
): Promise<number> => {
  const error = 'the file is lost: no good copy is left';
  const failures = copies.map((copy) => ({ ...copy, cause: Cause.FILE_LOST, error }));
  return stickCopies(tx, failures, rulesTerms(config, shift.now));
};

const startOfDay = (now: Date): Date => new Date(`${now.toISOString().slice(0, 10)}T00:00:00Z`);
