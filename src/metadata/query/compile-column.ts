import { lit, sql, type Sql } from '../../db/index.js';
import { DIDFilterSyntaxError } from '../../errors/index.js';
import { adler32ToInt4, normaliseAdler32, parseMomentOrDay } from '../../vocabulary/index.js';
import { parseWireId } from '../../vocabulary/index.js';
import { type Column } from './columns.js';
import { type Criterion, type Operator, type Plain } from './filter.js';

const SIGNS: Readonly<Record<Operator, Sql>> = {
  eq: sql`=`,
  ne: sql`IS DISTINCT FROM`,
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
};

const MAX_INT8 = 2n ** 63n - 1n;

/** A number as a parameter: int8 where it fits, so that an index on an integer column serves. */
export function numberParameter(number: number | bigint): Sql {
  const integer = typeof number === 'bigint' || Number.isSafeInteger(number);
  if (integer && BigInt(number) <= MAX_INT8 && BigInt(number) >= -MAX_INT8) {
    return sql`${String(number)}::bigint`;
  }
  return sql`${String(number)}::numeric`;
}

const wrong = (key: string, wanted: string): DIDFilterSyntaxError =>
  new DIDFilterSyntaxError(`filters: ${key} takes ${wanted}`, { key });

const isOrder = (operator: Operator): boolean => operator !== 'eq' && operator !== 'ne';

/** The value as the column holds it, or an error that says what the key takes. */
function parameter(column: Column, { key, operator }: Criterion, value: Plain): Sql {
  const { text, meaning } = value;
  switch (column.kind) {
    case 'text':
      return sql`${text}`;
    case 'number':
      if (typeof meaning === 'number' || typeof meaning === 'bigint')
        return numberParameter(meaning);
      throw wrong(key, 'a number');
    case 'date': {
      const moment = parseMomentOrDay(text);
      if (moment) return sql`${moment.toISOString()}::timestamptz`;
      throw wrong(key, "a date: '2026-07-24T16:01:23' or 'Fri, 24 Jul 2026 16:01:23 UTC'");
    }
    case 'boolean':
      if (isOrder(operator)) throw wrong(key, 'no order');
      if (typeof meaning === 'boolean') return meaning ? sql`true` : sql`false`;
      if (text === '1' || text === '0') return text === '1' ? sql`true` : sql`false`;
      throw wrong(key, 'True or False');
    case 'uuid': {
      if (isOrder(operator)) throw wrong(key, 'no order');
      const uuid = parseWireId(text.replace(/[{}]/g, ''));
      if (uuid === undefined) throw wrong(key, '32 hexadecimal digits');
      return sql`${uuid}::uuid`;
    }
    case 'adler32':
      if (isOrder(operator)) throw wrong(key, 'no order');
      if (normaliseAdler32(text) === null) throw wrong(key, '8 hexadecimal digits');
      return sql`${adler32ToInt4(text)}::int`;
    case 'letter': {
      if (isOrder(operator)) throw wrong(key, 'no order');
      const letter = column.codec.parse(text);
      if (letter === undefined) throw wrong(key, column.codec.names.join(', '));
      return lit(letter);
    }
  }
}

/** The column as the text that the wire shows, for patterns. */
function textOf(column: Column, key: string): Sql {
  switch (column.kind) {
    case 'text':
      return column.of;
    case 'number':
      return sql`(${column.of})::text`;
    case 'uuid':
      return sql`replace((${column.of})::text, '-', '')`;
    case 'adler32':
      return sql`lpad(to_hex(${column.of}), 8, '0')`;
    case 'date':
    case 'boolean':
    case 'letter':
      throw wrong(key, 'no wildcard');
  }
}

/** What a criterion asks of a built-in key, as a condition over `dids d`. `ne` also holds for null. */
export function columnCondition(column: Column, criterion: Criterion): Sql {
  const { key, operator, value } = criterion;
  switch (value.kind) {
    case 'missing':
      return operator === 'eq' ? sql`(${column.of}) IS NULL` : sql`(${column.of}) IS NOT NULL`;
    case 'like': {
      const lower = column.kind === 'uuid' || column.kind === 'adler32';
      const pattern = lower ? value.pattern.toLowerCase() : value.pattern;
      const like = sql`${textOf(column, key)} LIKE ${pattern}`;
      return operator === 'eq' ? like : sql`(${like}) IS NOT TRUE`;
    }
    case 'plain':
      return sql`(${column.of}) ${SIGNS[operator]} ${parameter(column, criterion, value)}`;
  }
}
