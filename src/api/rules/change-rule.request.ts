import { type Static, Type } from 'typebox';
import { InputValidationError, UnsupportedOperation } from '../../errors/index.js';
import {
  demandSameWords,
  type GivenPhase,
  parsePhases,
  type RuleChange,
} from '../../rules/index.js';
import { Limits, RuleState } from '../../vocabulary/index.js';
import { orNull, parseDate, parseParameters } from '../wire/index.js';
import { readRepair, RepairItem } from './repair.request.js';
import {
  parseActivity,
  priority,
  ruleMeta,
  ruleProperties,
  seconds,
  text,
} from './rule-item.request.js';
import { readSluiceMeta, type SluiceMeta } from './sluice-meta.request.js';

const Options = Type.Object(
  {
    comment: orNull(text(Limits.ruleCommentLength)),
    locked: Type.Optional(Type.Boolean()),
    lifetime: orNull(seconds),
    account: Type.Optional(text(Limits.accountLength)),
    state: Type.Optional(text(20)),
    activity: Type.Optional(text(50)),
    source_replica_expression: orNull(text(Limits.expressionLength)),
    cancel_requests: Type.Optional(Type.Boolean()),
    priority: Type.Optional(priority),
    child_rule_id: orNull(text(50)),
    eol_at: orNull(Type.Union([text(40), Type.Number()])),
    meta: ruleProperties.meta,
    purge_replicas: Type.Optional(Type.Boolean()),
    boost_rule: Type.Optional(Type.Boolean()),
    approve: Type.Optional(Type.Boolean()),
    repair: RepairItem,
    phases: ruleProperties.phases,
  },
  { additionalProperties: true },
);

/** What `PUT rules/{id}` asks. The account has to be looked up. */
export interface RuleUpdate {
  /** What the new meta says of the rule's placement must be so already. */
  readonly sluice: SluiceMeta;
  readonly change: Omit<RuleChange, 'accountId'>;
  readonly account: string | undefined;
  readonly approve: boolean | undefined;
}

/** Throws KeyError, InvalidObject; InputValidationError for an option that does not exist. */
export function parseUpdate(body: unknown): RuleUpdate {
  const Update = Type.Object({ options: Type.Record(Type.String(), Type.Unknown()) });
  const { options } = parseParameters(Update, body, 'an update');
  const known = Object.keys(Options.properties);
  const stray = Object.keys(options).find((key) => !known.includes(key));
  if (stray !== undefined) {
    throw new InputValidationError(
      `The option '${stray}' is unknown; options are ${known.join(', ')}`,
      { option: stray },
    );
  }
  const given = parseParameters(Options, options, 'options');
  const sluice = readSluiceMeta(given.meta);
  const phases = readPhaseChange(given, sluice);
  const repair = given.repair === undefined ? sluice.repair : readRepair(given.repair);
  return {
    change: {
      ...(given.comment !== undefined && { comment: given.comment }),
      ...(given.locked !== undefined && { locked: given.locked }),
      ...(given.lifetime !== undefined && { lifetime: given.lifetime }),
      ...(given.state !== undefined && { state: parseState(given.state) }),
      ...(given.cancel_requests !== undefined && { cancelRequests: given.cancel_requests }),
      ...(given.activity !== undefined && { activity: parseActivity(given.activity) }),
      ...(given.priority !== undefined && { priority: given.priority }),
      ...(given.source_replica_expression !== undefined && {
        sourceReplicaExpression: given.source_replica_expression || null,
      }),
      ...(given.child_rule_id !== undefined && { child: parseChild(given.child_rule_id) }),
      ...(given.eol_at !== undefined && { eolAt: parseDate(given.eol_at, 'eol_at') ?? null }),
      ...(given.meta !== undefined && { meta: ruleMeta(given.meta) }),
      ...(given.purge_replicas !== undefined && { purgeReplicas: given.purge_replicas }),
      ...(given.boost_rule !== undefined && { boost: given.boost_rule }),
      ...(repair !== undefined && { repairPolicy: repair }),
      ...(phases !== undefined && { phases }),
    },
    sluice,
    account: given.account,
    approve: given.approve,
  };
}

/** New phases stand in the body or in the meta; null takes away those that have not begun. */
function readPhaseChange(
  { phases }: Static<typeof Options>,
  { phases: inMeta }: SluiceMeta,
): readonly GivenPhase[] | null | undefined {
  if (phases === undefined) return inMeta;
  const given = phases === null ? null : parsePhases(phases);
  demandSameWords(given, inMeta);
  return given;
}

function parseState(state: string): typeof RuleState.STUCK | typeof RuleState.SUSPENDED {
  const named = { STUCK: RuleState.STUCK, SUSPENDED: RuleState.SUSPENDED } as const;
  const found = named[state.toUpperCase() as keyof typeof named];
  if (found !== undefined) return found;
  throw new UnsupportedOperation(`A rule can be set stuck or suspended, not '${state}'`, { state });
}

/** The command line writes Python's None. */
const parseChild = (child: string | null): string | null =>
  child === null || child === '' || child.toLowerCase() === 'none' ? null : child;
