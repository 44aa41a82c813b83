import { Type } from 'typebox';
import { text } from '../rules/rule-item.request.js';
import { parseParameters } from '../wire/index.js';
import { strict } from './job-order.request.js';

const calendar = { cron: text(200), time_zone: text(100) };
const NewSchedule = Type.Object(
  { cron: calendar.cron, time_zone: Type.Optional(calendar.time_zone), job: Type.Unknown() },
  strict,
);
const ScheduleUpdate = Type.Object(
  {
    cron: Type.Optional(calendar.cron),
    time_zone: Type.Optional(calendar.time_zone),
    enabled: Type.Optional(Type.Boolean()),
  },
  { ...strict, minProperties: 1 },
);

/** The body of `POST jobs/schedules`. The job is as `POST jobs` takes it. */
export function parseSchedule(body: unknown): { cron: string; timeZone: string; job: unknown } {
  const given = parseParameters(NewSchedule, body, 'a schedule');
  return { cron: given.cron, timeZone: given.time_zone ?? 'UTC', job: given.job };
}

/** The body of `PUT jobs/schedules/{id}`. */
export function parseScheduleUpdate(body: unknown) {
  const { cron, time_zone: timeZone, enabled } = parseParameters(ScheduleUpdate, body, 'a change');
  return {
    ...(cron !== undefined && { cron }),
    ...(timeZone !== undefined && { timeZone }),
    ...(enabled !== undefined && { enabled }),
  };
}
