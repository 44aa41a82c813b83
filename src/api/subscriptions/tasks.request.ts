import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { TaskState, TaskStateCodec } from '../../vocabulary/index.js';
import { parseInteger, parseParameters, parseText } from '../wire/index.js';

const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }));
const lease = Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 }));

const Claim = Type.Object(
  {
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    consumer: text(255),
    lease_seconds: lease,
  },
  { additionalProperties: false },
);
const Change = Type.Object(
  {
    state: Type.String({ maxLength: 20 }),
    from: text(20),
    consumer: text(255),
    external_id: text(255),
    error: text(4000),
    lease_seconds: lease,
  },
  { additionalProperties: false },
);

/** The body of `POST subscriptions/{account}/{name}/tasks/claim`. */
export function parseClaim(body: unknown) {
  const given = parseParameters(Claim, body ?? {}, 'a claim');
  return {
    count: given.count ?? 1,
    consumer: given.consumer ?? null,
    leaseSeconds: given.lease_seconds ?? null,
  };
}

/** The body of `PUT subscriptions/{account}/{name}/tasks/{number}`. */
export function parseTaskChange(body: unknown) {
  const given = parseParameters(Change, body, 'a task');
  const state = stateOf(given.state, 'state');
  if (state === TaskState.WAITING) {
    throw new InvalidObject(
      'Problem validating state: a task has left WAITING; it can be NEW, ASSIGNED, RUNNING, DONE or FAILED',
      { field: 'state' },
    );
  }
  return {
    state,
    from: given.from === undefined ? undefined : stateOf(given.from, 'from'),
    consumer: given.consumer,
    externalId: given.external_id,
    error: given.error,
    leaseSeconds: given.lease_seconds,
  };
}

/** A state in a query: a name or a letter; absent is any. */
export function parseTaskState(value: unknown): TaskState | undefined {
  const given = parseText(value, 'state');
  return given === undefined ? undefined : stateOf(given, 'state');
}

function stateOf(given: string, field: string): TaskState {
  const state = TaskStateCodec.parse(given);
  if (state) return state;
  throw new InvalidObject(
    `Problem validating ${field}: '${given}' is none of ${TaskStateCodec.names.join(', ')}`,
    { field },
  );
}

/** The number in a path. Throws ValueError. */
export const parseNumber = (value: unknown): number =>
  parseInteger(value, 'number', { min: 1, max: 2_147_483_647 }) ?? 0;
