import { ident, lit, sql, type Sql } from '../db/index.js';
import { ReplicaState } from '../vocabulary/index.js';

/**
 * Whether a copy of the alias `r` may not go because it is the last one: its RSE or scope keeps the
 * last copy in every case, or its DID has not expired and its protection ended by side effect or a
 * rule holds the file elsewhere, where it may still have to come to. What never arrived is no source
 * for that. Whether any scope keeps its last copies is asked once a statement, of which once a copy.
 */
export const isLast = (
  spec: { readonly keepLast: boolean; readonly now: Date },
  r: string,
  arrived: Sql,
): Sql => sql`(
  ((${spec.keepLast}::boolean
    OR (EXISTS (SELECT FROM settings WHERE section = 'keep_last_copy' AND value = 'true')
        AND EXISTS (SELECT FROM dids k JOIN settings s
                      ON s.section = 'keep_last_copy' AND s.option = k.scope AND s.value = 'true'
                    WHERE k.id = ${ident(`${r}.did_id`)})))
   AND NOT ${hasAnother(r)})
  OR (((${isGuarded(r)} AND NOT ${hasLasting(r)})
       OR (${arrived} AND ${isHeldElsewhere(r)} AND NOT ${hasAnother(r)}))
      AND NOT EXISTS (SELECT FROM dids x WHERE x.id = ${ident(`${r}.did_id`)}
                      AND (x.expired_at <= ${spec.now} OR x.obsolete))))`;

const isGuarded = (r: string): Sql => sql`EXISTS (SELECT FROM guarded_copies g
  WHERE g.did_id = ${ident(`${r}.did_id`)} AND g.rse_id = ${ident(`${r}.rse_id`)} OFFSET 0)`;

/**
 * Whether a rule holds the file of copy `r`, which nothing locks, at another RSE. OFFSET 0: a probe a
 * copy, never all the locks there are.
 */
const isHeldElsewhere = (r: string): Sql =>
  sql`EXISTS (SELECT FROM locks l WHERE l.did_id = ${ident(`${r}.did_id`)} OFFSET 0)`;

/** The other good copies of the file of `r`, as `o`. */
const others = (r: string): Sql => sql`FROM replicas o WHERE o.did_id = ${ident(`${r}.did_id`)}
    AND o.rse_id <> ${ident(`${r}.rse_id`)} AND o.state = ${lit(ReplicaState.AVAILABLE)}`;

/** Whether another good copy than `r` exists. */
export const hasAnother = (r: string): Sql => sql`EXISTS (SELECT ${others(r)})`;

/**
 * Whether another good copy than `r` exists that stays: nothing is to end it, or only while there is a
 * third. A cached copy goes when its time has come, and whoever had relied on it would be the last.
 */
const hasLasting = (r: string): Sql => sql`EXISTS (
  SELECT ${others(r)} AND (o.tombstone IS NULL OR ${isGuarded('o')}) OFFSET 0)`;
