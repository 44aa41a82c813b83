import { CronTime, validateCronExpression } from 'cron';
import { InvalidObject } from '../errors/index.js';

/** When something is due again and again. */
export interface Calendar {
  /** Minute, hour, day of month, month and day of week. */
  readonly cron: string;
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
}

/** Throws InvalidObject that says what is wrong with an expression or a time zone. */
export function demandCalendar({ cron, timeZone }: Calendar): void {
  const { valid, error } = validateCronExpression(cron);
  if (!valid || cron.trim().split(/\s+/).length !== 5) {
    throw new InvalidObject(
      `Problem validating cron: '${cron}' is not minute, hour, day of month, month and day of week, such as '0 3 * * 1'${error ? ` (${error.message})` : ''}`,
      { field: 'cron' },
    );
  }
  if (!isTimeZone(timeZone)) {
    throw new InvalidObject(
      `Problem validating time_zone: '${timeZone}' is no time zone; say one such as Europe/Paris or UTC`,
      { field: 'time_zone' },
    );
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const HOUR_MS = 3_600_000;

/**
 * The first moment of the calendar after another one. Pure. Throws InvalidObject where there is none, such
 * as the 31st of April.
 */
export function nextMoment({ cron, timeZone }: Calendar, after: Date): Date {
  const times = new CronTime(cron, timeZone);
  for (let from = after; ; from = new Date(from.getTime() + HOUR_MS)) {
    const next = comingFrom(times, from, timeZone);
    if (!next) throw never(cron);
    // In the hour that a clock shows twice it may be one that is over.
    if (next > after) return next;
  }
}

function comingFrom(times: CronTime, from: Date, timeZone: string): Date | undefined {
  try {
    return times.getNextDateFrom(from, timeZone).toJSDate();
  } catch {
    // It looks 8 years ahead.
    return undefined;
  }
}

const never = (cron: string): InvalidObject =>
  new InvalidObject(
    `Problem validating cron: no moment of the next 8 years is '${cron}'; say one that comes, such as '0 3 * * 1'`,
    { field: 'cron' },
  );
