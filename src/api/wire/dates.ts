import { InvalidObject } from '../../errors/index.js';
import { parseMomentOrDay } from '../../vocabulary/index.js';

/**
 * A moment as JSON bodies carry it: `Fri, 24 Jul 2026 16:01:23 UTC`. Clients turn exactly this form
 * into a datetime and leave every other one (GMT, Z, ISO) as text. The fraction is cut.
 */
export function wireDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TypeError('an invalid date has no wire form');
  return `${date.toUTCString().slice(0, -3)}UTC`;
}

/** `2026-07-24T16:01:23`, UTC: `GET /accounts/{a}` and the usage history speak it. */
export const isoDate = (date: Date): string => date.toISOString().slice(0, 19);

/**
 * Reads a date that a client sent: any form of parseMomentOrDay, or an epoch number (seconds, also
 * as text). null and undefined pass as undefined. Throws InvalidObject that names the field.
 */
export function parseDate(value: unknown, field: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'number' ? value : epochSeconds(value);
  const date =
    seconds === undefined
      ? typeof value === 'string'
        ? parseMomentOrDay(value)
        : undefined
      : new Date(seconds * 1000);
  if (date && !Number.isNaN(date.getTime())) return date;
  throw new InvalidObject(
    `Problem validating ${field}: not a date; send 'Fri, 24 Jul 2026 16:01:23 UTC' or '2026-07-24T16:01:23'`,
    { field },
  );
}

const epochSeconds = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d{1,12}(\.\d{1,9})?$/.test(value) ? Number(value) : undefined;
