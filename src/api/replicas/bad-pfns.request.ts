import { Type } from 'typebox';
import { InputValidationError, ValueError } from '../../errors/index.js';
import { parseDate, parseParameters } from '../wire/index.js';

/** What may be said of physical names. */
export const PfnStates = ['BAD', 'SUSPICIOUS', 'TEMPORARY_UNAVAILABLE', 'AVAILABLE'] as const;
export type PfnState = (typeof PfnStates)[number];

/** The command line sends so many at once. */
const PFNS_MAX = 10_000;
const DAY_MS = 86_400_000;

const BadPfns = Type.Object({
  reason: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  pfns: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
    minItems: 1,
    maxItems: PFNS_MAX,
  }),
  state: Type.String(),
  expires_at: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])),
});

export interface PfnDeclaration {
  readonly reason: string;
  readonly pfns: readonly string[];
  readonly state: PfnState;
  /** Set if and only if the state is TEMPORARY_UNAVAILABLE. */
  readonly expiresAt: Date | undefined;
}

/**
 * Throws ValueError (no such state), InputValidationError (TEMPORARY_UNAVAILABLE without its end, an
 * end that has passed or is too far away, or an end of any other state), InvalidObject (no date).
 */
export function parsePfnDeclaration(
  body: unknown,
  { now, restDaysMax }: { readonly now: Date; readonly restDaysMax: number },
): PfnDeclaration {
  const given = parseParameters(BadPfns, body, 'bad pfns');
  const state = PfnStates.find((name) => name === given.state.toUpperCase());
  if (!state) throw new ValueError(`state takes ${PfnStates.join(', ')}, not '${given.state}'`);
  const expiresAt = parseDate(given.expires_at, 'expires_at');
  if (state !== 'TEMPORARY_UNAVAILABLE' && expiresAt) {
    throw new InputValidationError(`expires_at is for TEMPORARY_UNAVAILABLE, not for ${state}`);
  }
  if (state === 'TEMPORARY_UNAVAILABLE') demandEnd(expiresAt, now, restDaysMax);
  return { reason: given.reason ?? '', pfns: given.pfns, state, expiresAt };
}

function demandEnd(expiresAt: Date | undefined, now: Date, restDaysMax: number): void {
  if (!expiresAt) {
    throw new InputValidationError('TEMPORARY_UNAVAILABLE needs expires_at: until when');
  }
  if (expiresAt <= now) throw new InputValidationError('expires_at has passed');
  if (expiresAt.getTime() - now.getTime() > restDaysMax * DAY_MS) {
    throw new InputValidationError(`expires_at is more than ${restDaysMax} days away`);
  }
}

const Quarantine = Type.Object({
  rse: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  rse_id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  replicas: Type.Array(
    Type.Object({
      path: Type.String({ minLength: 1, maxLength: 4096 }),
      scope: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    }),
    { maxItems: PFNS_MAX },
  ),
});

export interface QuarantineRequest {
  readonly rse: string | undefined;
  readonly rseId: string | undefined;
  readonly files: readonly {
    readonly path: string;
    readonly scope: string | null;
    readonly name: string | null;
  }[];
}

/** Throws ValueError unless the RSE is named either way, and only one. */
export function parseQuarantine(body: unknown): QuarantineRequest {
  const given = parseParameters(Quarantine, body, 'quarantined replicas');
  const [rse, rseId] = [given.rse ?? undefined, given.rse_id ?? undefined];
  if ((rse === undefined) === (rseId === undefined)) {
    throw new ValueError('Give either rse or rse_id');
  }
  const files = given.replicas.map(({ path, scope = null, name = null }) => ({
    path,
    scope,
    name,
  }));
  return { rse, rseId, files };
}
