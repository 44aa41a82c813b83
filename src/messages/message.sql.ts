import { execute, lit, lits, sql, type Sql, type Tx } from '../db/index.js';
import { type EventType, UNTOLD } from './event-type.js';

/** The setting that names, with commas between them, the event types that are not told. */
const SETTING = { section: 'messages', option: 'untold' };

/**
 * The event types that nobody wants to be told, as text[]. Asked once a statement: what is untold
 * altogether costs a look at one setting, and not one payload is made.
 */
const untold: Sql = sql`(coalesce(
  (SELECT string_to_array(translate(s.value, ' ', ''), ',') FROM settings s
    WHERE s.section = ${lit(SETTING.section)} AND s.option = ${lit(SETTING.option)}),
  ARRAY[${lits(UNTOLD)}]))`;

/**
 * Writes one event for each payload into the outbox, in the caller's transaction: what is told
 * happened, and what happened is told. Payloads must be plain JSON (no bigint, no Date).
 */
export async function tell(tx: Tx, eventType: string, payloads: readonly object[]): Promise<void> {
  if (payloads.length === 0) return;
  const texts = payloads.map((payload) => JSON.stringify(payload));
  await execute(
    tx,
    sql`INSERT INTO messages (event_type, payload)
        SELECT ${eventType}, payload FROM unnest(${texts}::json[]) payload
         WHERE ${eventType}::text <> ALL (${untold})`,
  );
}

/** CTE body: one event for each row of `from`, which gives (payload), JSON. */
export const tellFrom = (eventType: EventType, from: Sql): Sql => sql`
  INSERT INTO messages (event_type, payload)
  SELECT ${lit(eventType)}, f.payload FROM (${from}) f WHERE ${lit(eventType)}::text <> ALL (${untold})`;

/**
 * CTE body: one event for each row of `from`, which gives (event_type, payload), of these types and
 * no others. Where all of them are untold, `from` is not read.
 */
export const tellEach = (types: readonly string[], from: Sql): Sql => sql`
  INSERT INTO messages (event_type, payload)
  SELECT f.event_type, f.payload FROM (${from}) f
   WHERE NOT ARRAY[${lits(types)}]::text[] <@ ${untold} AND f.event_type <> ALL (${untold})`;

/** A moment as Rucio's payloads have it: UTC, without saying so. Null stays null. */
export const moment = (at: Sql): Sql => sql`((${at}) AT TIME ZONE 'UTC')::text`;

/** A uuid as the wire shows it: 32 hex digits. */
export const hex = (uuid: Sql): Sql => sql`replace((${uuid})::text, '-', '')`;

/** A checksum that is stored as two's complement, as eight hex digits. */
export const hex8 = (checksum: Sql): Sql => sql`lpad(to_hex(${checksum}), 8, '0')`;
