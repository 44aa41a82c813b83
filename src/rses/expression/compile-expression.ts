import { lit, sql, type Sql } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { RseTypeCodec } from '../../vocabulary/index.js';
import { type Comparison, type Expression } from './tree.js';

/** A key that names a column of `rses r` and not an attribute. */
type Column = { readonly kind: 'text' | 'boolean' | 'number' | 'type'; readonly column: Sql };

const text = (column: Sql): Column => ({ kind: 'text', column });
const boolean = (column: Sql): Column => ({ kind: 'boolean', column });
const number = (column: Sql): Column => ({ kind: 'number', column });

const COLUMNS: ReadonlyMap<string, Column> = new Map([
  ['rse', text(sql`r.name`)],
  ['rse_type', { kind: 'type', column: sql`r.type` }],
  ['deterministic', boolean(sql`r.deterministic`)],
  ['volatile', boolean(sql`r.volatile`)],
  ['staging_area', boolean(sql`r.staging_area`)],
  ['availability_read', boolean(sql`r.availability_read`)],
  ['availability_write', boolean(sql`r.availability_write`)],
  ['availability_delete', boolean(sql`r.availability_delete`)],
  [
    'availability',
    number(
      sql`(4 * r.availability_read::int + 2 * r.availability_write::int + r.availability_delete::int)`,
    ),
  ],
  ['city', text(sql`r.city`)],
  ['region_code', text(sql`r.region_code`)],
  ['country_name', text(sql`r.country_name`)],
  ['continent', text(sql`r.continent`)],
  ['time_zone', text(sql`r.time_zone`)],
  ['ISP', text(sql`r.isp`)],
  ['ASN', text(sql`r.asn`)],
  ['qos_class', text(sql`r.qos_class`)],
  ['latitude', number(sql`r.latitude`)],
  ['longitude', number(sql`r.longitude`)],
]);

const NUMBER = /^-?\d+([eE]-?\d{1,3})?$/;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const ORDER = { '=': sql`=`, '<': sql`<`, '>': sql`>` } as const;

const wrongValue = ({ key, value }: Comparison, wanted: string): InvalidObject =>
  new InvalidObject(`RSE expression: ${key} takes ${wanted}, not '${value}'`, { key, value });

/** `column < value` as numbers. Text that is no number never matches, and never fails the statement. */
function textOrder(column: Sql, { operator, value }: Comparison): Sql {
  if (!NUMBER.test(value)) return sql`false`;
  return sql`CASE WHEN ${column} ~ '^[-+]?[0-9]{1,100}([.][0-9]{1,100})?([eE][-+]?[0-9]{1,3})?$'
    THEN ${column}::numeric ${ORDER[operator]} ${value}::numeric ELSE false END`;
}

function columnCondition({ kind, column }: Column, comparison: Comparison): Sql {
  const { operator, value } = comparison;
  const order = operator !== '=';
  switch (kind) {
    case 'text':
      return order ? textOrder(column, comparison) : sql`${column} = ${value}`;
    case 'number':
      if (!NUMBER.test(value)) {
        if (order) return sql`false`;
        throw wrongValue(comparison, 'a number');
      }
      return sql`${column}::numeric ${ORDER[operator]} ${value}::numeric`;
    case 'boolean': {
      if (order) return sql`false`;
      const wanted = BOOLEANS.get(value.toLowerCase());
      if (wanted === undefined) throw wrongValue(comparison, 'true or false');
      return wanted ? column : sql`NOT ${column}`;
    }
    case 'type': {
      if (order) return sql`false`;
      const letter = RseTypeCodec.letter(value);
      if (letter === undefined) throw wrongValue(comparison, RseTypeCodec.names.join(' or '));
      return sql`${column} = ${lit(letter)}`;
    }
  }
}

/** Attributes hold true and false in lower case, whatever the client wrote. */
const attributeText = (value: string): string =>
  /^(true|false)$/i.test(value) ? value.toLowerCase() : value;

const havingAttribute = (key: string, condition: Sql): Sql =>
  sql`EXISTS (SELECT FROM rse_attributes a WHERE a.rse_id = r.id AND a.key = ${key} AND ${condition})`;

function comparisonCondition(comparison: Comparison): Sql {
  const { key, operator, value } = comparison;
  const column = COLUMNS.get(key);
  if (column) return columnCondition(column, comparison);
  const condition =
    operator === '=' ? sql`a.value = ${attributeText(value)}` : textOrder(sql`a.value`, comparison);
  return havingAttribute(key, condition);
}

const those = (condition: Sql): Sql =>
  sql`(SELECT r.id FROM rses r WHERE r.deleted_at IS NULL AND ${condition})`;

/**
 * Compiles an expression to one statement in parentheses that gives the ids of the storage elements
 * it names, deleted ones never. Every node keeps its own parentheses, because SQL binds INTERSECT
 * tighter than UNION and EXCEPT. Values are parameters. Throws InvalidObject where a column cannot
 * have the value (`rse_type=FOO`).
 */
export function compileExpression(tree: Expression): Sql {
  switch (tree.kind) {
    case 'all':
      return those(sql`true`);
    case 'name':
      return those(havingAttribute(tree.name, sql`a.value = 'true'`));
    case 'comparison':
      return those(comparisonCondition(tree));
    case 'union':
      return sql`(${compileExpression(tree.left)} UNION ${compileExpression(tree.right)})`;
    case 'intersection':
      return sql`(${compileExpression(tree.left)} INTERSECT ${compileExpression(tree.right)})`;
    case 'difference':
      return sql`(${compileExpression(tree.left)} EXCEPT ${compileExpression(tree.right)})`;
  }
}
