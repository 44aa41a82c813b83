import { lit, sql, type Sql } from '../db/index.js';
import { DidAvailability } from '../vocabulary/index.js';

/** CTE body: files of which no good copy is left. `from` gives (did_id). Gives (did_id), each that was not LOST. */
export const loseFiles = (from: Sql, now: Date): Sql =>
  turn(from, now, DidAvailability.AVAILABLE, DidAvailability.LOST);

/** CTE body: lost files that have a good copy again. `from` gives (did_id). Gives (did_id), each that was LOST. */
export const regainFiles = (from: Sql, now: Date): Sql =>
  turn(from, now, DidAvailability.LOST, DidAvailability.AVAILABLE);

const turn = (from: Sql, now: Date, before: DidAvailability, after: DidAvailability): Sql => sql`
  UPDATE dids d SET availability = ${lit(after)}, updated_at = ${now}::timestamptz
   WHERE d.id IN (SELECT f.did_id FROM (${from}) f) AND d.availability = ${lit(before)}
  RETURNING d.id AS did_id`;
