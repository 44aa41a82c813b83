import { type Static, Type } from 'typebox';
import { findActiveAccount } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { InvalidObject, KeyError } from '../../errors/index.js';
import { type JobWish } from '../../jobs/index.js';
import { demandSense } from '../../rules/index.js';
import { demandScopes, parseNewName } from '../dids/did-name.js';
import { readRule, ruleProperties } from '../rules/rule-item.request.js';
import { orNull, parseParameters } from '../wire/index.js';
import { choice, did, readChoice } from './did-choice.request.js';
import { common, expression, type Orderer, strict } from './job-order.request.js';

const {
  rse_expression: _,
  copies: __,
  source_replica_expression: ___,
  ...options
} = ruleProperties;
const Replicate = Type.Object(
  {
    ...common,
    ...choice,
    to: Type.Optional(expression),
    from: orNull(expression),
    only_available: Type.Optional(Type.Boolean()),
    into: Type.Optional(did),
    copies: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    rule: Type.Optional(Type.Object(options, strict)),
  },
  strict,
);
/** A job that makes rules. Throws as `parseOrder` does. */
export async function readReplication(tx: Tx, body: unknown, orderer: Orderer): Promise<JobWish> {
  const given = parseParameters(Replicate, body, 'a job');
  if (given.only_available && !given.from) {
    throw new InvalidObject(
      'Problem validating only_available: say where by from: an RSE expression',
      { field: 'only_available' },
    );
  }
  const {
    account,
    eolAt: _eolAt,
    ...rule
  } = readRule({
    ...given.rule,
    rse_expression: whereTo(given),
    copies: given.copies ?? null,
    source_replica_expression: given.from ?? null,
  });
  if (rule.phases) demandSense(rule, rule.phases);
  const { caller } = orderer;
  if (given.into) {
    await demandScopes(tx, caller, [given.into], 'gather files');
  }
  const accountId = account === null ? caller.accountId : (await findActiveAccount(tx, account)).id;
  return {
    kind: 'replicate',
    spec: {
      ...readChoice(given, orderer, 'collection'),
      availableAt: given.only_available ? (given.from ?? null) : null,
      ...(given.into && { into: parseNewName(given.into, orderer.naming) }),
      rule: { ...rule, accountId },
    },
  };
}

/** A placement, and phases, may say it all. Throws KeyError. */
function whereTo({ to, rule }: Static<typeof Replicate>): string | null {
  if (to !== undefined || rule?.placement || rule?.phases) return to ?? null;
  throw new KeyError('Problem validating a job: to is missing', { field: 'to' });
}
