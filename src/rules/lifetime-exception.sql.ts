import { execute, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  type AccountId,
  type DidId,
  type DidName,
  type DidType,
  LifetimeExceptionState,
} from '../vocabulary/index.js';

const { APPROVED, WAITING } = LifetimeExceptionState;

/** Condition: the DID with this id may live, because somebody asked for it and it was approved. */
export const isExempt = (didId: Sql, now: Date): Sql => sql`EXISTS (
  SELECT FROM lifetime_exceptions x WHERE x.did_id = ${didId} AND x.state = ${lit(APPROVED)}
     AND (x.expires_at IS NULL OR x.expires_at > ${now}::timestamptz))`;

/** A DID as a wish sees it. */
export interface MortalDid extends DidName {
  readonly id: DidId;
  readonly type: DidType;
  readonly datatype: string | null;
  /** Its own end of life, or that of the first of its rules. */
  readonly eolAt: Date | null;
  /** The account waits for a decision on it already. */
  readonly waits: boolean;
}

/** Those of these DIDs that exist, by name. */
export const mortalDids = (
  tx: Tx,
  names: readonly DidName[],
  accountId: AccountId,
): Promise<MortalDid[]> =>
  rows<MortalDid>(
    tx,
    sql`SELECT d.id, d.scope, d.name, d.type, d.datatype,
               least(d.eol_at, (SELECT min(r.eol_at) FROM rules r WHERE r.did_id = d.id)) AS "eolAt",
               EXISTS (SELECT FROM lifetime_exceptions x WHERE x.did_id = d.id
                          AND x.account_id = ${accountId}::int AND x.state = ${lit(WAITING)}) AS waits
          FROM (SELECT DISTINCT scope, name FROM unnest(
                  ${names.map(({ scope }) => scope)}::text[], ${names.map(({ name }) => name)}::text[]) i(scope, name)) i
         CROSS JOIN LATERAL (SELECT n.* FROM dids n WHERE n.scope = i.scope AND n.name = i.name OFFSET 0) d
         ORDER BY d.scope, d.name`,
  );

/** One wish about several DIDs. */
export interface NewException {
  readonly uid: string;
  readonly didIds: readonly DidId[];
}

export interface ExceptionTerms {
  readonly accountId: AccountId;
  readonly pattern: string | null;
  readonly comments: string | null;
  readonly expiresAt: Date | null;
  readonly now: Date;
}

/** Writes wishes that wait for a decision. */
export async function insertExceptions(
  tx: Tx,
  wishes: readonly NewException[],
  { accountId, pattern, comments, expiresAt, now }: ExceptionTerms,
): Promise<void> {
  const flat = wishes.flatMap(({ uid, didIds }) => didIds.map((didId) => ({ uid, didId })));
  await execute(
    tx,
    sql`INSERT INTO lifetime_exceptions
          (uid, did_id, account_id, pattern, comments, state, expires_at, created_at, updated_at)
        SELECT w.uid, w.did_id, ${accountId}::int, ${pattern}::text, ${comments}::text, ${lit(WAITING)},
               ${expiresAt}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
          FROM unnest(${flat.map(({ uid }) => uid)}::uuid[], ${flat.map(({ didId }) => didId)}::bigint[])
                 AS w(uid, did_id)`,
  );
}

/** A wish about one DID, as it is shown. */
export interface ListedException extends DidName {
  readonly uid: string;
  readonly type: DidType;
  readonly account: string;
  readonly pattern: string | null;
  readonly comments: string | null;
  readonly state: LifetimeExceptionState;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** All wishes, one of them, or those in some states, oldest first. */
export const listExceptions = (
  tx: Tx,
  filter: { readonly uid?: string; readonly states?: readonly LifetimeExceptionState[] },
): Promise<ListedException[]> =>
  rows<ListedException>(
    tx,
    sql`SELECT x.uid, d.scope, d.name, d.type, a.name AS account, x.pattern, x.comments, x.state,
               x.created_at AS "createdAt", x.expires_at AS "expiresAt"
          FROM lifetime_exceptions x JOIN dids d ON d.id = x.did_id JOIN accounts a ON a.id = x.account_id
         WHERE (${filter.uid ?? null}::uuid IS NULL OR x.uid = ${filter.uid ?? null}::uuid)
           AND (${filter.states ?? null}::text[] IS NULL OR x.state::text = ANY (${filter.states ?? null}::text[]))
         ORDER BY x.created_at, x.uid, x.did_id`,
  );

/** Writes a decision on a wish. Gives how many DIDs it is about: none where there is no such wish. */
export const decideException = (
  tx: Tx,
  uid: string,
  state: LifetimeExceptionState,
  now: Date,
): Promise<number> =>
  execute(
    tx,
    sql`UPDATE lifetime_exceptions SET state = ${state}::"char", updated_at = ${now}::timestamptz
         WHERE uid = ${uid}::uuid`,
  );

/** The DIDs are being erased: nobody wishes anything of them any more. */
export async function forgetExceptions(tx: Tx, didIds: readonly DidId[]): Promise<void> {
  await execute(
    tx,
    sql`DELETE FROM lifetime_exceptions WHERE did_id = ANY (${[...didIds]}::bigint[])`,
  );
}

/** What came of the rules whose end of life had come. */
export interface EndedLives {
  readonly seen: number;
  /** Rules that live on, as somebody asked. */
  readonly extended: number;
}

/**
 * Rules whose end of life has come: an approved wish for their DID moves that end, others expire at
 * `expiresAt`, if they do not anyway. A locked rule stays. Up to `limit`, the longest overdue first;
 * what somebody else holds is passed over. What was written is not due again.
 */
export async function endLives(
  tx: Tx,
  { now, expiresAt }: { readonly now: Date; readonly expiresAt: Date },
  limit: number,
): Promise<EndedLives> {
  const found = await rows<{ extended: boolean }>(
    tx,
    sql`WITH due AS MATERIALIZED (
          SELECT r.id, r.did_id FROM rules r
           WHERE r.eol_at <= ${now}::timestamptz AND NOT r.locked
             AND (r.expires_at IS NULL OR r.expires_at > ${expiresAt}::timestamptz)
           ORDER BY r.eol_at, r.id LIMIT ${lit(limit)} FOR NO KEY UPDATE SKIP LOCKED),
        verdict AS MATERIALIZED (
          SELECT d.id, coalesce(x.longest, '-infinity') AS longest FROM due d
           CROSS JOIN LATERAL (
             SELECT max(coalesce(e.expires_at, 'infinity')) AS longest FROM lifetime_exceptions e
              WHERE e.did_id = d.did_id AND e.state = ${lit(APPROVED)}) x)
        UPDATE rules r
           SET eol_at = CASE WHEN v.longest = 'infinity' THEN NULL ELSE greatest(r.eol_at, v.longest) END,
               expires_at = CASE WHEN v.longest > ${now}::timestamptz THEN r.expires_at
                                 ELSE ${expiresAt}::timestamptz END,
               updated_at = ${now}::timestamptz
          FROM verdict v WHERE r.id = v.id
        RETURNING v.longest > ${now}::timestamptz AS extended`,
  );
  return { seen: found.length, extended: found.filter(({ extended }) => extended).length };
}
