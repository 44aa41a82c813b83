import { type AccountId, type DidId, type RseId } from '../vocabulary/index.js';
import { rows, sql, type Tx } from '../db/index.js';
import { InvalidReplicationRule } from '../errors/index.js';
import { resolveRses, type Rse, rsesById } from '../rses/index.js';
import {
  demandCopies,
  findSites,
  type Phase,
  type PlacementConstraints,
  type Wish,
} from '../rules/index.js';
import { type StandingRule } from './standing-rule.js';

/** The same rule for several DIDs. */
export interface PlannedRules<Did> {
  readonly dids: readonly Did[];
  readonly copies: number;
  readonly rseExpression: string;
  readonly constraints: PlacementConstraints | null;
  readonly phases: readonly Phase[] | null;
  readonly sourceReplicaExpression: string | null;
  readonly weight: string | null;
}

/** Whose rules, and how an entry's copies become rules. */
export interface PlanTerms {
  readonly subscriptionUid: string;
  readonly splitRule: boolean;
  /** Who pays for each entry. */
  readonly accountIds: readonly AccountId[];
  /** Whether rules are made of it: then nobody else decides meanwhile about what the accounts may use. */
  readonly hold: boolean;
}

interface Planned {
  readonly id: DidId;
}

/**
 * The rules that one entry (counted from 0) wants for these DIDs. Usually one for all of them. With
 * split_rule each copy is a rule of its own, on an RSE chosen for the DID: those where the
 * subscription has a rule on it already, then as placement chooses. An entry that follows another one
 * goes by the RSEs of that entry's rules, and takes them for its sources.
 *
 * Throws InvalidRSEExpression, RSEWriteBlocked, InsufficientTargetRSEs, InsufficientAccountLimit,
 * RSEOverQuota, InvalidRuleWeight; InvalidReplicationRule for a chain without single RSEs.
 */
export async function planRules<Did extends Planned>(
  tx: Tx,
  entries: readonly StandingRule[],
  { at, dids }: { readonly at: number; readonly dids: readonly Did[] },
  terms: PlanTerms,
): Promise<PlannedRules<Did>[]> {
  const entry = entries[at];
  if (!entry) return [];
  const { rseExpression, constraints = null, phases = null, weight, chain } = entry;
  const { sourceReplicaExpression } = entry;
  if (chain) return await planChain(tx, entries, { at, dids }, terms);
  if (!terms.splitRule) {
    const copies = await copiesOf(tx, entry);
    const wish = { copies, rseExpression, constraints, phases, weight };
    return [{ ...wish, dids, sourceReplicaExpression }];
  }
  if (phases) throw phasesOfSingles();
  const chosen = await chooseRses(tx, entry, { ...terms, at, dids });
  return byExpression(
    dids.flatMap((did) =>
      (chosen.get(did.id) ?? []).map((rse) => ({
        did,
        rseExpression: rse.name,
        sourceReplicaExpression,
        weight: null,
      })),
    ),
  );
}

/** Single copies have no phases: what a rule wants later may be more of them, or elsewhere. */
export const phasesOfSingles = (): InvalidReplicationRule =>
  new InvalidReplicationRule(
    'With split_rule each copy is a rule of its own, which has no phases: leave out one of the two',
  );

interface Single<Did> {
  readonly did: Did;
  readonly rseExpression: string;
  readonly sourceReplicaExpression: string | null;
  readonly weight: null;
}

/** Rules of one copy each, those that say the same together. */
function byExpression<Did>(singles: readonly Single<Did>[]): PlannedRules<Did>[] {
  const groups = new Map<string, Single<Did>[]>();
  for (const single of singles) {
    const key = JSON.stringify([single.rseExpression, single.sourceReplicaExpression]);
    groups.set(key, [...(groups.get(key) ?? []), single]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first
      ? [
          {
            ...first,
            constraints: null,
            phases: null,
            copies: 1,
            dids: group.map(({ did }) => did),
          },
        ]
      : [];
  });
}

/** `*` is every RSE of the expression that can be written. */
async function copiesOf(tx: Tx, entry: StandingRule): Promise<number> {
  if (entry.copies !== '*') return entry.copies;
  const rses = await resolveRses(tx, entry.rseExpression);
  const usable = rses.filter((rse) => entry.ignoreAvailability || rse.availabilityWrite);
  return Math.max(usable.length, 1);
}

interface Choice extends PlanTerms {
  readonly at: number;
  readonly dids: readonly Planned[];
  /** Instead of the entry's own. */
  readonly rseExpression?: string;
  readonly copies?: number;
}

/** The RSEs of each DID's single copies. */
async function chooseRses(
  tx: Tx,
  entry: StandingRule,
  { at, dids, subscriptionUid, accountIds, hold, ...instead }: Choice,
): Promise<Map<DidId, readonly Rse[]>> {
  const wish: Wish = {
    accountId: accountIds[at] as AccountId,
    rseExpression: instead.rseExpression ?? entry.rseExpression,
    constraints: entry.constraints ?? null,
    sourceReplicaExpression: entry.sourceReplicaExpression,
    weight: entry.weight,
    ignoreAvailability: entry.ignoreAvailability,
    ignoreAccountLimit: false,
  };
  const { candidates, constraints } = await findSites(tx, wish, { hold });
  const copies = instead.copies ?? (await copiesOf(tx, entry));
  const rses = await rsesById(
    tx,
    candidates.map(({ rseId }) => rseId),
  );
  const kept = await ruledRses(tx, dids, subscriptionUid);
  const chosen = new Map<DidId, readonly Rse[]>();
  for (const { id } of dids) {
    const keep = (kept.get(id) ?? []).filter((rseId) => rses.has(rseId));
    const ids =
      keep.length >= copies
        ? []
        : demandCopies({ id, copies, bytes: 0n, keep }, candidates, constraints);
    chosen.set(
      id,
      [...new Set([...keep, ...ids])].flatMap((rseId) => rses.get(rseId) ?? []),
    );
  }
  return chosen;
}

/** Where the subscription has rules on single RSEs already, by DID. */
async function ruledRses(
  tx: Tx,
  dids: readonly Planned[],
  subscriptionUid: string,
): Promise<Map<DidId, RseId[]>> {
  const found = await rows<{ didId: DidId; rseId: RseId }>(
    tx,
    sql`SELECT r.did_id AS "didId", e.id AS "rseId"
          FROM rules r JOIN rses e ON e.name = r.rse_expression AND e.deleted_at IS NULL
         WHERE r.did_id = ANY(${dids.map(({ id }) => id)}::bigint[])
           AND r.subscription_uid = ${subscriptionUid}::uuid
         ORDER BY r.id`,
  );
  const byDid = new Map<DidId, RseId[]>();
  for (const { didId, rseId } of found) byDid.set(didId, [...(byDid.get(didId) ?? []), rseId]);
  return byDid;
}

async function planChain<Did extends Planned>(
  tx: Tx,
  entries: readonly StandingRule[],
  { at, dids }: { readonly at: number; readonly dids: readonly Did[] },
  terms: PlanTerms,
): Promise<PlannedRules<Did>[]> {
  const entry = entries[at];
  const chain = entry?.chain;
  if (!entry || !chain) return [];
  const earlier = await planRules(tx, entries, { at: chain.after, dids }, terms);
  const singles: Single<Did>[] = [];
  for (const plan of earlier) {
    const source = await onlyRse(tx, plan, at);
    if (chain.algorithm === 'associated_site') {
      const site = associatedSite(source, chain.siteIndex);
      if (site !== undefined) singles.push(...plan.dids.map((did) => single(did, site, source)));
      continue;
    }
    const { site } = source.attributes;
    const rseExpression =
      site === undefined ? entry.rseExpression : `(${entry.rseExpression})\\site=${site}`;
    const chosen = await chooseRses(tx, entry, {
      ...terms,
      at,
      dids: plan.dids,
      rseExpression,
      copies: 1,
    });
    for (const did of plan.dids) {
      for (const rse of chosen.get(did.id) ?? []) singles.push(single(did, rse.name, source));
    }
  }
  return byExpression(singles);
}

const single = <Did>(did: Did, rseExpression: string, source: Rse): Single<Did> => ({
  did,
  rseExpression,
  sourceReplicaExpression: source.name,
  weight: null,
});

/** The one RSE of a rule that others follow. */
async function onlyRse(tx: Tx, plan: PlannedRules<unknown>, at: number): Promise<Rse> {
  const [rse, ...more] = await resolveRses(tx, plan.rseExpression);
  if (rse && more.length === 0 && plan.copies === 1) return rse;
  throw new InvalidReplicationRule(
    `Rule ${at + 1} follows the copies of '${plan.rseExpression}', which is not one RSE: it needs split_rule, or a rule of one copy on one RSE before it`,
    { rule: at + 1, expression: plan.rseExpression },
  );
}

/** The n-th name of the RSE's attribute `associated_sites`; undefined where it has none at all. */
function associatedSite(rse: Rse, index: number): string | undefined {
  const sites = rse.attributes['associated_sites'];
  if (sites === undefined) return undefined;
  const site = sites.split(',')[index - 1]?.trim();
  if (site) return site;
  throw new InvalidReplicationRule(
    `${rse.name} has no associated site number ${index}: associated_sites is '${sites}'`,
    { rse: rse.name, index },
  );
}
