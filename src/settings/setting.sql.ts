import { execute, one, rows, sql, type Tx } from '../db/index.js';

/** One option of the catalogue's own settings, as text. */
export interface Setting {
  readonly section: string;
  readonly option: string;
  readonly value: string;
}

/** The text of one option, or undefined where it is not set. */
export async function setting(
  tx: Tx,
  section: string,
  option: string,
): Promise<string | undefined> {
  const row = await one<{ value: string }>(
    tx,
    sql`SELECT value FROM settings WHERE section = ${section} AND option = ${option}`,
  );
  return row?.value;
}

/** All settings, or those of one section, by section and option. */
export async function listSettings(tx: Tx, section?: string): Promise<Setting[]> {
  return await rows<Setting>(
    tx,
    sql`SELECT section, option, value FROM settings
        WHERE ${section ?? null}::text IS NULL OR section = ${section ?? null}
        ORDER BY section, option`,
  );
}

/** Sets options; those already set are overwritten. An option named twice takes the last value. */
export async function writeSettings(tx: Tx, settings: readonly Setting[]): Promise<void> {
  const last = new Map(settings.map((item) => [`${item.section}\n${item.option}`, item]));
  const items = [...last.values()];
  await execute(
    tx,
    sql`INSERT INTO settings (section, option, value)
        SELECT * FROM unnest(${items.map((item) => item.section)}::text[],
          ${items.map((item) => item.option)}::text[], ${items.map((item) => item.value)}::text[])
          AS given (section, option, value)
        ORDER BY section, option
        ON CONFLICT (section, option) DO UPDATE SET value = EXCLUDED.value, updated_at = now()`,
  );
}

/** Removes one option, or a whole section; gives how many options there were. */
export async function eraseSettings(tx: Tx, section: string, option?: string): Promise<number> {
  return await execute(
    tx,
    sql`DELETE FROM settings WHERE section = ${section}
          AND (${option ?? null}::text IS NULL OR option = ${option ?? null})`,
  );
}
