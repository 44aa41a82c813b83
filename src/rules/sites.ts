import { lockQuota, principalOf, quotaOf } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import {
  InvalidRSEExpression,
  InvalidSourceReplicaExpression,
  RSEWriteBlocked,
} from '../errors/index.js';
import { resolveRses, type Rse, rseLimits, rseUsage } from '../rses/index.js';
import { type AccountId, type RseId } from '../vocabulary/index.js';
import { type Candidate } from './copy-placement.js';
import { findConstraints, weightWithin } from './find-constraints.js';
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
  const named = await resolveRses(tx, wish.rseExpression);
  const open = wish.ignoreAvailability ? named : named.filter((rse) => rse.availabilityWrite);
  if (open.length === 0) {
    throw new RSEWriteBlocked(
      `No RSE of '${wish.rseExpression}' can be written now: ${named.map((rse) => rse.name).join(', ')}`,
      { expression: wish.rseExpression },
    );
  }
  const constraints = wish.constraints
    ? await findConstraints(tx, wish.constraints, { named, open, weight: wish.weight })
    : null;
  const ids = named.map((rse) => rse.id);
  const quota = await quotaLeft(tx, wish, named, hold);
  const limits = await rseLimits(tx, ids);
  const usage = await rseUsage(tx, ids);
  const space = (id: RseId): bigint | null => {
    const max = limits.get(id)?.['MaxSpaceAvailable'];
    return max === undefined ? null : max - (usage.get(id)?.bytes ?? 0n);
  };
  const candidate = (rse: Rse): Candidate => ({
    rseId: rse.id,
    name: rse.name,
    seed: rse.seed,
    weight: constraints ? weightWithin(rse, constraints, wish.weight) : weightOf(rse, wish.weight),
    heldBytes: 0n,
    inDeletion: false,
    quotaLeft: quota.get(rse.id) ?? null,
    spaceLeft: space(rse.id),
  });
  return {
    candidates: open.map(candidate),
    blocked: named.filter((rse) => !open.includes(rse)).map(candidate),
    constraints,
    unwritable: named.filter((rse) => !rse.availabilityWrite).map((rse) => rse.id),
    staging: named.filter((rse) => rse.stagingArea).map((rse) => rse.id),
    sources: await findSources(tx, wish.sourceReplicaExpression),
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
export async function findSources(
  tx: Tx,
  expression: string | null,
): Promise<readonly RseId[] | null> {
  if (expression === null) return null;
  try {
    return (await resolveRses(tx, expression)).map((rse) => rse.id);
  } catch (error) {
    if (!(error instanceof InvalidRSEExpression)) throw error;
    throw new InvalidSourceReplicaExpression(
      `Provided source_replica_expression '${expression}' is not a valid RSE expression: ${error.message}`,
      { expression },
    );
  }
}

/** With RSEs that hold the unit but cannot be written just now: its files stay together. */
export const withKept = (
  sites: Pick<Sites, 'blocked'>,
  candidates: readonly Candidate[],
  keep: readonly RseId[],
): readonly Candidate[] => [
  ...candidates,
  ...sites.blocked.filter((candidate) => keep.includes(candidate.rseId)),
];
