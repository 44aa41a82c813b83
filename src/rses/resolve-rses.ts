import { join, lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import { InvalidRSEExpression, SluiceError } from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { compileExpression, parseExpression } from './expression/index.js';
import { type Rse, selectRses, selectRsesOfEach } from './rse.sql.js';

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
    const compiled = compile(expression);
    if (compiled instanceof SluiceError) return [];
    return [sql`SELECT ${lit(at)} AS at, x.id FROM ${compiled} AS x(id)`];
  });
  if (parts.length === 0) return named;
  const found = await rows<{ at: number; id: RseId }>(tx, join(parts, ' UNION ALL '));
  for (const { at, id } of found) named[at]?.push(id);
  return named;
}

/** The storage elements that an expression names, by name. Throws InvalidRSEExpression, also for none. */
export async function resolveRses(tx: Tx, expression: string): Promise<Rse[]> {
  return demandSome(expression, await matchRses(tx, expression));
}

/** What an expression names, by name. Throws InvalidRSEExpression, also for none. */
export type Resolved = (expression: string) => readonly Rse[];

/** Expressions that one statement resolves: planning it grows with them. */
const TOGETHER = 1000;

/**
 * Resolves many expressions at once, equal ones once. What is wrong with one of them is thrown to who
 * asks for it, as `resolveRses` would.
 */
export async function resolveRsesOfEach(tx: Tx, expressions: readonly string[]): Promise<Resolved> {
  const compiled = new Map<string, Sql | SluiceError>();
  for (const expression of new Set(expressions)) compiled.set(expression, compile(expression));
  const readable = [...compiled].flatMap(([expression, set]) =>
    set instanceof SluiceError ? [] : [{ expression, set }],
  );
  const named = new Map<string, readonly Rse[]>();
  for (let from = 0; from < readable.length; from += TOGETHER) {
    const some = readable.slice(from, from + TOGETHER);
    const found = await selectRsesOfEach(
      tx,
      some.map(({ set }) => set),
    );
    some.forEach(({ expression }, at) => named.set(expression, found[at] ?? []));
  }
  return (expression) => {
    const unreadable = compiled.get(expression);
    if (unreadable instanceof SluiceError) throw unreadable;
    const rses = named.get(expression);
    if (!rses) throw new Error(`the expression '${expression}' was not resolved`);
    return demandSome(expression, rses);
  };
}

function demandSome<Rses extends readonly Rse[]>(expression: string, found: Rses): Rses {
  if (found.length > 0) return found;
  throw new InvalidRSEExpression(
    `RSE Expression resulted in an empty set: '${expression}' names no storage element`,
    { expression },
  );
}

function compile(expression: string): Sql | SluiceError {
  try {
    return compileExpression(parseExpression(expression));
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}
