import { type SluiceError } from '../../errors/index.js';
import { type Did } from '../../dids/index.js';
import { type Rejection } from '../copy-placement.js';
import { type RuleSpec } from '../rule-spec.js';

/** So many files and their bytes. */
export interface Amount {
  readonly files: bigint;
  readonly bytes: bigint;
}

export const NOTHING: Amount = { files: 0n, bytes: 0n };

export const sumOf = (amounts: readonly Amount[]): Amount =>
  amounts.reduce(
    (sum, { files, bytes }) => ({ files: sum.files + files, bytes: sum.bytes + bytes }),
    NOTHING,
  );

/**
 * Why an RSE was chosen. `kept`: the rule has the unit there and stays; `held`: more of the unit is there than elsewhere; `needed`: no more RSEs fit
 * than copies are asked for; `share`: by its weight, evenly over many units.
 */
export type ChoiceReason = 'kept' | 'held' | 'needed' | 'share';

/**
 * Why an RSE that the expression names was not chosen. `not writable`: it was no candidate; `too few`: it
 * would do, but not enough others.
 */
export type ExclusionReason = Rejection | 'not writable' | 'too few';

/** A reason and for how many units it was the reason; what stays together is a unit. */
export interface Why<Reason> {
  readonly reason: Reason;
  readonly units: number;
  /** The numbers behind it, in words. */
  readonly detail: string | null;
}

export interface ChosenRse {
  readonly rse: string;
  readonly units: number;
  readonly why: readonly Why<ChoiceReason>[];
  /** Everything that is to be there, of that: there already, on its way for others, to be moved. */
  readonly all: Amount;
  readonly there: Amount;
  readonly coming: Amount;
  readonly move: Amount;
}

export interface RejectedRse {
  readonly rse: string;
  readonly why: readonly Why<ExclusionReason>[];
}

/** Copies that go to RSEs of one expression. */
export interface PlannedPart {
  readonly rseExpression: string;
  readonly copies: number;
  readonly weight: string | null;
  readonly chosen: readonly ChosenRse[];
  readonly rejected: readonly RejectedRse[];
}

/** Files that would go one way. */
export interface Movement extends Amount {
  /** What the conveyor would ask first; null where no copy can be read. */
  readonly source: string | null;
  readonly destination: string;
  /** Without a source: whether a copy is on its way that may become one. */
  readonly awaited: boolean;
  /** At the rate of lately, without what waits before it; null where there is no rate. */
  readonly seconds: number | null;
}

/** What a limit covers before and after. Null is no limit. */
export interface RoomChange {
  readonly limit: bigint | null;
  readonly before: bigint;
  readonly after: bigint;
}

export interface QuotaChange extends RoomChange {
  /** An RSE, or the expression of a global limit. */
  readonly rseExpression: string;
  readonly global: boolean;
}

export interface SpaceChange extends RoomChange {
  readonly rse: string;
}

/** How long it would take to one destination. */
export interface ArrivalTime {
  readonly destination: string;
  /** What waits or is on its way there already. */
  readonly queued: Amount;
  /** Null where nothing has come there lately. */
  readonly seconds: number | null;
  /** What the estimate goes by: transfers over this link, or to this destination. */
  readonly basis: 'link' | 'destination' | 'unknown';
}

export type WarningCode =
  | 'NO_SOURCE'
  | 'SOURCE_AWAITED'
  | 'SINGLE_SOURCE'
  | 'ONE_SITE'
  | 'TAPE_RECALL'
  | 'NOT_READABLE'
  | 'NOT_WRITABLE'
  | 'QUOTA_NEARLY_FULL'
  | 'RSE_NEARLY_FULL'
  | 'WAITS_FOR_APPROVAL'
  | 'RULE_EXISTS';

export interface PlanWarning {
  readonly code: WarningCode;
  readonly message: string;
}

/** When the rules would be placed. */
export type Beginning = 'AT_ONCE' | 'BY_INJECTOR' | 'AFTER_APPROVAL';

/** When a phase would hold, if the rule were made now. */
export interface PhaseSpan {
  /** How many there are. */
  readonly phases: number;
  /** At the earliest where it, or one before it, lasts until idle. */
  readonly since: Date | null;
  readonly until: Date | null;
  /** It lasts until nobody has read the data for so long. */
  readonly untilIdleSeconds: number | null;
}

/** What a wish would come to: a rule on each of its DIDs. Nothing of it is written. */
export interface RulePlan {
  readonly spec: RuleSpec;
  /** Of a rule with phases: which one this is, counted from 1. */
  readonly phase: number | null;
  /** When that would hold; null without phases. */
  readonly span: PhaseSpan | null;
  readonly account: string;
  /** That the rules would be on: archives instead of constituents; without those that have the rule. */
  readonly dids: readonly Did[];
  readonly beginnings: readonly { readonly begins: Beginning; readonly rules: number }[];
  /** How many files and bytes one copy is. */
  readonly content: Amount;
  /** What stays together; files under grouping NONE. */
  readonly units: bigint;
  readonly parts: readonly PlannedPart[];
  readonly moves: readonly Movement[];
  readonly quota: readonly QuotaChange[];
  readonly space: readonly SpaceChange[];
  readonly times: readonly ArrivalTime[];
  readonly warnings: readonly PlanWarning[];
  /** What would keep the rules from being placed, the first fact first. */
  readonly errors: readonly SluiceError[];
  /** Why numbers are not exact, in words; empty where they are. */
  readonly estimated: readonly string[];
}
