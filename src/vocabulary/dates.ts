const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const WIRE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:UTC|GMT)$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z?$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A UTC instant from its parts, or undefined where the calendar has no such moment (31 February). */
function instant(parts: readonly number[], ms: number): Date | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second, ms);
  const same =
    date.getUTCMonth() === month &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return same ? date : undefined;
}

/**
 * Reads every form of a moment that clients send, all of them UTC: `Fri, 24 Jul 2026 16:01:23 UTC`
 * (also GMT), `2026-07-24T16:01:23` or with a blank, each with a fraction and a Z at will. Gives
 * undefined for anything else. Microseconds are cut to milliseconds.
 */
export function parseMoment(text: string): Date | undefined {
  const wire = WIRE.exec(text);
  if (wire) {
    const month = MONTHS.indexOf(wire[2] ?? '');
    const [day, year, ...time] = [wire[1], wire[3], wire[4], wire[5], wire[6]].map(Number);
    return month < 0 ? undefined : instant([year ?? 0, month, day ?? 0, ...time], 0);
  }
  const iso = ISO.exec(text);
  if (!iso) return undefined;
  const [year = 0, month = 0, ...rest] = iso.slice(1, 7).map(Number);
  return instant([year, month - 1, ...rest], Number((iso[7] ?? '').padEnd(3, '0').slice(0, 3)));
}

/** As parseMoment, and a bare day `2026-07-24`, which is its midnight UTC. */
export function parseMomentOrDay(text: string): Date | undefined {
  const day = DAY.exec(text);
  if (!day) return parseMoment(text);
  return instant([Number(day[1]), Number(day[2]) - 1, Number(day[3])], 0);
}
