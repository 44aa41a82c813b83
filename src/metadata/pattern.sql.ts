import { execute, one, rows, sql, type Tx } from '../db/index.js';
import { InvalidObject } from '../errors/index.js';

/** Those of the texts that an expression fits; letters are compared by their bytes. */
export async function matchTexts(
  tx: Tx,
  regex: string,
  texts: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const found = await rows<{ text: string }>(
    tx,
    sql`SELECT text FROM unnest(${[...texts]}::text[]) AS asked(text)
        WHERE text COLLATE "C" ~ ${regex}`,
  );
  return new Set(found.map(({ text }) => text));
}

/** The first of these whose expression does not fit its text; undefined where all fit. */
export async function firstMisfit<Item extends { readonly regex: string; readonly text: string }>(
  tx: Tx,
  items: readonly Item[],
): Promise<Item | undefined> {
  if (items.length === 0) return undefined;
  const misfit = await one<{ at: bigint }>(
    tx,
    sql`SELECT at FROM unnest(${items.map(({ regex }) => regex)}::text[],
                              ${items.map(({ text }) => text)}::text[])
          WITH ORDINALITY AS asked(regex, text, at)
        WHERE text COLLATE "C" !~ regex ORDER BY at LIMIT 1`,
  );
  return misfit && items[Number(misfit.at) - 1];
}

/** What an expression may take on the longest name there can be. */
const PATIENCE_MS = 1000;
const SAMPLE = 'a'.repeat(250);

/**
 * Throws InvalidObject that names `field` for an expression that the database cannot read, or finds
 * too complex. The transaction is of no use afterwards.
 */
export async function demandPattern(tx: Tx, regex: string, field: string): Promise<void> {
  await execute(
    tx,
    sql`SELECT set_config('sluice.patience', current_setting('statement_timeout'), true),
               set_config('statement_timeout', ${String(PATIENCE_MS)}, true)`,
  );
  try {
    await matchTexts(tx, regex, [SAMPLE]);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code !== '2201B' && code !== '57014') throw error;
    const why = code === '57014' ? 'takes too long' : String(message);
    throw new InvalidObject(`Problem validating ${field}: ${why}`, { field });
  }
  await execute(
    tx,
    sql`SELECT set_config('statement_timeout', current_setting('sluice.patience'), true)`,
  );
}
