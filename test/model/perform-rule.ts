import { type Tx } from '../../src/db/index.js';
import { addRules, rulesTerms } from '../../src/rules/index.js';
import { RuleNotification } from '../../src/vocabulary/index.js';
import { SCOPE } from './lake.js';
import { type RuleOperation } from './operation.js';
import { pick } from './perform.js';
import { type World } from './world.js';

/** Adds the rule, if there is a DID that it can be about. */
export async function addRule(world: World, operation: RuleOperation): Promise<void> {
  const names = [...world.datasets, ...world.containers, ...world.files.map(({ name }) => name)];
  const name = pick(names, operation.did);
  if (name === undefined) return;
  const { expressions, config, db, lake } = world;
  const { copies, grouping, lifetime, sources } = operation;
  const spec = {
    dids: [{ scope: SCOPE, name }],
    accountId: lake.accounts[operation.account],
    copies,
    rseExpression: pick(expressions, operation.expression) ?? '*',
    lifetime: lifetime === null ? null : lifetime * 3600,
    grouping,
    activity: 0,
    notification: RuleNotification.NO,
    purgeReplicas: operation.purge,
    ignoreAvailability: operation.ignoreAvailability,
    splitContainer: operation.split,
    asynchronous: operation.asynchronous,
    sourceReplicaExpression: sources === null ? null : (pick(expressions, sources) ?? null),
  };
  const added = await db.tx((tx: Tx) => addRules(tx, spec, rulesTerms(config, world.now())));
  world.rules.push(...added.map(({ id }) => id));
}
