import { lit, one, rows, sql, type Tx } from '../db/index.js';
import { datasetsBelow } from '../dids/index.js';
import { isOfRule } from '../locks/index.js';
import { type DidId, LockState, type RseId } from '../vocabulary/index.js';
import { type Candidate, placeCopies } from './copy-placement.js';
import { fillCopies } from './fill-copies.js';
import { type Rule } from './rule.js';
import { byDataset, locksOfUnit, rsesOf } from './rule-units.js';
import { type SiteConstraints } from './site-constraints.js';
import { unitOf } from './slice-files.sql.js';
import { weighted } from './spread-copies.js';
import { rankFiles } from './spread.sql.js';
import { type TiredLock } from './tired-locks.js';

/** A lock that is to be given up at one RSE for another. */
export interface Move {
  readonly didId: DidId;
  readonly origin: RseId;
  readonly target: RseId;
}

/** Where locks may move to, and what those that stay ask of it. */
export interface Targets {
  readonly targets: readonly Candidate[];
  readonly constraints: SiteConstraints | null;
}

/** Each file for itself, on the best RSE that has room and not yet a lock of the rule on it. */
export async function movesOfFiles(
  tx: Tx,
  rule: Rule,
  tired: readonly TiredLock[],
  { targets, constraints }: Targets,
): Promise<Move[]> {
  const origins = new Map(tired.map((lock) => [lock.didId, lock.rseId]));
  const ids = [...origins.keys()];
  const files = sql`SELECT d.id AS did_id, coalesce(d.bytes, 0) AS bytes FROM dids d WHERE d.id = ANY (${ids}::bigint[])`;
  // As if each file had one copy more to get.
  const wish = { id: rule.id, copies: rule.copies + 1 };
  const ranked = await rankFiles(tx, wish, files, weighted(targets));
  const { copies } = fillCopies(
    ranked.map((file) => {
      const staying = file.taken?.filter((rseId) => rseId !== origins.get(file.didId)) ?? [];
      return { ...file, wanted: 1, taken: staying };
    }),
    targets,
    constraints,
  );
  return copies.flatMap(({ didId, rseId: target }) => {
    const origin = origins.get(didId);
    return origin === undefined ? [] : [{ didId, origin, target }];
  });
}

interface TiredUnit {
  readonly unit: DidId;
  readonly origin: RseId;
}

/** The units of tired locks: the rule's DID or, where datasets stay together each by itself, these. */
export async function unitsOf(
  tx: Tx,
  rule: Rule,
  tired: readonly TiredLock[],
): Promise<TiredUnit[]> {
  if (!byDataset(rule)) {
    const origins = new Set(tired.map(({ rseId }) => rseId));
    return [...origins].map((origin) => ({ unit: rule.didId, origin }));
  }
  return await rows<TiredUnit>(
    tx,
    sql`SELECT DISTINCT ct.parent_id AS unit, t.rse_id AS origin
          FROM unnest(${tired.map(({ didId }) => didId)}::bigint[],
                      ${tired.map(({ rseId }) => rseId)}::int[]) t(did_id, rse_id)
          JOIN contents ct ON ct.child_id = t.did_id
         WHERE ct.parent_id IN (SELECT b.id FROM (${datasetsBelow(rule.didId)}) b)
         ORDER BY 1, 2`,
  );
}

/** A slice of a unit, what has arrived first: while tired locks are left, the next slice will come. */
export async function movesOfUnit(
  tx: Tx,
  rule: Rule,
  { unit, origin, limit }: TiredUnit & { readonly limit: number },
  { targets, constraints }: Targets,
): Promise<Move[]> {
  const here = sql`${locksOfUnit(rule, unit)} AND l.rse_id = ${origin}::int`;
  const arrived = await one<{ most: boolean | null }>(
    tx,
    sql`SELECT 2 * count(*) FILTER (WHERE l.state = ${lit(LockState.OK)}) > count(*) AS most FROM ${here}`,
  );
  if (arrived?.most !== false) return [];
  const files = sql`SELECT l.did_id FROM ${here}`;
  const taken = await rsesOf(
    tx,
    sql`locks l WHERE ${isOfRule(sql`l`, sql`${rule.id}::bigint`)} AND l.did_id IN (${files})`,
  );
  const free = targets.filter(({ rseId }) => !taken.includes(rseId));
  const begun = (await rsesOf(tx, locksOfUnit(rule, unit))).filter(
    (rseId) => !taken.includes(rseId),
  );
  const { bytes, candidates } = await unitOf(tx, files, free);
  const staying = taken.filter((rseId) => rseId !== origin);
  const wish = { id: unit, copies: 1, bytes, keep: begun, taken: staying };
  const [target] = placeCopies(wish, candidates, constraints).chosen;
  if (target === undefined) return [];
  const found = await rows<{ didId: DidId }>(
    tx,
    sql`SELECT l.did_id AS "didId" FROM ${here}
         ORDER BY l.state <> ${lit(LockState.OK)}, l.did_id LIMIT ${lit(limit)}`,
  );
  return found.map(({ didId }) => ({ didId, origin, target }));
}
