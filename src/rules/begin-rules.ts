import { type CollectionSize, type Did } from '../dids/index.js';
import { type Tx } from '../db/index.js';
import { type Rse } from '../rses/index.js';
import { type DidId, DidType, RuleState } from '../vocabulary/index.js';
import { approvesItself, sizesBelow } from './approval.js';
import { runsOf } from './placing-runs.js';
import { type JudgeTerms } from './rule.js';
import { type RuleSpec } from './rule-spec.js';

export interface AdditionTerms extends JudgeTerms {
  /** Requests of at least so many locks are placed by the injector. */
  readonly synchronousLocksMax: number;
}

/** A wish that was checked, and the DIDs that it is about. */
export interface WishedDids {
  readonly spec: RuleSpec;
  readonly dids: readonly Did[];
  /** All that its expression names. */
  readonly named: readonly Rse[];
}

/** How the rules on some of a wish's DIDs begin. */
export interface Beginning {
  readonly dids: readonly Did[];
  readonly state: RuleState;
  readonly injectAt: Date | null;
  readonly ignoreAccountLimit: boolean;
  /** Placed in this transaction. */
  readonly atOnce: boolean;
}

/** Files and bytes of each DID. */
type Sizes = ReadonlyMap<DidId, CollectionSize>;

const EMPTY = { length: 0n, bytes: 0n };

/**
 * How the rules of each wish of a request begin: placed at once, by the injector, or after approval;
 * some DIDs of a wish so, some otherwise.
 */
export async function howToBegin(
  tx: Tx,
  wishes: readonly WishedDids[],
  terms: AdditionTerms,
): Promise<Beginning[][]> {
  return beginningsOf(wishes, await sizesToBegin(tx, wishes), terms);
}

/** The sizes of all DIDs by which wishes begin one way or another. */
export async function sizesToBegin(tx: Tx, wishes: readonly WishedDids[]): Promise<Sizes> {
  const sized = wishes.filter((wish) => wish.spec.askApproval || isPrompt(wish));
  const dids = new Map(sized.flatMap((wish) => wish.dids.map((did) => [did.id, did] as const)));
  return await sizesBelow(tx, [...dids.values()]);
}

/** `howToBegin` of wishes whose sizes are known. Pure. */
export function beginningsOf(
  wishes: readonly WishedDids[],
  sizes: Sizes,
  terms: AdditionTerms,
): Beginning[][] {
  const later = isMuch(wishes.filter(isPrompt), sizes, terms);
  return wishes.map((wish) => {
    if (wish.spec.askApproval) return byApproval(wish, sizes, terms);
    const { delayInjection, ignoreAccountLimit } = wish.spec;
    return [
      {
        dids: wish.dids,
        state: RuleState.INJECT,
        injectAt: new Date(terms.now.getTime() + (delayInjection ?? 0) * 1000),
        ignoreAccountLimit: ignoreAccountLimit ?? false,
        atOnce: isPrompt(wish) && !later,
      },
    ];
  });
}

/** Nothing that it says leaves it to somebody later. */
const isPrompt = ({ spec, dids }: WishedDids): boolean =>
  !spec.askApproval &&
  !spec.asynchronous &&
  (spec.delayInjection ?? 0) <= 0 &&
  !(spec.splitContainer && dids.some(({ type }) => type === DidType.CONTAINER));

/**
 * What a request places itself, one after the other; files and datasets that stay whole, which want
 * the same, are placed together and count once. With more of it all is the injector's: a request costs
 * as many statements for a thousand DIDs or wishes as for one.
 */
const RUNS_MAX = 8;

/** Whether a request makes too many locks for one transaction, or too many runs. */
function isMuch(wishes: readonly WishedDids[], sizes: Sizes, terms: AdditionTerms): boolean {
  let locks = 0n;
  for (const { spec, dids } of wishes) {
    const files = dids.reduce((sum, { id }) => sum + (sizes.get(id)?.length ?? 0n), 0n);
    locks += files * BigInt(spec.copies);
  }
  // A container that holds no dataset has nothing to place.
  const filled = wishes.flatMap(({ spec: { grouping }, dids }, wish) =>
    dids
      .filter(({ id, type }) => type !== DidType.CONTAINER || sizes.has(id))
      .map(({ type: didType }) => ({ didType, grouping, wish })),
  );
  return locks >= BigInt(terms.synchronousLocksMax) || runsOf(filled).length > RUNS_MAX;
}

/** What an RSE approves by itself goes to the injector, as if somebody had approved it. */
function byApproval(
  { spec, dids, named }: WishedDids,
  sizes: Sizes,
  { now }: AdditionTerms,
): Beginning[] {
  const approved = dids.filter((did) => approvesItself(named, did, sizes.get(did.id) ?? EMPTY));
  const waiting = dids.filter((did) => !approved.includes(did));
  const { INJECT, WAITING_APPROVAL } = RuleState;
  const limited = spec.ignoreAccountLimit ?? false;
  return [
    { dids: approved, state: INJECT, injectAt: now, ignoreAccountLimit: true, atOnce: false },
    {
      dids: waiting,
      state: WAITING_APPROVAL,
      injectAt: null,
      ignoreAccountLimit: limited,
      atOnce: false,
    },
  ].filter((beginning) => beginning.dids.length > 0);
}
