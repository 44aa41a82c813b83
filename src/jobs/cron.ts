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

/** The first moment of the calendar after another one. Pure. */
export const nextMoment = ({ cron, timeZone }: Calendar, after: Date): Date =>
  new CronTime(cron, timeZone).getNextDateFrom(after, timeZone).toJSDate();
