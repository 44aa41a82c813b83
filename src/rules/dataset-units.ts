import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { isLockOf } from '../locks/index.js';
import { type DidId, ReplicaState, type RseId, type RuleId } from '../vocabulary/index.js';
import { Breath } from './breath.js';
import { type Candidate, demandCopies } from './copy-placement.js';
import { type Sites, withKept } from './sites.js';
import { held } from './spread.sql.js';

/** What an RSE has of a dataset. */
interface Presence {
  readonly heldBytes: bigint;
  readonly inDeletion: boolean;
  /** Of copies in whatever state: they take no more space. */
  readonly knownBytes: bigint;
}

/** A dataset that stays together. */
export interface DatasetUnit {
  readonly didId: DidId;
  readonly bytes: bigint;
  readonly there: ReadonlyMap<RseId, Presence>;
  /** Where the rule has copies of it already, best first. */
  readonly keep?: readonly RseId[];
}

/** Where a dataset's files come to. */
export interface DatasetPlace {
  readonly didId: DidId;
  readonly rses: readonly RseId[];
}

/**
 * Chooses for one dataset after the other, each within what those before it leave. Gives what they
 * leave, too. Throws InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota.
 */
export async function chooseForEach(
  units: readonly DatasetUnit[],
  copies: number,
  sites: Pick<Sites, 'candidates' | 'blocked' | 'constraints'>,
): Promise<{
  readonly places: readonly DatasetPlace[];
  readonly candidates: readonly Candidate[];
}> {
  let { candidates } = sites;
  const breath = new Breath();
  const places: DatasetPlace[] = [];
  for (const unit of units) {
    const { didId: id, bytes, there, keep = [] } = unit;
    const rses = demandCopies(
      { id, bytes, copies, keep },
      withKept(sites, candidates, keep).map((it) => seenWith(it, there)),
      sites.constraints,
    );
    candidates = candidates.map((it) => (rses.includes(it.rseId) ? lessRoom(it, unit) : it));
    places.push({ didId: id, rses });
    await breath.after(candidates.length);
  }
  return { places, candidates };
}

/** With what it has of a unit. Most candidates of a large lake have nothing, and stay as they are. */
export function seenWith(
  candidate: Candidate,
  there: ReadonlyMap<RseId, Pick<Candidate, 'heldBytes' | 'inDeletion'>>,
): Candidate {
  const presence = there.get(candidate.rseId);
  return presence ? { ...candidate, ...presence } : candidate;
}

/** A lock takes quota wherever it is, and a copy space where it is new. */
const lessRoom = (candidate: Candidate, { bytes, there }: DatasetUnit): Candidate => ({
  ...candidate,
  quotaLeft: candidate.quotaLeft === null ? null : candidate.quotaLeft - bytes,
  spaceLeft:
    candidate.spaceLeft === null
      ? null
      : candidate.spaceLeft - bytes + (there.get(candidate.rseId)?.knownBytes ?? 0n),
});

/**
 * The datasets in their order, with their sizes and what the candidates have of them. Files that
 * `holder` has locks on already are left out: they take no more room.
 */
export async function unitsOf(
  tx: Tx,
  didIds: readonly DidId[],
  candidates: readonly Candidate[],
  holder?: RuleId,
): Promise<DatasetUnit[]> {
  const left = holder === undefined ? sql`` : sql`AND ${isFree(holder)}`;
  const sizes = await rows<{ didId: DidId; bytes: bigint }>(
    tx,
    sql`SELECT ct.parent_id AS "didId", coalesce(sum(d.bytes), 0)::bigint AS bytes FROM contents ct
        CROSS JOIN LATERAL (SELECT n.bytes FROM dids n WHERE n.id = ct.child_id OFFSET 0) d
        WHERE ct.parent_id = ANY (${[...didIds]}::bigint[]) ${left} GROUP BY ct.parent_id`,
  );
  const found = await rows<Presence & { didId: DidId; rseId: RseId }>(
    tx,
    sql`SELECT ct.parent_id AS "didId", r.rse_id AS "rseId",
               coalesce(sum(r.bytes) FILTER (WHERE r.state IN (${held})), 0)::bigint AS "heldBytes",
               bool_or(r.state = ${lit(ReplicaState.BEING_DELETED)}) AS "inDeletion",
               sum(r.bytes)::bigint AS "knownBytes"
          FROM contents ct CROSS JOIN LATERAL (
            SELECT x.rse_id, x.state, x.bytes FROM replicas x
             WHERE x.did_id = ct.child_id
               AND (x.rse_id + 0) = ANY (${candidates.map(({ rseId }) => rseId)}::int[]) OFFSET 0) r
         WHERE ct.parent_id = ANY (${[...didIds]}::bigint[]) ${left} GROUP BY ct.parent_id, r.rse_id`,
  );
  const there = new Map(didIds.map((id) => [id, new Map<RseId, Presence>()]));
  for (const { didId, rseId, ...presence } of found) there.get(didId)?.set(rseId, presence);
  const bytes = new Map(sizes.map((size) => [size.didId, size.bytes]));
  return didIds.map((didId) => ({
    didId,
    bytes: bytes.get(didId) ?? 0n,
    there: there.get(didId) ?? new Map<RseId, Presence>(),
  }));
}

/** Condition on content `ct`: the rule has no lock on the file. OFFSET 0: a probe a file. */
const isFree = (rule: RuleId): Sql => sql`NOT EXISTS (
  SELECT FROM locks l WHERE l.did_id = ct.child_id AND ${isLockOf(sql`l`, sql`${rule}::bigint`)} OFFSET 0)`;
