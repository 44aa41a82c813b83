import { sql, type Tx } from '../../src/db/index.js';
import {
  addRules,
  changeRule,
  copiesOf,
  deleteRule,
  findRule,
  moveRule,
  type PlacementConstraints,
  reduceRule,
  type Rule,
  type RuleChange,
  type RuleSpec,
  rulesTerms,
  selectRules,
  unionOf,
} from '../../src/rules/index.js';
import { activityIndex, RuleNotification, RuleState } from '../../src/vocabulary/index.js';
import { SCOPE } from './lake.js';
import { type Operation, type RuleOperation, type RuleTurn } from './operation.js';
import { pick } from './perform.js';
import { type World } from './world.js';

/** Adds the rule, if there is a DID that it can be about. */
export async function addRule(world: World, operation: RuleOperation): Promise<void> {
  const name = pick(world.names(), operation.did);
  if (name === undefined) return;
  const { expressions, config, db, lake } = world;
  const { grouping, lifetime, sources } = operation;
  const spec: RuleSpec = {
    dids: [{ scope: SCOPE, name }],
    accountId: lake.accounts[operation.account],
    ...wishOf(world, operation),
    lifetime: lifetime === null ? null : lifetime * 3600,
    grouping,
    activity: 0,
    notification: RuleNotification.NO,
    purgeReplicas: operation.purge,
    ignoreAvailability: operation.ignoreAvailability,
    splitContainer: operation.split,
    asynchronous: operation.asynchronous,
    repairPolicy: {
      onStuck: 'suspend',
      attempts: null,
      afterSeconds: null,
      drift: operation.drift,
    },
    sourceReplicaExpression: sources === null ? null : (pick(expressions, sources) ?? null),
  };
  const added = await db.tx((tx) => addRules(tx, spec, rulesTerms(config, world.now())));
  world.rules.push(...added);
}

/** What a new rule wants first, and what after that. */
function wishOf(
  { expressions }: World,
  { copies, expression, placement, then, grouping }: RuleOperation,
): Pick<RuleSpec, 'copies' | 'rseExpression' | 'constraints' | 'phases'> {
  const anywhere = pick(expressions, expression) ?? '*';
  const constraints = constraintsOf(placement, copies, anywhere);
  const first = {
    copies: constraints ? copiesOf(constraints) : copies,
    rseExpression: constraints ? unionOf(constraints) : anywhere,
    constraints,
  };
  if (then === null) return first;
  const rest = { weight: null, grouping, locked: false, untilIdleSeconds: null, since: null };
  const next = pick(expressions, then.expression) ?? '*';
  return {
    ...first,
    phases: [
      { ...rest, ...first, forSeconds: then.minutes * 60 },
      { ...rest, copies: 1, rseExpression: next, constraints: null, forSeconds: null },
    ],
  };
}

function constraintsOf(
  placement: RuleOperation['placement'],
  copies: number,
  rseExpression: string,
): PlacementConstraints | null {
  const part = (asked: number, expression: string) => ({
    copies: asked,
    rseExpression: expression,
    weight: null,
  });
  switch (placement) {
    case 'regions':
      return { parts: [part(copies, rseExpression)], distinct: ['region'], maxSkew: null };
    case 'tiers':
      return { parts: [part(1, 'tier=1'), part(1, 'tier=2')], distinct: [], maxSkew: null };
    case null:
      return null;
  }
}

/** Does something to a rule whose row is held, as the routes of rules do. */
async function withRule<T>(
  world: World,
  at: number,
  work: (tx: Tx, rule: Rule, terms: ReturnType<typeof rulesTerms>) => Promise<T>,
): Promise<T | undefined> {
  const chosen = pick(world.rules, at);
  if (!chosen) return undefined;
  const terms = rulesTerms(world.config, world.now());
  return await world.db.tx(async (tx) => work(tx, await findRule(tx, chosen.uid, 'wait'), terms));
}

/** The owner deletes a rule: it expires, and the cleaner takes it away. */
export async function endRule(world: World, at: number, purge: boolean): Promise<void> {
  await withRule(world, at, (tx, rule, { now }) =>
    deleteRule(tx, rule, { now, purge, deleteGraceSeconds: 0 }),
  );
}

export async function turnRule(
  world: World,
  { rule: at, change }: Extract<Operation, { op: 'change rule' }>,
): Promise<void> {
  const changes: Record<Exclude<RuleTurn, 'adopt'>, RuleChange> = {
    stick: { state: RuleState.STUCK },
    cancel: { state: RuleState.STUCK, cancelRequests: true },
    suspend: { state: RuleState.SUSPENDED, cancelRequests: true },
    boost: { boost: true },
    give: { accountId: world.lake.accounts[1] },
    shorten: { lifetime: 0 },
    lengthen: { lifetime: null },
    hurry: { priority: 5, activity: activityIndex('Express') },
    'free sources': { sourceReplicaExpression: null },
    'free child': { child: null },
  };
  await withRule(world, at, async (tx, rule, terms) => {
    const turn = change === 'adopt' ? await adoption(tx, rule) : changes[change];
    if (turn) await changeRule(tx, rule, turn, terms);
  });
}

/** Another rule on the same DID becomes the child, if there is one. */
async function adoption(tx: Tx, rule: Rule): Promise<RuleChange | undefined> {
  const [child] = await selectRules(tx, {
    where: sql`r.did_id = ${rule.didId} AND r.id <> ${rule.id}`,
    limit: 1,
  });
  return child && { child: child.uid };
}

/** A rule moves to another expression, or is reduced by one copy. */
export async function replaceRule(
  world: World,
  operation: Extract<Operation, { op: 'move rule' | 'reduce rule' }>,
): Promise<void> {
  const expressionAt = (at: number) => pick(world.expressions, at) ?? '*';
  const added = await withRule(world, operation.rule, (tx, rule, terms) => {
    if (operation.op === 'move rule') {
      const rseExpression = expressionAt(operation.expression);
      return moveRule(tx, rule, { rseExpression, override: {} }, terms);
    }
    const exclude = operation.exclude === null ? null : expressionAt(operation.exclude);
    return reduceRule(tx, rule, { copies: rule.copies - 1, exclude }, terms);
  });
  if (added) world.rules.push(added);
}
