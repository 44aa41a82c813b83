import { Type } from 'typebox';
import { UnsupportedStatus } from '../../errors/index.js';
import { type BackfillChange } from '../../subscriptions/index.js';
import { BackfillState, BackfillStateCodec } from '../../vocabulary/index.js';
import { parseParameters } from '../wire/index.js';

const perMinute = Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 }));
const flag = Type.Optional(Type.Boolean());

const NewBackfill = Type.Object(
  { dry_run: flag, per_minute: perMinute, again: flag },
  { additionalProperties: false },
);
const Change = Type.Object(
  { state: Type.Optional(Type.String({ maxLength: 20 })), per_minute: perMinute },
  { additionalProperties: false },
);

/** The body of `POST subscriptions/{account}/{name}/backfill`. */
export interface BackfillRequest {
  readonly dryRun: boolean;
  /** DIDs a minute; undefined is as configured. */
  readonly perMinute: number | undefined;
  readonly again: boolean;
}

/** Throws ValueError, KeyError, InvalidObject. */
export function parseNewBackfill(body: unknown): BackfillRequest {
  const given = parseParameters(NewBackfill, body, 'a backfill');
  return {
    dryRun: given.dry_run ?? false,
    perMinute: given.per_minute,
    again: given.again ?? false,
  };
}

/** The body of `PUT subscriptions/{account}/{name}/backfill`. Throws the same, and UnsupportedStatus. */
export function parseBackfillChange(body: unknown): BackfillChange {
  const { state: name, per_minute: rate } = parseParameters(Change, body, 'a backfill');
  const state = name === undefined ? undefined : BackfillStateCodec.parse(name);
  if (name !== undefined && (state === undefined || state === BackfillState.DONE)) {
    throw new UnsupportedStatus(
      `A backfill can be RUNNING, PAUSED or CANCELLED by request, not '${name}'`,
      { state: name },
    );
  }
  return { state, perMinute: rate };
}
