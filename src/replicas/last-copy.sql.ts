import { ident, lit, sql, type Sql } from '../db/index.js';
import { ReplicaState } from '../vocabulary/index.js';

/**
 * Whether a copy of the alias `r` needs another good copy before it goes: its RSE or scope keeps the
 * last copy in every case, or its DID has not expired and its protection ended by side effect or a
 * rule holds the file elsewhere, where it may still have to come to. What never arrived is no source
 * for that. Whether any scope keeps its last copies is asked once a statement, of which once a copy.
 */
export const needsAnother = (
  spec: { readonly keepLast: boolean; readonly now: Date },
  r: string,
  arrived: Sql,
): Sql => sql`(
  ${spec.keepLast}::boolean
  OR (EXISTS (SELECT FROM settings WHERE section = 'keep_last_copy' AND value = 'true')
      AND EXISTS (SELECT FROM dids k JOIN settings s
                    ON s.section = 'keep_last_copy' AND s.option = k.scope AND s.value = 'true'
                  WHERE k.id = ${ident(`${r}.did_id`)}))
  OR ((EXISTS (SELECT FROM guarded_copies g
               WHERE g.did_id = ${ident(`${r}.did_id`)} AND g.rse_id = ${ident(`${r}.rse_id`)} OFFSET 0)
       OR (${arrived} AND ${isHeldElsewhere(r)}))
      AND NOT EXISTS (SELECT FROM dids x WHERE x.id = ${ident(`${r}.did_id`)}
                      AND (x.expired_at <= ${spec.now} OR x.obsolete))))`;

/**
 * Whether a rule holds the file of copy `r`, which nothing locks, at another RSE. OFFSET 0: a probe a
 * copy, never all the locks there are.
 */
const isHeldElsewhere = (r: string): Sql =>
  sql`EXISTS (SELECT FROM locks l WHERE l.did_id = ${ident(`${r}.did_id`)} OFFSET 0)`;

/** Whether another good copy than `r` exists. */
export const hasAnother = (r: string): Sql => sql`EXISTS (
  SELECT FROM replicas o WHERE o.did_id = ${ident(`${r}.did_id`)}
    AND o.rse_id <> ${ident(`${r}.rse_id`)} AND o.state = ${lit(ReplicaState.AVAILABLE)})`;
