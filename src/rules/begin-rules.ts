import { type Did } from '../dids/index.js';
import { type Tx } from '../db/index.js';
import { type Rse } from '../rses/index.js';
import { DidType, RuleState } from '../vocabulary/index.js';
import { approvesItself, sizesBelow } from './approval.js';
import { runsOf } from './placing-runs.js';
import { type JudgeTerms } from './rule.js';
import { type RuleSpec } from './rule-spec.js';

export interface AdditionTerms extends JudgeTerms {
  /** Requests of at least so many locks are placed by the injector. */
  readonly synchronousLocksMax: number;
}

/** How the rules on some of a request's DIDs begin. */
export interface Beginning {
  readonly dids: readonly Did[];
  readonly state: RuleState;
  readonly injectAt: Date | null;
  readonly ignoreAccountLimit: boolean;
  /** Placed in this transaction. */
  readonly atOnce: boolean;
}

const EMPTY = { length: 0n, bytes: 0n };

/** Placed at once, by the injector, or after approval; some DIDs of a request so, some otherwise. */
export async function howToBegin(
  tx: Tx,
  spec: RuleSpec,
  dids: readonly Did[],
  named: readonly Rse[],
  terms: AdditionTerms,
): Promise<Beginning[]> {
  if (spec.askApproval) return await byApproval(tx, spec, dids, named, terms);
  const delay = spec.delayInjection ?? 0;
  const split = spec.splitContainer && dids.some((did) => did.type === DidType.CONTAINER);
  const later = spec.asynchronous || delay > 0 || split || (await isMuch(tx, spec, dids, terms));
  return [
    {
      dids,
      state: RuleState.INJECT,
      injectAt: new Date(terms.now.getTime() + delay * 1000),
      ignoreAccountLimit: spec.ignoreAccountLimit ?? false,
      atOnce: !later,
    },
  ];
}

/**
 * What a request places itself, one after the other; files and datasets that stay whole are placed
 * together and count once. With more of it all is the injector's: a request costs as many statements
 * for a thousand DIDs as for one.
 */
const RUNS_MAX = 8;

/** Whether all the DIDs of a request together make too many locks for one transaction, or too many runs. */
async function isMuch(
  tx: Tx,
  { copies, grouping }: RuleSpec,
  dids: readonly Did[],
  terms: AdditionTerms,
): Promise<boolean> {
  const sizes = await sizesBelow(tx, dids);
  const files = dids.reduce((sum, did) => sum + (sizes.get(did.id)?.length ?? 0n), 0n);
  // A container that holds no dataset has nothing to place.
  const filled = dids.filter(({ id, type }) => type !== DidType.CONTAINER || sizes.has(id));
  const runs = runsOf(filled.map(({ type: didType }) => ({ didType, grouping })));
  return files * BigInt(copies) >= terms.synchronousLocksMax || runs.length > RUNS_MAX;
}

/** What an RSE approves by itself goes to the injector, as if somebody had approved it. */
async function byApproval(
  tx: Tx,
  spec: RuleSpec,
  dids: readonly Did[],
  named: readonly Rse[],
  { now }: AdditionTerms,
): Promise<Beginning[]> {
  const sizes = await sizesBelow(tx, dids);
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
