import { Type } from 'typebox';
import { UnsupportedOperation } from '../../errors/index.js';
import {
  type PlacementConstraints,
  type RuleOverride,
  type RuleReduction,
} from '../../rules/index.js';
import { Limits } from '../../vocabulary/index.js';
import { orNull, parseObject, parseParameters } from '../wire/index.js';
import { readPlacement, readRule, ruleProperties, text } from './rule-item.request.js';

/** The body of `POST rules/{id}/reduce`. */
export function parseReduction(body: unknown): RuleReduction {
  const Reduction = Type.Object({
    copies: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    exclude_expression: orNull(text(Limits.expressionLength)),
    placement: ruleProperties.placement,
  });
  const { copies, placement, ...given } = parseParameters(Reduction, body, 'a reduction');
  const { constraints } = placement ? readPlacement({ copies, placement }) : { constraints: null };
  return { copies, exclude: given.exclude_expression || null, constraints };
}

/** The body of `POST rules/{id}/move`. The account of the override has to be looked up. */
export interface RuleMove {
  readonly rseExpression: string;
  /** Null where none is asked for. */
  readonly constraints: PlacementConstraints | null;
  readonly override: Omit<RuleOverride, 'accountId'>;
  readonly account: string | undefined;
}

const OVERRIDES = [
  'account',
  'copies',
  'weight',
  'lifetime',
  'grouping',
  'locked',
  'source_replica_expression',
  'activity',
  'notify',
  'purge_replicas',
  'ignore_availability',
  'comment',
  'asynchronous',
  'delay_injection',
  'placement',
] as const;

/**
 * Throws KeyError, InvalidObject, InvalidReplicationRule, InvalidRSEExpression; UnsupportedOperation
 * for an override that does not exist.
 */
export function parseMove(body: unknown): RuleMove {
  const Move = Type.Object({
    rse_expression: text(Limits.expressionLength),
    override: orNull(Type.Record(Type.String(), Type.Unknown())),
  });
  const given = parseParameters(Move, body, 'a move');
  const override = parseObject(given.override ?? {}, 'an override');
  const stray = Object.keys(override).find((key) => !OVERRIDES.some((known) => known === key));
  if (stray !== undefined) {
    throw new UnsupportedOperation(
      `The override '${stray}' is unknown; overrides are ${OVERRIDES.join(', ')}`,
      { override: stray },
    );
  }
  const { rse_expression: _, ...properties } = ruleProperties;
  const Override = Type.Partial(Type.Object(properties));
  const checked = parseParameters(Override, override, 'an override');
  const { account, rseExpression, constraints, ...wished } = readRule({
    ...checked,
    rse_expression: given.rse_expression,
  });
  const asked = new Set(Object.keys(override));
  if (constraints) asked.add('copies');
  return {
    rseExpression,
    constraints: constraints ?? null,
    account: asked.has('account') ? (account ?? undefined) : undefined,
    override: Object.fromEntries(Object.entries(wished).filter(([key]) => asked.has(wireKey(key)))),
  };
}

const wireKey = (key: string): string =>
  key === 'notification' ? 'notify' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
