import { join, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { InvalidRSEExpression, SluiceError } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { compileExpression, parseExpression } from './expression/index.js';
import { type Rse, selectRses } from './rse.sql.js';

/** The storage elements that an expression names, by name; perhaps none. Throws InvalidRSEExpression. */
export async function matchRses(tx: Tx, expression: string): Promise<Rse[]> {
  const named = compileExpression(parseExpression(expression));
  return await selectRses(tx, sql`r.deleted_at IS NULL AND r.id IN ${named}`);
}

/**
 * The ids of what each of these stored expressions names, in one statement. One that cannot be read
 * any more names nothing.
 */
export async function matchRsesOfEach(tx: Tx, expressions: readonly string[]): Promise<RseId[][]> {
  const named: RseId[][] = expressions.map(() => []);
  const parts = expressions.flatMap((expression, at) => {
    const compiled = readable(expression);
    return compiled ? [sql`SELECT ${lit(at)} AS at, x.id FROM ${compiled} AS x(id)`] : [];
  });
  if (parts.length === 0) return named;
  const found = await rows<{ at: number; id: RseId }>(tx, join(parts, ' UNION ALL '));
  for (const { at, id } of found) named[at]?.push(id);
  return named;
}

function readable(expression: string): Sql | undefined {
  try {
    return compileExpression(parseExpression(expression));
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** The storage elements that an expression names, by name. Throws InvalidRSEExpression, also for none. */
export async function resolveRses(tx: Tx, expression: string): Promise<Rse[]> {
  const found = await matchRses(tx, expression);
  if (found.length > 0) return found;
  throw new InvalidRSEExpression(
    `RSE Expression resulted in an empty set: '${expression}' names no storage element`,
    { expression },
  );
}
