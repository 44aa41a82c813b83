import { type Tx } from '../../src/db/index.js';
import { RuleNotFound } from '../../src/errors/index.js';
import { findJob, orderJob, steerJob } from '../../src/jobs/index.js';
import { setRseAttribute } from '../../src/rses/index.js';
import {
  type DeletedRule,
  findDeletedRule,
  findRule,
  holdForRule,
  restoreRule,
  rulesTerms,
  takeBackDeletion,
} from '../../src/rules/index.js';
import { addSubscription } from '../../src/subscriptions/index.js';
import { type DidId, wireId } from '../../src/vocabulary/index.js';
import { SCOPE } from './lake.js';
import { type Operation } from './operation.js';
import { pick } from './perform.js';
import { type World } from './world.js';

/** An admin has an RSE drained by a job, as POST /jobs does. */
export async function drain(
  world: World,
  { rse: at, keepCopies }: Extract<Operation, { op: 'drain' }>,
): Promise<void> {
  const site = pick(world.lake.sites, at);
  if (!site) return;
  const spec = { rse: site.rse.name, keepCopies, targets: null };
  const order = { kind: 'drain' as const, spec, given: spec, comments: null };
  const [accountId] = world.lake.accounts;
  const { uid } = await world.db.tx((tx) =>
    orderJob(tx, { ...order, accountId }, { now: world.now() }),
  );
  world.jobs.push(wireId(uid));
}

/** Somebody cancels a job, or has one that is over go on. */
export async function steer(
  world: World,
  { job: at, verb }: Extract<Operation, { op: 'steer' }>,
): Promise<void> {
  const id = pick(world.jobs, at);
  if (id === undefined) return;
  await world.db.tx(async (tx) => steerJob(tx, await findJob(tx, id), verb, world.now()));
}

/** An owner wants a deleted rule back, as POST /rules/{id}/restore does: it stands still, or is history. */
export async function undo(
  world: World,
  { rule: at, copyAgain }: Extract<Operation, { op: 'undo' }>,
): Promise<void> {
  const chosen = pick(world.rules, at);
  if (!chosen) return;
  const id = wireId(chosen.uid);
  const now = world.now();
  const terms = { ...rulesTerms(world.config, now), deleteGraceSeconds: 0 };
  const past = await world.db.tx(async (tx): Promise<DeletedRule | undefined> => {
    const rule = await findRule(tx, chosen.uid, 'wait').catch(unlessGone);
    if (!rule) return await findDeletedRule(tx, id);
    await takeBackDeletion(tx, rule, null, terms);
    return undefined;
  });
  if (!past) return;
  for (let after: DidId | null = -1n; after !== null;) {
    const from: DidId = after;
    after = await world.db.tx((tx) => holdForRule(tx, past, from, now));
  }
  const wish = { lifetime: null, copyAgain, passLimits: true };
  const again = await world.db.tx((tx: Tx) => restoreRule(tx, past, wish, terms));
  world.rules.splice(world.rules.indexOf(chosen), 1, again);
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof RuleNotFound)) throw error;
}

/** A standing order for new collections. */
export async function subscribe(
  world: World,
  { expression, copies, containers, lifetime }: Extract<Operation, { op: 'subscribe' }>,
): Promise<void> {
  const name = `s${world.subscriptions.length}`;
  const rule = {
    copies,
    rse_expression: pick(world.expressions, expression) ?? '*',
    ...(lifetime !== null && { lifetime: lifetime * 3600 }),
  };
  const types = containers ? ['DATASET', 'CONTAINER'] : ['DATASET'];
  await world.db.tx((tx) =>
    addSubscription(tx, {
      name,
      filter: { scope: [SCOPE], did_type: types },
      replicationRules: [rule],
      accountId: world.lake.accounts[0],
      priority: 3,
      comments: null,
      lifetimeDays: null,
      now: world.now(),
    }),
  );
  world.subscriptions.push(name);
}

/** An RSE is in another region: copies that were apart may share one now. */
export async function changeSite(
  world: World,
  { rse, change }: Extract<Operation, { op: 'change site' }>,
): Promise<void> {
  const site = pick(world.lake.sites, rse);
  if (!site) return;
  await world.db.tx((tx) => setRseAttribute(tx, site.rse, 'region', change.region));
}
