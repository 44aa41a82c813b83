import { type Config } from '../config/index.js';
import { lit, lits, ring, rows, sql, type Sql, type Tx } from '../db/index.js';
import { detachDids, eraseDids } from '../dids/index.js';
import { eraseMetadata } from '../metadata/index.js';
import { CACHED_FROM, EPOCH, setTombstones } from '../replicas/index.js';
import { forgetExceptions, isExempt, removeRules, rulesTerms } from '../rules/index.js';
import {
  Channel,
  type CopyKey,
  type DidId,
  type DidName,
  DidType,
  ReplicaState,
} from '../vocabulary/index.js';
import { type Reconciler, type Shift, type Tally } from './runtime/index.js';

/** DIDs a statement. */
const BATCH_MAX = 1000;
/** Rules a transaction, as far as a slice of locks goes. */
const RULES = 100;

/**
 * A DID is to be erased if and only if it has expired, no approved exception lets it live, no rule is
 * left on it, and, if it is a file, no copy of it is left. On the way there, in this order and each in transactions of its own:
 *
 * 1. Its rules are removed, several together, in slices of locks; with a locked rule on it a DID stays.
 * 2. A collection is erased: out of its parents, which the judge is told, and its content let go.
 * 3. A file leaves its parents, so that their rules let its copies go; what nothing locks is due at
 *    once; its name stays until the reaper has forgotten the last copy, because paths are made of it.
 *
 * Expiry is on purpose, so last copies go too, unless their RSE or scope keeps them in every case.
 */
export function undertaker(config: Config): Reconciler {
  return {
    name: 'undertaker',
    wakeOn: [],
    async reconcile(shift) {
      const steps = [removeExpiredRules, eraseCollections, releaseFiles, eraseFiles];
      const total = { seen: 0, done: 0, failed: 0, more: false };
      for (const step of steps) {
        const tally = await step(shift, config);
        total.seen += tally.seen;
        total.done += tally.done;
        total.more ||= tally.more;
      }
      return total;
    },
  };
}

const expired = (now: Date, types: readonly DidType[]): Sql =>
  sql`d.expired_at <= ${now} AND d.type IN (${lits(types)}) AND NOT ${isExempt(sql`d.id`, now)}`;
const COLLECTIONS = [DidType.DATASET, DidType.CONTAINER];
const EVERYTHING = [...COLLECTIONS, DidType.FILE];

const noRules = sql`NOT EXISTS (SELECT FROM rules r WHERE r.did_id = d.id)`;
const noLockedRule = sql`NOT EXISTS (SELECT FROM rules r WHERE r.did_id = d.id AND r.locked)`;
const noCopies = sql`NOT EXISTS (SELECT FROM replicas c WHERE c.did_id = d.id)
  AND NOT EXISTS (SELECT FROM locks l WHERE l.did_id = d.id)`;

const tallyOf = (seen: number, limit: number): Tally => ({
  seen,
  done: seen,
  failed: 0,
  more: seen >= limit,
});

async function removeExpiredRules(shift: Shift, config: Config): Promise<Tally> {
  const { now } = shift;
  const { sliceLocks, ...terms } = rulesTerms(config, now);
  const limit = Math.min(shift.batch, BATCH_MAX);
  const found = await shift.db.read((tx) =>
    rows<{ id: bigint; purge: boolean }>(
      tx,
      sql`SELECT u.id, d.purge_replicas AS purge FROM dids d JOIN rules u ON u.did_id = d.id
          WHERE ${expired(now, EVERYTHING)} AND ${noLockedRule}
          ORDER BY d.expired_at, u.id LIMIT ${lit(limit)}`,
    ),
  );
  // Those that say at once come first: a copy that others held too goes no sooner than these say.
  for (const purge of [true, false]) {
    const ids = found.filter((rule) => rule.purge === purge).map(({ id }) => id);
    for (let from = 0; from < ids.length; from += RULES) {
      const some = ids.slice(from, from + RULES);
      let more = true;
      while (more && !shift.signal.aborted) {
        ({ more } = await shift.db.tx((tx) =>
          removeRules(tx, some, { ...terms, purge, locksMax: sliceLocks }),
        ));
      }
    }
  }
  return tallyOf(found.length, limit);
}

/** A collection a transaction: each may have a million entries. */
async function eraseCollections(shift: Shift): Promise<Tally> {
  const limit = Math.min(shift.batch, BATCH_MAX);
  const condition = sql`${expired(shift.now, COLLECTIONS)} AND ${noRules}`;
  let seen = 0;
  while (seen < limit && !shift.signal.aborted) {
    if ((await shift.db.tx((tx) => erase(tx, condition, 1))) === 0) break;
    seen++;
  }
  return tallyOf(seen, limit);
}

async function eraseFiles(shift: Shift): Promise<Tally> {
  const limit = Math.min(shift.batch, BATCH_MAX);
  const condition = sql`${expired(shift.now, [DidType.FILE])} AND ${noRules} AND ${noCopies}`;
  return tallyOf(await shift.db.tx((tx) => erase(tx, condition, limit)), limit);
}

/**
 * Locks the DIDs first and asks again in a second snapshot: a rule or a copy that was committed while
 * the first statement waited must be seen.
 */
async function erase(tx: Tx, condition: Sql, limit: number): Promise<number> {
  const picked = await rows<{ id: DidId }>(
    tx,
    sql`SELECT d.id FROM dids d WHERE ${condition}
        ORDER BY d.expired_at, d.id LIMIT ${lit(limit)} FOR UPDATE SKIP LOCKED`,
  );
  const still = await rows<{ id: DidId }>(
    tx,
    sql`SELECT d.id FROM dids d
        WHERE d.id = ANY(${picked.map(({ id }) => id)}::bigint[]) AND ${condition}`,
  );
  const ids = still.map(({ id }) => id);
  await eraseDids(tx, ids);
  await eraseMetadata(tx, ids);
  await forgetExceptions(tx, ids);
  return ids.length;
}

/** A file that is in a collection, or has a copy that nothing locks and that is not yet to go at once. */
async function releaseFiles(shift: Shift): Promise<Tally> {
  const limit = Math.min(shift.batch, BATCH_MAX);
  const seen = await shift.db.tx(async (tx) => {
    const files = await rows<{ id: DidId }>(
      tx,
      sql`SELECT d.id FROM dids d
          WHERE ${expired(shift.now, [DidType.FILE])} AND ${noLockedRule}
            AND (EXISTS (SELECT FROM contents ct JOIN dids p ON p.id = ct.parent_id
                         WHERE ct.child_id = d.id AND p.type <> ${lit(DidType.FILE)})
              OR EXISTS (SELECT FROM replicas c WHERE c.did_id = d.id AND ${lingers}))
          ORDER BY d.expired_at, d.id LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED`,
    );
    const ids = files.map(({ id }) => id);
    await leaveParents(tx, ids);
    const copies = await rows<CopyKey>(
      tx,
      sql`SELECT c.did_id AS "didId", c.rse_id AS "rseId" FROM replicas c
          WHERE c.did_id = ANY(${ids}::bigint[]) AND ${lingers}`,
    );
    await setTombstones(tx, copies, EPOCH);
    if (copies.length > 0) await ring(tx, Channel.DELETION);
    return ids.length;
  });
  return tallyOf(seen, limit);
}

const lingers = sql`c.lock_cnt = 0 AND c.state <> ${lit(ReplicaState.BEING_DELETED)}
  AND (c.tombstone IS NULL OR c.tombstone >= ${CACHED_FROM})`;

async function leaveParents(tx: Tx, ids: readonly DidId[]): Promise<void> {
  const entries = await rows<DidName & { parentScope: string; parentName: string }>(
    tx,
    sql`SELECT p.scope AS "parentScope", p.name AS "parentName", d.scope, d.name
        FROM contents ct JOIN dids p ON p.id = ct.parent_id JOIN dids d ON d.id = ct.child_id
        WHERE ct.child_id = ANY(${[...ids]}::bigint[]) AND p.type <> ${lit(DidType.FILE)}
        ORDER BY p.id, d.id`,
  );
  const parents = new Map<string, { parent: DidName; children: DidName[] }>();
  for (const { parentScope, parentName, scope, name } of entries) {
    const parent = { scope: parentScope, name: parentName };
    const key = `${parentScope}:${parentName}`;
    const entry = parents.get(key) ?? { parent, children: [] };
    entry.children.push({ scope, name });
    parents.set(key, entry);
  }
  for (const { parent, children } of parents.values()) await detachDids(tx, parent, children);
}
