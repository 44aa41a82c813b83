import { sql, type Sql } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { parseWireId } from '../../vocabulary/index.js';
import { parseDate } from '../wire/index.js';
import { parseActivity } from './rule-item.request.js';

/** A filter `column = value` over r (rules), d (its DID), a (its account), k (its child). */
type Reader = (value: string, key: string) => Sql;

const wrong = (key: string, value: string, expected: string): InvalidObject =>
  new InvalidObject(`Problem validating ${key}: '${value}' is not ${expected}`, { field: key });

const plain =
  (column: Sql): Reader =>
  (value) =>
    sql`${column} = ${value.replaceAll('\0', '')}`;
const wildcard =
  (column: Sql): Reader =>
  (value) => {
    const safe = value.replaceAll('\0', '').replace(/[\\%_]/g, '\\$&');
    return value.includes('*')
      ? sql`${column} LIKE ${safe.replaceAll('*', '%')}`
      : plain(column)(value, '');
  };
const letter =
  (column: Sql): Reader =>
  (value, key) => {
    if (!/^[A-Za-z]$/.test(value)) throw wrong(key, value, 'a letter');
    return sql`${column} = ${value.toUpperCase()}::"char"`;
  };
const flag =
  (column: Sql): Reader =>
  (value, key) => {
    if (!/^(true|false|1|0)$/i.test(value)) throw wrong(key, value, 'True or False');
    return sql`${column} = ${/^(true|1)$/i.test(value)}`;
  };
const integer =
  (column: Sql): Reader =>
  (value, key) => {
    if (!/^-?\d{1,15}$/.test(value)) throw wrong(key, value, 'an integer');
    return sql`${column} = ${value}::bigint`;
  };
const id =
  (column: Sql): Reader =>
  (value, key) => {
    const uid = parseWireId(value);
    if (uid === undefined) throw wrong(key, value, 'an id of 32 hex digits');
    return sql`${column} = ${uid}::uuid`;
  };
const moment =
  (column: Sql, operator: Sql): Reader =>
  (value, key) =>
    sql`${column} ${operator} ${parseDate(value, key)}::timestamptz`;

const FILTERS: Readonly<Record<string, Reader>> = {
  id: id(sql`r.uid`),
  subscription_id: id(sql`r.subscription_uid`),
  child_rule_id: id(sql`k.uid`),
  scope: wildcard(sql`d.scope`),
  name: plain(sql`d.name`),
  did_type: letter(sql`d.type`),
  account: wildcard(sql`a.name`),
  state: letter(sql`r.state`),
  grouping: letter(sql`r.did_grouping`),
  notification: letter(sql`r.notification`),
  rse_expression: plain(sql`r.rse_expression`),
  source_replica_expression: plain(sql`r.source_replica_expression`),
  weight: plain(sql`r.weight`),
  error: plain(sql`r.error`),
  comments: plain(sql`r.comments`),
  meta: plain(sql`r.meta`),
  activity: (value) => sql`r.activity = ${parseActivity(value)}`,
  copies: integer(sql`r.copies`),
  priority: integer(sql`r.priority`),
  locks_ok_cnt: integer(sql`r.locks_ok`),
  locks_replicating_cnt: integer(sql`r.locks_replicating`),
  locks_stuck_cnt: integer(sql`r.locks_stuck`),
  locked: flag(sql`r.locked`),
  purge_replicas: flag(sql`r.purge_replicas`),
  ignore_availability: flag(sql`r.ignore_availability`),
  ignore_account_limit: flag(sql`r.ignore_account_limit`),
  split_container: flag(sql`r.split_container`),
  created_before: moment(sql`r.created_at`, sql`<=`),
  created_after: moment(sql`r.created_at`, sql`>=`),
  updated_before: moment(sql`r.updated_at`, sql`<=`),
  updated_after: moment(sql`r.updated_at`, sql`>=`),
  created_at: moment(sql`r.created_at`, sql`=`),
  updated_at: moment(sql`r.updated_at`, sql`=`),
  expires_at: moment(sql`r.expires_at`, sql`=`),
  eol_at: moment(sql`r.eol_at`, sql`=`),
  stuck_at: moment(sql`r.stuck_at`, sql`=`),
};

/** The conditions of a listing's query. Throws InvalidObject. */
export function parseFilters(query: Readonly<Record<string, unknown>>): Sql[] {
  return Object.entries(query).map(([key, value]) => {
    const read = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (!read) {
      throw new InvalidObject(
        `Problem validating ${key}: rules have no such column; there are ${Object.keys(FILTERS).join(', ')}`,
        { field: key },
      );
    }
    if (typeof value !== 'string') throw wrong(key, String(value), 'given once');
    return read(value, key);
  });
}
