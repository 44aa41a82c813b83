import { sql, type Tx } from '../db/index.js';
import { RSENotFound } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type Rse, selectRses } from './rse.sql.js';

/** The storage element of that name. Throws RSENotFound (deleted ones are not found). */
export async function findRse(tx: Tx, name: string): Promise<Rse> {
  const [rse] = await selectRses(tx, sql`r.name = ${name} AND r.deleted_at IS NULL`);
  if (!rse) throw new RSENotFound(`RSE '${name}' cannot be found`, { rse: name });
  return rse;
}

/**
 * The storage elements of these names, by name. Throws RSENotFound for the first that is none (deleted
 * ones are not found).
 */
export async function findRses(tx: Tx, names: readonly string[]): Promise<Map<string, Rse>> {
  const found = await selectRses(
    tx,
    sql`r.name = ANY(${[...names]}::text[]) AND r.deleted_at IS NULL`,
  );
  const byName = new Map(found.map((rse) => [rse.name, rse]));
  const missing = names.find((name) => !byName.has(name));
  if (missing !== undefined) {
    throw new RSENotFound(`RSE '${missing}' cannot be found`, { rse: missing });
  }
  return byName;
}

/** All storage elements that are not deleted, by name. */
export async function listRses(tx: Tx): Promise<Rse[]> {
  return await selectRses(tx, sql`r.deleted_at IS NULL`);
}

/** The ids of those of these names that are storage elements and not deleted. */
export async function rseIdsByName(tx: Tx, names: readonly string[]): Promise<Map<string, RseId>> {
  const found = await selectRses(
    tx,
    sql`r.name = ANY(${[...names]}::text[]) AND r.deleted_at IS NULL`,
  );
  return new Map(found.map(({ id, name }) => [name, id]));
}

/** The storage elements with these ids, deleted ones included: old rows still name them. */
export async function rsesById(tx: Tx, ids: readonly RseId[]): Promise<Map<RseId, Rse>> {
  if (ids.length === 0) return new Map();
  const found = await selectRses(tx, sql`r.id = ANY(${[...ids]}::int[])`);
  return new Map(found.map((rse) => [rse.id, rse]));
}
