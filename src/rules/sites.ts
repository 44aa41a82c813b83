import { lockQuota, principalOf, quotaOf } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import {
  InvalidRSEExpression,
  InvalidSourceReplicaExpression,
  RSEWriteBlocked,
} from '../errors/index.js';
import { type Resolved, resolveRsesOfEach, type Rse, rseLimits, rseUsage } from '../rses/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { findConstraints, weightWithin } from './find-constraints.js';
import { nameSome } from './name-some.js';
import { formerCharges } from './phase.sql.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type SiteConstraints } from './site-constraints.js';
import { weightOf } from './weight-of.js';

/** What decides where a rule's copies may go and come from. */
export interface Wish {
  readonly accountId: AccountId;
  readonly rseExpression: string;
  readonly constraints?: PlacementConstraints | null;
  readonly sourceReplicaExpression: string | null;
  readonly weight: string | null;
  readonly ignoreAvailability: boolean;
  readonly ignoreAccountLimit: boolean;
  /** Of a rule that is there: what its former phase is charged is no reason to refuse the next one. */
  readonly uid?: string;
  readonly phase?: number | null;
  /** Instead: the wire ids of rules that are placed together, as far as they have had a phase. */
  readonly formerOf?: readonly string[];
}

/** The storage elements that a rule is about, as they are now. */
export interface Sites {
  /** Where copies may go, as far as the expression, weight and limits decide. */
  readonly candidates: readonly Candidate[];
  /** Named by the expression too, but not to be written now. */
  readonly blocked: readonly Candidate[];
  /** How copies have to stand to each other; null is anyhow. */
  readonly constraints: SiteConstraints | null;
  readonly unwritable: readonly RseId[];
  readonly staging: readonly RseId[];
  /** Where copies may come from; null is anywhere. */
  readonly sources: readonly RseId[] | null;
}

/** What of a wish decides which storage elements it is about. */
export type OpenWish = Pick<
  Wish,
  'rseExpression' | 'constraints' | 'sourceReplicaExpression' | 'weight' | 'ignoreAvailability'
>;

/** The sites of a wish whatever room there is, and everything that its expression names. */
export interface OpenSites extends Sites {
  readonly named: readonly Rse[];
}

/** All expressions that `openSites` asks for. */
export const expressionsOf = (
  wish: Pick<OpenWish, 'rseExpression' | 'constraints' | 'sourceReplicaExpression'>,
): string[] => [
  wish.rseExpression,
  ...(wish.constraints?.parts.map(({ rseExpression }) => rseExpression) ?? []),
  ...(wish.sourceReplicaExpression === null ? [] : [wish.sourceReplicaExpression]),
];

/**
 * Where the copies of a wish may go, without a look at quota and space.
 * Throws InvalidRSEExpression, RSEWriteBlocked, InvalidSourceReplicaExpression, InvalidRuleWeight.
 */
export function openSites(wish: OpenWish, resolved: Resolved): OpenSites {
  const named = resolved(wish.rseExpression);
  const open = wish.ignoreAvailability ? named : named.filter((rse) => rse.availabilityWrite);
  if (open.length === 0) {
    throw new RSEWriteBlocked(
      `No RSE of '${wish.rseExpression}' can be written now: ${nameSome(named.map((rse) => rse.name))}`,
      { expression: wish.rseExpression },
    );
  }
  const constraints = wish.constraints
    ? findConstraints(resolved, wish.constraints, { named, open, weight: wish.weight })
    : null;
  const writable = new Set(open);
  const candidate = (rse: Rse): Candidate => ({
    rseId: rse.id,
    name: rse.name,
    seed: rse.seed,
    weight: constraints ? weightWithin(rse, constraints, wish.weight) : weightOf(rse, wish.weight),
    heldBytes: 0n,
    inDeletion: false,
    quotaLeft: null,
    spaceLeft: null,
  });
  return {
    named,
    candidates: open.map(candidate),
    blocked: named.filter((rse) => !writable.has(rse)).map(candidate),
    constraints,
    unwritable: named.filter((rse) => !rse.availabilityWrite).map((rse) => rse.id),
    staging: named.filter((rse) => rse.stagingArea).map((rse) => rse.id),
    sources: sourcesOf(wish.sourceReplicaExpression, resolved),
  };
}

/**
 * Resolves the rule's expressions and loads limits, taking the account's quota lock: whoever decides
 * by `quotaLeft` decides alone until the end of the transaction. Who only looks (`hold: false`) keeps
 * nobody waiting, and what is left may be taken meanwhile.
 * Throws InvalidRSEExpression, RSEWriteBlocked, InvalidSourceReplicaExpression, InvalidRuleWeight.
 */
export async function findSites(
  tx: Tx,
  wish: Wish,
  { hold }: { readonly hold: boolean } = { hold: true },
): Promise<Sites> {
  const resolved = await resolveRsesOfEach(tx, expressionsOf(wish));
  const { named, ...sites } = openSites(wish, resolved);
  const quota = await quotaLeft(tx, wish, named, hold);
  const ids = named.map((rse) => rse.id);
  const limits = await rseLimits(tx, ids);
  const usage = await rseUsage(tx, ids);
  const withRoom = (candidate: Candidate): Candidate => {
    const max = limits.get(candidate.rseId)?.['MaxSpaceAvailable'];
    return {
      ...candidate,
      quotaLeft: quota.get(candidate.rseId) ?? null,
      spaceLeft: max === undefined ? null : max - (usage.get(candidate.rseId)?.bytes ?? 0n),
    };
  };
  return {
    ...sites,
    candidates: sites.candidates.map(withRoom),
    blocked: sites.blocked.map(withRoom),
  };
}

/** RSEs without a number in the map are unlimited. */
async function quotaLeft(
  tx: Tx,
  wish: Wish,
  rses: readonly Rse[],
  hold: boolean,
): Promise<Map<RseId, bigint>> {
  const left = new Map<RseId, bigint>();
  if (wish.ignoreAccountLimit) return left;
  const owner = await principalOf(tx, wish.accountId);
  if (owner.isAdmin) return left;
  const limited = rses.filter((rse) => rse.attributes['mock'] !== 'true').map((rse) => rse.id);
  if (hold) await lockQuota(tx, wish.accountId);
  const itself = wish.uid !== undefined && wish.phase ? [wish.uid] : [];
  const former = await formerCharges(tx, wish.formerOf ?? itself, wish.accountId);
  for (const [rseId, quota] of await quotaOf(tx, wish.accountId, limited, former)) {
    if (quota.left !== null) left.set(rseId, quota.left);
  }
  return left;
}

/** The RSEs that a source expression names. Throws InvalidSourceReplicaExpression. */
export function sourcesOf(expression: string | null, resolved: Resolved): readonly RseId[] | null {
  if (expression === null) return null;
  try {
    return resolved(expression).map((rse) => rse.id);
  } catch (error) {
    if (!(error instanceof InvalidRSEExpression)) throw error;
    throw new InvalidSourceReplicaExpression(
      `Provided source_replica_expression '${expression}' is not a valid RSE expression: ${error.message}`,
      { expression },
    );
  }
}

/** The same by itself: what a rule's new source expression names. */
export const findSources = async (
  tx: Tx,
  expression: string | null,
): Promise<readonly RseId[] | null> =>
  sourcesOf(expression, await resolveRsesOfEach(tx, expression === null ? [] : [expression]));

/** With RSEs that hold the unit but cannot be written just now: its files stay together. */
export const withKept = (
  sites: Pick<Sites, 'blocked'>,
  candidates: readonly Candidate[],
  keep: readonly RseId[],
): readonly Candidate[] => [
  ...candidates,
  ...sites.blocked.filter((candidate) => keep.includes(candidate.rseId)),
];
