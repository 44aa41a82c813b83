import { type Static, Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { DEFAULT_POLICY, ON_DRIFT, ON_STUCK, type RepairPolicy } from '../../rules/index.js';
import { orNull } from '../wire/index.js';

/** The key `repair` of a rule: how it wants to be repaired. Null is as the settings say. */
export const RepairItem = orNull(
  Type.Object(
    {
      on_stuck: orNull(Type.String()),
      /** Repairs of the rule; with `elsewhere` failures of a lock. */
      attempts: orNull(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
      /** Seconds. */
      after: orNull(Type.Number({ minimum: 0, maximum: 3_155_760_000 })),
      drift: orNull(Type.String()),
    },
    { additionalProperties: false },
  ),
);

/**
 * Reads a checked policy. Throws InvalidObject for an unknown word, and where a bound is given to
 * `retry`, which has none.
 */
export function readRepair(given: Static<typeof RepairItem> | undefined): RepairPolicy | null {
  if (given === undefined || given === null) return null;
  const policy: RepairPolicy = {
    onStuck: oneOf('on_stuck', ON_STUCK, given.on_stuck) ?? DEFAULT_POLICY.onStuck,
    attempts: given.attempts ?? null,
    afterSeconds: given.after ?? null,
    drift: oneOf('drift', ON_DRIFT, given.drift) ?? DEFAULT_POLICY.drift,
  };
  if (policy.onStuck === 'retry' && (policy.attempts !== null || policy.afterSeconds !== null)) {
    throw new InvalidObject(
      "Problem validating repair: with on_stuck 'retry' a rule is tried again without end; attempts and after are for suspend, alert and elsewhere",
      { field: 'repair' },
    );
  }
  return policy;
}

function oneOf<Word extends string>(
  field: string,
  known: readonly Word[],
  given: string | null | undefined,
): Word | undefined {
  if (given === null || given === undefined) return undefined;
  const found = known.find((word) => word === given.toLowerCase());
  if (found !== undefined) return found;
  throw new InvalidObject(
    `Problem validating repair.${field}: '${given}' is none of ${known.join(', ')}`,
    { field: `repair.${field}` },
  );
}

/** A policy as a client gives it. */
export const presentRepair = (policy: RepairPolicy | null) =>
  policy && {
    on_stuck: policy.onStuck,
    attempts: policy.attempts,
    after: policy.afterSeconds,
    drift: policy.drift,
  };
