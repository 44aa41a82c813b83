import { InvalidObject } from '../errors/index.js';
import { parseExpression } from '../rses/index.js';
import {
  demandSense,
  isShortForm,
  parsePlacement,
  type Phase,
  phasedWish,
  type PlacementConstraints,
  wishedPlacement,
} from '../rules/index.js';
import {
  Activities,
  type Activity,
  type ChainAlgorithm,
  ChainAlgorithms,
  DEFAULT_ACTIVITY,
  Limits,
  RuleGrouping,
  RuleGroupingCodec,
} from '../vocabulary/index.js';

/** One rule that every matching DID gets. */
export interface StandingRule {
  /** `*` is as many as the expression has RSEs that can be written. */
  readonly copies: number | '*';
  readonly rseExpression: string;
  /** How the copies stand to each other. */
  readonly constraints?: PlacementConstraints;
  /** What it wants one after the other; the first one is what the rule says. */
  readonly phases?: readonly Phase[];
  /** An index into Activities. */
  readonly activity: number;
  /** Seconds; null is for ever. */
  readonly lifetime: number | null;
  readonly grouping: RuleGrouping;
  readonly weight: string | null;
  readonly sourceReplicaExpression: string | null;
  readonly locked: boolean;
  readonly purgeReplicas: boolean;
  readonly ignoreAvailability: boolean;
  /** Null is the subscription's own. */
  readonly comments: string | null;
  /** The name of who pays; null is the subscription's owner. */
  readonly account: string | null;
  /** Seconds. */
  readonly delayInjection: number | null;
  readonly priority: number | null;
  readonly chain: Chain | null;
}

/** Copies that go by where an earlier entry's are; that entry is the source. */
export interface Chain {
  /** The earlier entry, counted from 0. */
  readonly after: number;
  readonly algorithm: ChainAlgorithm;
  /** Which of the RSE's `associated_sites`, counted from 1. */
  readonly siteIndex: number;
}

type Given = Readonly<Record<string, unknown>>;

/** Throws InvalidObject that names what is wrong: `replication_rules[1].copies`. */
export function parseStandingRules(given: unknown): StandingRule[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  if (!Array.isArray(given) || list.length === 0) {
    throw wrong('replication_rules', 'a list of at least one rule');
  }
  if (list.length > Limits.subscriptionRules) {
    throw wrong('replication_rules', `at most ${Limits.subscriptionRules} rules`);
  }
  return list.map((rule, at) => {
    if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) {
      throw wrong(`replication_rules[${at}]`, 'an object');
    }
    return parseStandingRule(rule as Given, at);
  });
}

const wrong = (field: string, wanted: string): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: it must be ${wanted}`, { field });

function parseStandingRule(given: Given, at: number): StandingRule {
  const read = reader(given, `replication_rules[${at}]`);
  return {
    ...read.wish(),
    activity: read.activity(),
    lifetime: read.integer('lifetime', 0, SECONDS_MAX),
    sourceReplicaExpression: read.expression('source_replica_expression'),
    locked: read.flag('locked'),
    purgeReplicas: read.flag('purge_replicas'),
    ignoreAvailability: read.flag('ignore_availability'),
    comments: read.text('comments', 4000)?.slice(0, Limits.ruleCommentLength) ?? null,
    account: read.text('account', Limits.accountLength),
    delayInjection: read.integer('delay_injection', 0, SECONDS_MAX),
    priority: read.integer('priority', 0, 32_767),
    chain: read.chain(at),
  };
}

/** What says which copies a rule wants. */
type Wished = 'copies' | 'rseExpression' | 'constraints' | 'weight' | 'grouping' | 'phases';

const SECONDS_MAX = 3_155_760_000;

/** Reads the keys of one rule. A number may be written as a text, and a boolean as Python's. */
function reader(given: Given, path: string) {
  const value = (key: string): unknown => given[key] ?? null;
  const refuse = (key: string, wanted: string): never => {
    throw wrong(`${path}.${key}`, wanted);
  };
  const self = {
    missing: (key: string): never => refuse(key, 'there'),
    text(key: string, lengthMax: number): string | null {
      const text = value(key);
      if (text === null || text === '') return null;
      if (typeof text === 'string' && text.length <= lengthMax) return text;
      return refuse(key, `a text of at most ${lengthMax} characters`);
    },
    integer(key: string, min: number, max: number): number | null {
      const item = value(key);
      if (item === null || item === '') return null;
      const digits = typeof item === 'string' && /^\d{1,12}$/.test(item.trim());
      const number = digits ? Number(item) : item;
      if (
        typeof number === 'number' &&
        Number.isInteger(number) &&
        number >= min &&
        number <= max
      ) {
        return number;
      }
      return refuse(key, `an integer from ${min} to ${max}`);
    },
    flag(key: string): boolean {
      const flag = value(key);
      if (flag === null || typeof flag === 'boolean') return flag ?? false;
      if (typeof flag === 'string' && /^(true|false)?$/i.test(flag)) return /^true$/i.test(flag);
      return refuse(key, "'True' or 'False'");
    },
    expression(key: string): string | null {
      const expression = self.text(key, Limits.expressionLength);
      // What it names may change; that it can be read is told now.
      if (expression !== null) parseExpression(expression);
      return expression;
    },
    /** With phases it is what the first of them wants. */
    wish(): Pick<StandingRule, Wished> {
      const weight = self.text('weight', Limits.attributeKeyLength);
      const grouping = self.grouping();
      if (value('phases') === null) return { ...self.placement(), weight, grouping };
      if (value('chained_idx') !== null) {
        refuse('phases', 'left out of a rule with chained_idx, which goes by the RSE of another');
      }
      const wish = phasedWish({
        phases: value('phases'),
        field: `${path}.phases`,
        placed: value('placement') !== null,
        copies: self.integer('copies', 1, 1000),
        rseExpression: self.text('rse_expression', Limits.expressionLength),
        weight,
        grouping,
      });
      if (!wish) return self.missing('phases');
      demandSense({}, wish.phases);
      const { constraints, ...targets } = wish;
      return { ...targets, ...(constraints && { constraints }) };
    },
    placement(): Pick<StandingRule, 'copies' | 'rseExpression' | 'constraints'> {
      const text = self.text('rse_expression', Limits.expressionLength);
      const placement = value('placement');
      if (placement === null && !(text !== null && isShortForm(text))) {
        const all = given['copies'] === '*';
        return {
          copies: all ? '*' : (self.integer('copies', 1, 1000) ?? self.missing('copies')),
          rseExpression: self.expression('rse_expression') ?? self.missing('rse_expression'),
        };
      }
      if (value('chained_idx') !== null) {
        refuse(
          'placement',
          'left out of a rule with chained_idx, which goes by the RSE of another',
        );
      }
      const asked = placement === null ? null : parsePlacement(placement, `${path}.placement`);
      const copies = self.integer('copies', 1, 1000);
      const wish = wishedPlacement({ rseExpression: text, copies, placements: [asked] });
      if (!wish?.constraints) return self.missing('rse_expression');
      return { ...wish, constraints: wish.constraints };
    },
    activity(): number {
      const activity = self.text('activity', 50) ?? DEFAULT_ACTIVITY;
      const index = Activities.indexOf(activity as Activity);
      return index >= 0 ? index : refuse('activity', `one of ${Activities.join(', ')}`);
    },
    grouping(): RuleGrouping {
      const grouping = self.text('grouping', 50);
      if (grouping === null) return RuleGrouping.DATASET;
      const letter = RuleGroupingCodec.parse(grouping);
      return letter ?? refuse('grouping', `one of ${RuleGroupingCodec.names.join(', ')}`);
    },
    chain(at: number): Chain | null {
      const after = self.integer('chained_idx', 1, Limits.subscriptionRules);
      if (after === null) return null;
      if (after > at)
        refuse('chained_idx', `the number of a rule before this one, from 1 to ${at}`);
      const algorithm = ChainAlgorithms.find((name) => name === value('algorithm'));
      if (!algorithm) return refuse('algorithm', `one of ${ChainAlgorithms.join(', ')}`);
      const siteIndex = self.integer('associated_site_idx', 1, 1000);
      if (siteIndex === null && algorithm === 'associated_site')
        self.missing('associated_site_idx');
      return { after: after - 1, algorithm, siteIndex: siteIndex ?? 1 };
    },
  };
  return self;
}
