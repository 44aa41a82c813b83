import { Type } from 'typebox';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { orNull, parseParameters } from '../wire/index.js';
import {
  placedProperties,
  readRule,
  type RequestedRule,
  ruleProperties,
  seconds,
} from './rule-item.request.js';

const name = (maxLength: number) => Type.String({ minLength: 1, maxLength });

const dids = Type.Array(
  Type.Object({ scope: name(Limits.scopeLength), name: name(Limits.didNameLength) }),
  { minItems: 1, maxItems: Limits.bulkItems },
);
const NewRules = Type.Object({ dids, ...ruleProperties });
const PlacedRules = Type.Object({ dids, ...placedProperties });

/** The body of `POST rules`. */
export interface RulesRequest {
  readonly dids: readonly DidName[];
  readonly rule: RequestedRule;
}

/** Throws KeyError, InvalidObject, TypeError, ValueError, InvalidReplicationRule, InvalidRSEExpression. */
export function parseNewRules(body: unknown): RulesRequest {
  const placed =
    typeof body === 'object' && body !== null && ('placement' in body || 'phases' in body);
  const given = parseParameters(placed ? PlacedRules : NewRules, body, 'a rule');
  return {
    dids: given.dids.map(({ scope, name }) => ({ scope, name })),
    rule: readRule(given),
  };
}

/** The body of `DELETE rules/{id}`: whether replicas are purged, or as the rule says. */
export function parseDeletion(body: unknown): boolean | undefined {
  if (body === undefined || body === null) return undefined;
  const Deletion = Type.Object({
    purge_replicas: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  });
  return parseParameters(Deletion, body, 'a deletion').purge_replicas ?? undefined;
}

/** The body of `POST rules/{id}/restore`, which may be missing. Throws InvalidObject, TypeError. */
export function parseRestoration(body: unknown): { lifetime: number | null; copyAgain: boolean } {
  const Restored = Type.Object(
    { lifetime: orNull(seconds), copy_again: orNull(Type.Boolean()) },
    { additionalProperties: false },
  );
  const given = parseParameters(Restored, body ?? {}, 'a restoration');
  return { lifetime: given.lifetime ?? null, copyAgain: given.copy_again ?? false };
}
