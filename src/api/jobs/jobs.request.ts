import { Type } from 'typebox';
import { type Tx } from '../../db/index.js';
import { InvalidObject } from '../../errors/index.js';
import { type JobOrder, type JobWish } from '../../jobs/index.js';
import { type JobKind, JobKinds, Limits } from '../../vocabulary/index.js';
import { orNull, parseObject, parseParameters } from '../wire/index.js';
import { choice, readChoice } from './did-choice.request.js';
import { common, expression, name, type Orderer, strict } from './job-order.request.js';
import { readReplication } from './replicate.request.js';
import { readRuleChange } from './rule-choice.request.js';

const Drain = Type.Object(
  {
    ...common,
    rse: name(Limits.expressionLength),
    targets: orNull(expression),
    keep_copies: Type.Optional(Type.Boolean()),
  },
  strict,
);
const Delete = Type.Object(
  {
    ...common,
    ...choice,
    rse_expression: orNull(expression),
    remove_rules: Type.Optional(Type.Boolean()),
  },
  strict,
);
const percent = Type.Number({ minimum: 1, maximum: 100 });
const Rebalance = Type.Object(
  {
    ...common,
    from: Type.Optional(expression),
    to: Type.Optional(expression),
    threshold: Type.Optional(percent),
    target: Type.Optional(percent),
    bytes_max: orNull(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  },
  strict,
);

/**
 * The body of `POST jobs`. Throws KeyError, InvalidObject, TypeError, ValueError that name the field,
 * and AccountNotFound for the account of a rule.
 */
export async function parseOrder(tx: Tx, body: unknown, orderer: Orderer): Promise<JobOrder> {
  const given = parseObject(body, 'a job');
  const wish = await READERS[kindOf(given['kind'])](tx, body, orderer);
  return {
    ...wish,
    given: asKept(given),
    comments: (given['comment'] as string | null | undefined) ?? null,
    accountId: orderer.caller.accountId,
  };
}

/** Of a list its length says enough. */
function asKept(given: Readonly<Record<string, unknown>>): object {
  const { dids, rules } = given as { dids?: unknown; rules?: { ids?: unknown } };
  if (Array.isArray(dids)) return { ...given, dids: dids.length };
  if (Array.isArray(rules?.ids)) return { ...given, rules: { ...rules, ids: rules.ids.length } };
  return given;
}

function kindOf(given: unknown): JobKind {
  const kind = JobKinds.find((known) => known === given);
  if (kind) return kind;
  throw new InvalidObject(
    `Problem validating kind: '${typeof given === 'string' ? given : JSON.stringify(given)}' is none of ${JobKinds.join(', ')}`,
    { field: 'kind' },
  );
}

type Reader = (tx: Tx, body: unknown, orderer: Orderer) => Promise<JobWish> | JobWish;

const READERS: Readonly<Record<JobKind, Reader>> = {
  replicate: readReplication,
  drain(_tx, body) {
    const given = parseParameters(Drain, body, 'a job');
    const { rse, targets = null, keep_copies: keepCopies = false } = given;
    return { kind: 'drain', spec: { rse, targets, keepCopies } };
  },
  delete_replicas(_tx, body, orderer) {
    const given = parseParameters(Delete, body, 'a job');
    return {
      kind: 'delete_replicas',
      spec: {
        ...readChoice(given, orderer, 'file'),
        rseExpression: given.rse_expression ?? null,
        removeRules: given.remove_rules ?? false,
      },
    };
  },
  change: (_tx, body, orderer) => readRuleChange(body, orderer),
  rebalance(_tx, body) {
    const given = parseParameters(Rebalance, body, 'a job');
    const { from = '*', to = '*', threshold = 90, target = 80, bytes_max: bytesMax = null } = given;
    if (target > threshold) {
      throw new InvalidObject(
        `Problem validating target: ${target} % is more than the threshold of ${threshold} %`,
        { field: 'target' },
      );
    }
    const marks = { thresholdPercent: threshold, targetPercent: target };
    return { kind: 'rebalance', spec: { from, to, ...marks, bytesMax } };
  },
};
