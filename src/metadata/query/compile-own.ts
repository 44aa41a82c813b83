import { sql, type Sql } from '../../db/index.js';
import { DIDFilterSyntaxError } from '../../errors/index.js';
import { type Criterion, type Operator, type Plain } from './filter.js';

type Order = Exclude<Operator, 'eq' | 'ne'>;
type Sign = '>' | '>=' | '<' | '<=';

const SIGNS: Readonly<Record<Order, Sign>> = { gt: '>', gte: '>=', lt: '<', lte: '<=' };

// Constant paths, whatever the client asks: the key goes in by `->`, the value by the variable v.
// Inside a filter a failing .double() or .datetime() is "no match", never an error.

/** Text that is a number: command lines store every value as text. */
const numberPath = (sign: Sign): string => `$ ? (@.type() == "string" && @.double() ${sign} $v)`;

/** Dates are stored as clients write them: as the wire's text or ISO. */
const datePath = (sign: Sign): string =>
  `$ ? (@.type() == "string" && (@.datetime() ${sign} $v.datetime() || ` +
  `@.datetime("Dy, DD Mon YYYY HH24:MI:SS \\"UTC\\"") ${sign} $v.datetime()))`;

const textPath = (sign: Sign): string => `$ ? (@.type() == "string" && @ ${sign} $v)`;

/** A plain value as JSON; bigint stays exact. */
const jsonOf = (value: string | number | bigint | boolean): string =>
  typeof value === 'bigint' ? value.toString() : JSON.stringify(value);

const containing = (key: string, json: string): Sql =>
  sql`m.meta @> ${`{${JSON.stringify(key)}:${json}}`}::jsonb`;

/** Equal as what it means or as the text it was written in; both forms use the GIN index. */
function equality(key: string, { text, meaning }: Plain): Sql {
  const asText = containing(key, JSON.stringify(text));
  if (typeof meaning === 'string' || meaning instanceof Date) return asText;
  return sql`(${containing(key, jsonOf(meaning))} OR ${asText})`;
}

function order(key: string, operator: Order, { meaning }: Plain): Sql {
  const sign = SIGNS[operator];
  if (typeof meaning === 'boolean') {
    throw new DIDFilterSyntaxError(`filters: ${key}.${operator} takes a number, a date or text`, {
      key,
    });
  }
  const [path, value] =
    typeof meaning === 'string'
      ? [textPath(sign), meaning]
      : meaning instanceof Date
        ? [datePath(sign), meaning.toISOString().slice(0, 19)]
        : [numberPath(sign), meaning];
  const found = sql`m.meta -> ${key}::text`;
  const holds = sql`jsonb_path_exists_tz(${found}, ${path}::jsonpath, ${`{"v":${jsonOf(value)}}`}::jsonb)`;
  if (path !== numberPath(sign)) return holds;
  // Two JSON numbers compare as numerics, at a third of what a path costs.
  return sql`CASE jsonb_typeof(${found})
    WHEN 'number' THEN ${comparison(found, sign, sql`${jsonOf(value)}::jsonb`)} ELSE ${holds} END`;
}

function comparison(left: Sql, sign: Sign, right: Sql): Sql {
  switch (sign) {
    case '>':
      return sql`(${left}) > ${right}`;
    case '>=':
      return sql`(${left}) >= ${right}`;
    case '<':
      return sql`(${left}) < ${right}`;
    case '<=':
      return sql`(${left}) <= ${right}`;
  }
}

/**
 * What a criterion asks of a key of one's own, as a condition over `did_meta m` (which may be all
 * null: a DID without metadata). Keys and values are parameters. `ne` also holds where the key is
 * missing. Throws DIDFilterSyntaxError for an order of booleans.
 */
export function ownCondition({ key, operator, value }: Criterion): Sql {
  switch (value.kind) {
    case 'missing': {
      const isNull = sql`coalesce(m.meta -> ${key}::text, 'null') = 'null'`;
      return operator === 'eq' ? isNull : sql`NOT (${isNull})`;
    }
    case 'like': {
      const like = sql`(m.meta ->> ${key}::text) LIKE ${value.pattern}`;
      return operator === 'eq' ? like : sql`(${like}) IS NOT TRUE`;
    }
    case 'plain':
      if (operator === 'eq') return equality(key, value);
      if (operator === 'ne') return sql`(${equality(key, value)}) IS NOT TRUE`;
      return order(key, operator, value);
  }
}
