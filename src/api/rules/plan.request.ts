import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { parseObject, parseParameters } from '../wire/index.js';
import { text } from './rule-item.request.js';
import { parseNewRules, type RulesRequest } from './rules.request.js';

/** More rules than that are for several plans. */
const RULES_MAX = 100;
const RSE_LENGTH = 255;

/** What `POST rules/plan` is to plan. */
export type PlanRequest =
  | { readonly kind: 'rules'; readonly rules: readonly RulesRequest[] }
  | { readonly kind: 'leaving'; readonly rse: string };

/** The keys that make a plan something else than that of one rule. */
const KINDS = ['rules', 'rse_leaves'] as const;

/**
 * Reads what is to be planned: a rule as `POST rules` takes it, several as `rules`, or an RSE that
 * leaves. Throws KeyError, InvalidObject, TypeError, ValueError.
 */
export function parsePlan(body: unknown): PlanRequest {
  const given = parseObject(body, 'a plan');
  const kinds = KINDS.filter((kind) => given[kind] !== undefined);
  if (kinds.length + ('dids' in given ? 1 : 0) > 1) {
    throw new InvalidObject(
      `Problem validating a plan: it is of one thing, a rule (dids, copies, rse_expression) or one of ${KINDS.join(', ')}`,
    );
  }
  switch (kinds[0]) {
    case 'rules': {
      const Rules = Type.Object({
        rules: Type.Array(Type.Unknown(), { minItems: 1, maxItems: RULES_MAX }),
      });
      const { rules } = parseParameters(Rules, given, 'a plan');
      return { kind: 'rules', rules: rules.map(parseNewRules) };
    }
    case 'rse_leaves': {
      const Leaving = Type.Object({ rse_leaves: text(RSE_LENGTH) });
      return { kind: 'leaving', rse: parseParameters(Leaving, given, 'a plan').rse_leaves };
    }
    default:
      return { kind: 'rules', rules: [parseNewRules(given)] };
  }
}
