import { findAccount } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { type CollectionSize } from '../dids/index.js';
import { InsufficientTargetRSEs, SluiceError } from '../errors/index.js';
import { demandCopies, findSites, keyOfPhases } from '../rules/index.js';
import { type AccountId, type DidId } from '../vocabulary/index.js';
import { type StandingOrder } from './apply-order.js';
import { haveRule } from './backfill.sql.js';
import { type DescribedDid, describeDids } from './described-did.js';
import { didSizes } from './did-sizes.js';
import { endedEntry } from './ended-entries.js';
import { likelyDids, type Walk, type WalkPage } from './likely-dids.sql.js';
import { matchDids } from './match-dids.js';
import { type PlannedRules, planRules } from './plan-rules.js';
import { groupedDids } from './task.sql.js';

/**
 * What a backfill would do for one entry of an order on one DID: make rules (WANTED), nothing because
 * they are there (THERE) or were and have ended (ENDED), or fail for now.
 */
export type Outcome = 'WANTED' | 'THERE' | 'ENDED' | 'FAILS';

/** One entry of an order on one DID. */
export interface PlannedEntry {
  /** Counted from 1; 0 is the tasks of an order that notifies. */
  readonly entry: number;
  readonly outcome: Outcome;
  /** Copies that rules would ask for. */
  readonly copies: number;
  /** `2 on type=DISK`: what the rules would say. */
  readonly rules: readonly string[];
  readonly error: string | null;
}

/** A DID that matches, and what would become of it. */
export interface PlannedDid extends CollectionSize {
  readonly did: DescribedDid;
  readonly entries: readonly PlannedEntry[];
}

/** Part of a plan. */
export interface PlannedPage extends Omit<WalkPage, 'ids'> {
  readonly dids: readonly PlannedDid[];
}

export interface PlanWalk extends Walk {
  readonly again: boolean;
}

/**
 * What a backfill would do with the next DIDs of a walk: found, matched and planned as it does, and
 * nothing is written.
 */
export async function planBackfillPage(
  tx: Tx,
  order: StandingOrder,
  walk: PlanWalk,
): Promise<PlannedPage> {
  const { ids, ...page } = await likelyDids(tx, order.filter, walk);
  const described = await describeDids(tx, ids, walk.now);
  const [dids = []] = await matchDids(tx, [order.filter], described);
  if (dids.length === 0) return { ...page, dids: [] };
  const sizes = await didSizes(tx, dids);
  const planned: Map<DidId, PlannedEntry>[] = [];
  if (order.notify) planned.push(await planTasks(tx, order, dids));
  for (let entry = 1; entry <= order.rules.length; entry++) {
    planned.push(await planEntry(tx, order, { entry, dids, again: walk.again }));
  }
  return {
    ...page,
    dids: dids.map((did) => ({
      did,
      ...(sizes.get(did.id) ?? { length: 0n, bytes: 0n }),
      entries: planned.flatMap((entries) => entries.get(did.id) ?? []),
    })),
  };
}

async function planTasks(
  tx: Tx,
  { subscription }: StandingOrder,
  dids: readonly DescribedDid[],
): Promise<Map<DidId, PlannedEntry>> {
  const ids = dids.map(({ id }) => id);
  const known = await groupedDids(tx, subscription.id, ids);
  return new Map(
    ids.map((id) => [
      id,
      {
        entry: 0,
        outcome: known.has(id) ? 'THERE' : 'WANTED',
        copies: 0,
        rules: [],
        error: null,
      },
    ]),
  );
}

interface Asked {
  readonly entry: number;
  readonly dids: readonly DescribedDid[];
  readonly again: boolean;
}

async function planEntry(
  tx: Tx,
  order: StandingOrder,
  { entry, dids, again }: Asked,
): Promise<Map<DidId, PlannedEntry>> {
  const ids = dids.map(({ id }) => id);
  const ended = again ? new Set<DidId>() : await endedEntry(tx, order, entry, ids);
  const left = dids.filter(({ id }) => !ended.has(id));
  const drafts = new Map<DidId, Draft>(left.map(({ id }) => [id, { missing: [], copies: 0 }]));
  let error: string | null = null;
  try {
    for (const plan of await plansOf(tx, order, entry, left)) await draft(tx, plan, drafts);
  } catch (failure) {
    if (!(failure instanceof SluiceError)) throw failure;
    error = `${failure.name}: ${failure.message}`;
  }
  const outcomes = new Map<DidId, PlannedEntry>();
  for (const id of ids) {
    const { missing = [], copies = 0 } = drafts.get(id) ?? {};
    let outcome: Outcome = missing.length > 0 ? 'WANTED' : 'THERE';
    if (ended.has(id)) outcome = 'ENDED';
    else if (error !== null) outcome = 'FAILS';
    const fails = outcome === 'FAILS';
    outcomes.set(id, {
      entry,
      outcome,
      copies: fails ? 0 : copies,
      rules: fails ? [] : missing,
      error: fails ? error : null,
    });
  }
  return outcomes;
}

/** Rules that a DID lacks, and their copies. */
interface Draft {
  readonly missing: string[];
  copies: number;
}

type Plan = PlannedRules<DescribedDid> & {
  readonly accountId: AccountId;
  readonly ignoreAvailability: boolean;
};

async function plansOf(
  tx: Tx,
  { subscription, rules, filter }: StandingOrder,
  entry: number,
  dids: readonly DescribedDid[],
): Promise<Plan[]> {
  if (dids.length === 0) return [];
  const accountIds: AccountId[] = [];
  for (const { account } of rules) {
    accountIds.push(
      account === null ? subscription.accountId : (await findAccount(tx, account)).id,
    );
  }
  const { uid: subscriptionUid } = subscription;
  const { splitRule } = filter;
  const asked = { at: entry - 1, dids };
  const terms = { subscriptionUid, splitRule, accountIds, hold: false };
  const plans = await planRules(tx, rules, asked, terms);
  const accountId = accountIds[entry - 1] as AccountId;
  const ignoreAvailability = rules[entry - 1]?.ignoreAvailability ?? false;
  return plans.map((plan) => ({ ...plan, accountId, ignoreAvailability }));
}

async function draft(tx: Tx, plan: Plan, drafts: Map<DidId, Draft>): Promise<void> {
  const { dids, copies, phases } = plan;
  const wanted = phases ?? [plan];
  await demandTargets(tx, plan);
  const have = await haveRule(
    tx,
    dids.map(({ id }) => id),
    { ...plan, phasesKey: phases && keyOfPhases(phases) },
  );
  for (const { id } of dids) {
    const known = drafts.get(id);
    if (!known || have.has(id)) continue;
    known.missing.push(wanted.map((it) => `${it.copies} on ${it.rseExpression}`).join(', then '));
    known.copies += copies;
  }
}

/** What is asked of a rule when it is made, though it is placed later: somewhere to be. */
async function demandTargets(tx: Tx, plan: Plan): Promise<void> {
  const { candidates, constraints } = await findSites(tx, { ...plan, ignoreAccountLimit: true });
  if (constraints) {
    const open = candidates.map((it) => ({ ...it, quotaLeft: null, spaceLeft: null }));
    demandCopies({ id: 0n, copies: plan.copies, bytes: 0n }, open, constraints);
    return;
  }
  const targets = candidates.filter(({ weight }) => weight !== null).length;
  if (targets >= plan.copies) return;
  throw new InsufficientTargetRSEs(
    `Target RSE set not sufficient for ${plan.copies} copies: '${plan.rseExpression}' names ${targets} RSEs that can be used`,
    { copies: plan.copies, targets },
  );
}
