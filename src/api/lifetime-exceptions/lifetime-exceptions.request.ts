import { Type } from 'typebox';
import { UnsupportedOperation } from '../../errors/index.js';
import {
  type DidName,
  LifetimeExceptionState,
  LifetimeExceptionStateCodec,
} from '../../vocabulary/index.js';
import { parseDate, parseParameters } from '../wire/index.js';

const text = (maxLength: number) => Type.Union([Type.String({ maxLength }), Type.Null()]);
const Did = Type.Object({
  scope: Type.String({ minLength: 1, maxLength: 250 }),
  name: Type.String({ minLength: 1, maxLength: 500 }),
});

const NewException = Type.Object({
  dids: Type.Array(Did, { maxItems: 100_000 }),
  account: Type.Optional(text(250)),
  pattern: Type.Optional(text(4000)),
  comments: Type.Optional(text(4000)),
  expires_at: Type.Optional(
    Type.Union([Type.String({ maxLength: 40 }), Type.Number(), Type.Null()]),
  ),
});

/** The body of `POST lifetime_exceptions/`. */
export interface ExceptionRequest {
  readonly dids: readonly DidName[];
  /** Null: the caller's. */
  readonly account: string | null;
  readonly pattern: string | null;
  readonly comments: string | null;
  readonly expiresAt: Date | null;
}

/** Throws KeyError, ValueError, InvalidObject. */
export function parseNewException(body: unknown): ExceptionRequest {
  const given = parseParameters(NewException, body, 'a lifetime exception');
  return {
    dids: given.dids.map(({ scope, name }) => ({ scope, name })),
    account: given.account || null,
    pattern: given.pattern || null,
    comments: given.comments || null,
    expiresAt: parseDate(given.expires_at, 'expires_at') ?? null,
  };
}

const Decision = Type.Object({ state: Type.String({ maxLength: 20 }) });

/** The body of `PUT lifetime_exceptions/{id}`: approved or rejected, as letter or name. */
export function parseDecision(body: unknown): LifetimeExceptionState {
  const { state: given } = parseParameters(Decision, body, 'a decision');
  const state = LifetimeExceptionStateCodec.parse(given);
  if (state === LifetimeExceptionState.APPROVED || state === LifetimeExceptionState.REJECTED) {
    return state;
  }
  throw new UnsupportedOperation(
    `A lifetime exception is decided by the state A (approved) or R (rejected), not '${given}'`,
    { field: 'state' },
  );
}
