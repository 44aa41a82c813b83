import { execute, lit, lits, rows, sql, type Sql, type Tx } from '../db/index.js';
import { addRseUsage } from '../rses/index.js';
import {
  type CopyKey,
  DidAvailability,
  type DidId,
  DidType,
  ReplicaState,
  type ReplicaState as State,
  type RseId,
} from '../vocabulary/index.js';
import { CACHED_FROM, urgentTombstone } from './tombstone.js';

/** One copy as stored. */
export interface Copy {
  readonly didId: DidId;
  readonly rseId: RseId;
  readonly bytes: bigint;
  readonly state: State;
  readonly lockCnt: number;
  readonly tombstone: Date | null;
  readonly accessedAt: Date | null;
  readonly verifiedAt: Date | null;
}

/** Columns of the alias r, as Copy names them. */
export const copyColumns = sql`r.did_id AS "didId", r.rse_id AS "rseId", r.bytes, r.state,
  r.lock_cnt AS "lockCnt", r.tombstone, r.accessed_at AS "accessedAt", r.verified_at AS "verifiedAt"`;

/** Copies as a set of rows (did_id, rse_id), for FROM. */
export const copyKeys = (copies: readonly CopyKey[]): Sql =>
  sql`unnest(${copies.map(({ didId }) => didId)}::bigint[], ${copies.map(({ rseId }) => rseId)}::int[])`;

/** All copies of these files, of whatever state, by file and RSE. */
export async function copiesOf(tx: Tx, didIds: readonly DidId[]): Promise<Copy[]> {
  return await rows<Copy>(
    tx,
    sql`SELECT ${copyColumns} FROM replicas r WHERE r.did_id = ANY(${[...didIds]}::bigint[])
        ORDER BY r.did_id, r.rse_id`,
  );
}

/** These copies, as far as they exist, locked in key order until the transaction ends. */
export async function lockCopies(tx: Tx, copies: readonly CopyKey[]): Promise<Copy[]> {
  return await rows<Copy>(
    tx,
    sql`SELECT ${copyColumns} FROM replicas r
        WHERE (r.did_id, r.rse_id) IN (SELECT k.did_id, k.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id))
        ORDER BY r.did_id, r.rse_id FOR NO KEY UPDATE`,
  );
}

/** All copies of these files, of whatever state, locked in key order until the transaction ends. */
export async function lockCopiesOf(tx: Tx, didIds: readonly DidId[]): Promise<Copy[]> {
  return await rows<Copy>(
    tx,
    sql`SELECT ${copyColumns} FROM replicas r WHERE r.did_id = ANY(${[...didIds]}::bigint[])
        ORDER BY r.did_id, r.rse_id FOR NO KEY UPDATE`,
  );
}

/** A file of a registration, columns of unnest. */
export interface RegistrationRow {
  readonly scope: string;
  readonly name: string;
  readonly bytes: bigint;
  readonly adler32: number | null;
  readonly md5: string | null;
  readonly state: State;
  readonly path: string | null;
}

/** What became of a file of a registration; `at` counts from 1 in the order given. */
export interface RegisteredRow {
  readonly at: bigint;
  readonly didId: DidId;
  readonly clash: 'type' | 'bytes' | 'adler32' | 'md5' | null;
  readonly fresh: boolean;
  readonly prior: State | null;
  /** No good copy of the file was left. */
  readonly lost: boolean;
}

export interface RegistrationPlace {
  readonly rseId: RseId;
  readonly tombstone: Date | null;
  readonly now: Date;
}

/**
 * The second statement of a registration: resolves names that a statement before it has made sure
 * of, compares, inserts what copies are missing in key order, counts them for the RSE. A file that
 * contradicts the catalogue gets no copy and says in `clash` what differs.
 */
export async function insertRegisteredCopies(
  tx: Tx,
  place: RegistrationPlace,
  files: readonly RegistrationRow[],
): Promise<RegisteredRow[]> {
  const column = <Key extends keyof RegistrationRow>(key: Key) => files.map((file) => file[key]);
  return await rows<RegisteredRow>(
    tx,
    sql`WITH resolved AS MATERIALIZED (
          SELECT d.id, d.bytes, i.at, i.state, i.path,
            d.availability = ${lit(DidAvailability.LOST)} AS lost,
            CASE WHEN d.type <> ${lit(DidType.FILE)} THEN 'type'
                 WHEN d.bytes IS DISTINCT FROM i.bytes THEN 'bytes'
                 WHEN d.adler32 <> i.adler32 THEN 'adler32'
                 WHEN d.md5 <> i.md5 THEN 'md5' END AS clash
          FROM unnest(${column('scope')}::text[], ${column('name')}::text[], ${column('bytes')}::bigint[],
                      ${column('adler32')}::int[], ${column('md5')}::uuid[], ${column('state')}::text[],
                      ${column('path')}::text[])
               WITH ORDINALITY AS i(scope, name, bytes, adler32, md5, state, path, at)
          -- OFFSET 0: a probe a name. While statistics are young a join reads all DIDs there are.
          CROSS JOIN LATERAL (SELECT * FROM dids n
                              WHERE n.scope = i.scope AND n.name = i.name OFFSET 0) d),
        copies AS (
          INSERT INTO replicas (did_id, rse_id, bytes, state, accessed_at, tombstone)
          SELECT id, ${place.rseId}::int, bytes, state::"char", ${place.now}::timestamptz, ${place.tombstone}::timestamptz
          FROM resolved WHERE clash IS NULL ORDER BY id
          ON CONFLICT (did_id, rse_id) DO NOTHING RETURNING did_id, bytes),
        paths AS (
          INSERT INTO replica_paths (did_id, rse_id, path)
          SELECT id, ${place.rseId}::int, path FROM resolved
          -- IS TRUE: a hashed lookup. A join of the two CTEs would grow with the square of the batch.
          WHERE path IS NOT NULL AND (id IN (SELECT did_id FROM copies)) IS TRUE ORDER BY id),
        counted AS (${addRseUsage(sql`SELECT ${place.rseId}::int AS rse_id, count(*) AS files,
            sum(bytes)::bigint AS bytes FROM copies HAVING count(*) > 0`)})
        SELECT at, id AS "didId", clash, lost, id IN (SELECT did_id FROM copies) AS fresh,
          (SELECT r.state FROM replicas r
           WHERE r.did_id = resolved.id AND r.rse_id = ${place.rseId}) AS prior
        FROM resolved ORDER BY at`,
  );
}

/** Moves copies from any of `from` to `to`; gives the keys of those that moved, in no order. */
export async function moveState(
  tx: Tx,
  copies: readonly CopyKey[],
  step: { readonly from: readonly State[]; readonly to: State },
): Promise<CopyKey[]> {
  return await rows<CopyKey>(
    tx,
    sql`UPDATE replicas r SET state = ${lit(step.to)}
        FROM ${copyKeys(copies)} AS k(did_id, rse_id)
        WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id AND r.state IN (${lits(step.from)})
        RETURNING r.did_id AS "didId", r.rse_id AS "rseId"`,
  );
}

/** Sets the tombstone of copies that nothing locks; gives the number of them. */
export async function setTombstones(
  tx: Tx,
  copies: readonly CopyKey[],
  tombstone: Date,
): Promise<number> {
  return await execute(
    tx,
    sql`UPDATE replicas r SET tombstone = ${tombstone}
        FROM ${copyKeys(copies)} AS k(did_id, rse_id)
        WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id AND r.lock_cnt = 0
          AND r.state <> ${lit(ReplicaState.BEING_DELETED)}`,
  );
}

/**
 * Puts the deletion of good copies that nothing locks off: what is due at once stays so, but not before
 * then. In key order; one that a reaper has claimed meanwhile is not touched. Gives how many.
 */
export const putOffDeletion = (tx: Tx, copies: readonly CopyKey[], until: Date): Promise<number> =>
  execute(
    tx,
    sql`UPDATE replicas r
           SET tombstone = CASE WHEN r.tombstone < ${CACHED_FROM}
                                THEN greatest(r.tombstone, ${urgentTombstone(until)}::timestamptz)
                                ELSE greatest(r.tombstone, ${until}::timestamptz) END
          FROM (SELECT x.did_id, x.rse_id FROM ${copyKeys(copies)} AS k(did_id, rse_id)
                  JOIN replicas x ON x.did_id = k.did_id AND x.rse_id = k.rse_id
                 WHERE x.lock_cnt = 0 AND x.tombstone IS NOT NULL AND x.state <> ${lit(ReplicaState.BEING_DELETED)}
                 ORDER BY x.did_id, x.rse_id FOR NO KEY UPDATE OF x) held
         WHERE r.did_id = held.did_id AND r.rse_id = held.rse_id`,
  );

/**
 * Makes copies AVAILABLE. Those in `verified` are dated, the others keep what was seen before if they
 * were AVAILABLE then. What a bad declaration had condemned is not any more.
 */
export async function setAvailable(
  tx: Tx,
  copies: readonly CopyKey[],
  seen: { readonly verified: ReadonlySet<DidId>; readonly now: Date },
): Promise<void> {
  const { AVAILABLE, BAD } = ReplicaState;
  await execute(
    tx,
    sql`UPDATE replicas r SET state = ${lit(AVAILABLE)},
          verified_at = CASE WHEN r.did_id = ANY(${[...seen.verified]}::bigint[]) THEN ${seen.now}::timestamptz
                             WHEN r.state = ${lit(AVAILABLE)} THEN r.verified_at END,
          tombstone = CASE WHEN r.state <> ${lit(BAD)} THEN r.tombstone END
        FROM ${copyKeys(copies)} AS k(did_id, rse_id)
        WHERE r.did_id = k.did_id AND r.rse_id = k.rse_id`,
  );
}
