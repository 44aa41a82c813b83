import { sql, type Sql } from '../db/index.js';
import { type DidId, type RseId, type RuleId } from '../vocabulary/index.js';
import { type SliceRule } from './startable.sql.js';

/** A dataset that stays together, and one RSE that all its files come to. */
export interface PlacedDataset {
  readonly didId: DidId;
  readonly rseId: RseId;
}

/** The rule, or the rules, that a slice is placed for. */
export interface Ownership {
  readonly rule: SliceRule;
  /** Each file has a rule of its own among these, which differ from `rule` in nothing but the id. */
  readonly ruleIds?: readonly RuleId[];
  /** Each of these datasets has one of `ruleIds` and these RSEs; one file may be in several of them. */
  readonly datasets?: readonly PlacedDataset[];
}

/** Whose locks and requests a slice makes. */
export interface Owner {
  readonly id: Sql;
  readonly column: Sql;
  readonly copies: (upserted: Sql) => Sql;
  /** The CTE that has each copy once. */
  readonly made: Sql;
  readonly locks?: (copy: Sql) => Sql;
}

/** The rule of a slice's locks and requests: known, or a column of the CTE `copies`. */
export function ownerOf({ rule, ruleIds, datasets }: Ownership): Owner {
  if (ruleIds === undefined) {
    const copies = (upserted: Sql): Sql => sql`copies AS (${upserted})`;
    return { id: sql`${rule.id}::bigint`, column: sql``, copies, made: sql`copies` };
  }
  if (datasets) return ownersOfDatasets(ruleIds, datasets);
  // `+ 0`: by the file, which has few rules, not one descent of the primary key for each id.
  const ofFile = sql`(SELECT x.id FROM rules x
    WHERE x.did_id = u.did_id AND (x.id + 0) = ANY (${[...ruleIds]}::bigint[]))`;
  return {
    id: sql`rule_id`,
    column: sql`, rule_id`,
    copies: (upserted) => sql`upserted AS (${upserted}),
      copies AS MATERIALIZED (SELECT u.*, ${ofFile} AS rule_id FROM upserted u)`,
    made: sql`upserted`,
  };
}

/** A copy has a lock, and a row of `copies`, for each of the datasets that it is placed for. */
function ownersOfDatasets(ruleIds: readonly RuleId[], datasets: readonly PlacedDataset[]): Owner {
  const places = datasets.map(({ didId, rseId }) => `${didId}@${rseId}`);
  const isPlace = (rse: Sql): Sql =>
    sql`(ct.parent_id::text || '@' || ${rse}::text) = ANY (${places}::text[])`;
  return {
    id: sql`rule_id`,
    column: sql`, rule_id`,
    copies: (upserted) => sql`upserted AS (${upserted}),
      copies AS MATERIALIZED (
        SELECT u.*, x.rule_id FROM upserted u CROSS JOIN LATERAL (
          SELECT w.id AS rule_id
            FROM (SELECT ct.parent_id FROM contents ct
                   WHERE ct.child_id = u.did_id AND ${isPlace(sql`u.rse_id`)} OFFSET 0) p
           CROSS JOIN LATERAL (
             SELECT n.id FROM rules n
              WHERE n.did_id = p.parent_id AND (n.id + 0) = ANY (${[...ruleIds]}::bigint[]) OFFSET 0) w) x)`,
    made: sql`upserted`,
    locks: (copy) => sql`(SELECT count(*)::int FROM contents ct
      WHERE ct.child_id = ${copy}.did_id AND ${isPlace(sql`${copy}.rse_id`)})`,
  };
}
