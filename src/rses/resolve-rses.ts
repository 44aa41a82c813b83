import { sql, type Tx } from '../db/index.js';
import { InvalidRSEExpression } from '../errors/index.js';
import { compileExpression, parseExpression } from './expression/index.js';
import { type Rse, selectRses } from './rse.sql.js';

/** The storage elements that an expression names, by name; perhaps none. Throws InvalidRSEExpression. */
export async function matchRses(tx: Tx, expression: string): Promise<Rse[]> {
  const named = compileExpression(parseExpression(expression));
  return await selectRses(tx, sql`r.deleted_at IS NULL AND r.id IN ${named}`);
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
