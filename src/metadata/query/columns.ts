import { lit, sql, type Sql } from '../../db/index.js';
import { type Codec, DidAvailabilityCodec, DidType, DidTypeCodec } from '../../vocabulary/index.js';

/** A built-in key: the expression over `dids d` that holds it, and how values are compared with it. */
export type Column =
  | { readonly kind: 'text' | 'number' | 'boolean' | 'date' | 'uuid' | 'adler32'; readonly of: Sql }
  | { readonly kind: 'letter'; readonly of: Sql; readonly codec: Codec<string, string> };

const text = (of: Sql): Column => ({ kind: 'text', of });
const number = (of: Sql): Column => ({ kind: 'number', of });
const boolean = (of: Sql): Column => ({ kind: 'boolean', of });
const date = (of: Sql): Column => ({ kind: 'date', of });

/** Sizes of datasets are a folded row and open deltas; a container's are not stored. */
const datasetSize = (column: Sql): Sql => sql`(
  SELECT coalesce(sum(s.size), 0) FROM (
    SELECT ${column} AS size FROM collections WHERE did_id = d.id
    UNION ALL SELECT ${column} FROM collection_deltas WHERE did_id = d.id) AS s)`;

/**
 * Every built-in key that a search may name. All else is a key of one's own. `type` is no criterion
 * but says which DIDs a group is about.
 */
export const COLUMNS: ReadonlyMap<string, Column> = new Map<string, Column>([
  ['scope', text(sql`d.scope`)],
  ['name', text(sql`d.name`)],
  ['account', text(sql`(SELECT a.name FROM accounts a WHERE a.id = d.account_id)`)],
  ['did_type', { kind: 'letter', of: sql`d.type`, codec: DidTypeCodec }],
  ['availability', { kind: 'letter', of: sql`d.availability`, codec: DidAvailabilityCodec }],
  [
    'bytes',
    number(
      sql`CASE d.type WHEN ${lit(DidType.FILE)} THEN d.bytes
          WHEN ${lit(DidType.DATASET)} THEN ${datasetSize(sql`bytes`)} END`,
    ),
  ],
  [
    'length',
    number(sql`CASE d.type WHEN ${lit(DidType.DATASET)} THEN ${datasetSize(sql`length`)} END`),
  ],
  ['events', number(sql`d.events`)],
  ['run_number', number(sql`d.run_number`)],
  ['task_id', number(sql`d.task_id`)],
  ['panda_id', number(sql`d.panda_id`)],
  ['access_cnt', number(sql`d.access_cnt`)],
  ['lumiblocknr', number(sql`d.lumiblocknr`)],
  ['lifetime', number(sql`extract(epoch FROM d.expired_at - now())`)],
  ['adler32', { kind: 'adler32', of: sql`d.adler32` }],
  ['md5', { kind: 'uuid', of: sql`d.md5` }],
  ['guid', { kind: 'uuid', of: sql`d.guid` }],
  ['project', text(sql`d.project`)],
  ['datatype', text(sql`d.datatype`)],
  ['stream_name', text(sql`d.stream_name`)],
  ['prod_step', text(sql`d.prod_step`)],
  ['version', text(sql`d.version`)],
  ['campaign', text(sql`d.campaign`)],
  ['provenance', text(sql`d.provenance`)],
  ['phys_group', text(sql`d.phys_group`)],
  ['is_open', boolean(sql`d.is_open`)],
  ['monotonic', boolean(sql`d.monotonic`)],
  ['hidden', boolean(sql`d.hidden`)],
  ['obsolete', boolean(sql`d.obsolete`)],
  ['suppressed', boolean(sql`d.suppressed`)],
  ['is_new', boolean(sql`d.is_new`)],
  ['complete', boolean(sql`d.complete`)],
  ['purge_replicas', boolean(sql`d.purge_replicas`)],
  ['transient', boolean(sql`d.transient`)],
  ['is_archive', boolean(sql`d.is_archive`)],
  ['constituent', boolean(sql`d.constituent`)],
  ['accessed_at', date(sql`d.accessed_at`)],
  ['closed_at', date(sql`d.closed_at`)],
  ['eol_at', date(sql`d.eol_at`)],
  ['expired_at', date(sql`d.expired_at`)],
  ['created_at', date(sql`d.created_at`)],
  ['updated_at', date(sql`d.updated_at`)],
]);

/** Whether a key is one of an account's own and not a column of DIDs. */
export const isOwnKey = (key: string): boolean => !COLUMNS.has(key);
