import { type AdditionTerms, type RulesChange, type RuleSpec } from '../rules/index.js';
import {
  type AccountId,
  type AccountStatus,
  type DidName,
  type JobKind,
  type JobState,
  type RseId,
} from '../vocabulary/index.js';

/** Which DIDs a job is about: what a search of a scope finds, the files of a DID, or a list. */
export interface DidChoice {
  /** As `GET dids/{scope}/dids/search` takes it: groups of criteria, and the type of those that name none. */
  readonly query?: { readonly scope: string; readonly filters: unknown; readonly type: string };
  /** All files at or below this DID. */
  readonly content?: DidName;
  readonly dids?: readonly DidName[];
}

/** Copies of DIDs, by rules of their own or by one rule on a dataset that they are gathered in. */
export interface ReplicateSpec extends DidChoice {
  /** Only files that have a copy there, and datasets that have one file there; null is all. */
  readonly availableAt: string | null;
  /** A dataset of files, made where it is missing, whose rule serves them all. */
  readonly into?: DidName;
  readonly rule: Omit<RuleSpec, 'dids' | 'eolAt'>;
}

/** Every lock of an RSE placed elsewhere, then its copies let go. */
export interface DrainSpec {
  readonly rse: string;
  /** Copies that no rule holds stay, and those that rules leave too. */
  readonly keepCopies: boolean;
  readonly targets: string | null;
}

export interface DeleteSpec extends DidChoice {
  /** Null is everywhere. */
  readonly rseExpression: string | null;
  /** Rules on the very DIDs are removed first. */
  readonly removeRules: boolean;
}

/** Which rules: all that agree with everything that is said. */
export interface RuleChoice {
  readonly ids?: readonly string[];
  readonly account?: string;
  readonly scope?: string;
  /** `*` stands for any characters. */
  readonly name?: string;
  readonly state?: string;
  readonly activity?: number;
  readonly rseExpression?: string;
  readonly subscriptionUid?: string;
}

export interface ChangeSpec {
  readonly rules: RuleChoice;
  readonly change: RulesChange;
  /** Whose rules may be changed; null is everybody's. */
  readonly ownerId: AccountId | null;
}

export interface RebalanceSpec {
  /** RSEs that may give. */
  readonly from: string;
  /** RSEs that may take. */
  readonly to: string;
  /** An RSE gives when more of it is used, and as much as brings it down to `targetPercent`. */
  readonly thresholdPercent: number;
  readonly targetPercent: number;
  readonly bytesMax: number | null;
}

/** What each kind of job is told. */
export interface SpecOf {
  readonly replicate: ReplicateSpec;
  readonly drain: DrainSpec;
  readonly delete_replicas: DeleteSpec;
  readonly change: ChangeSpec;
  readonly rebalance: RebalanceSpec;
}

/** What is wanted: the kind with its spec. */
export type JobWish = {
  readonly [Kind in JobKind]: { readonly kind: Kind; readonly spec: SpecOf[Kind] };
}[JobKind];

/** What is ordered, by whom, and how people wrote it. */
export type JobOrder = JobWish & {
  readonly given: object;
  readonly comments: string | null;
  readonly accountId: AccountId;
};

/** Where a job is, whatever its kind. */
export interface Job<Kind extends JobKind = JobKind> {
  readonly id: bigint;
  readonly uid: string;
  readonly kind: Kind;
  readonly accountId: AccountId;
  readonly account: string;
  readonly accountStatus: AccountStatus;
  readonly scheduleUid: string | null;
  readonly state: JobState;
  readonly step: string;
  readonly cursor: Cursor | null;
  readonly spec: SpecOf[Kind];
  readonly given: object;
  readonly comments: string | null;
  readonly error: string | null;
  /** Why the slice that is due broke, for no reason of the job: it is tried again. Null: it did not. */
  readonly fault: string | null;
  readonly faultAt: Date | null;
  /** How often it broke, one time after the other. */
  readonly faultTries: number;
  readonly total: bigint;
  readonly done: bigint;
  readonly failed: bigint;
  readonly totalBytes: bigint;
  readonly doneBytes: bigint;
  readonly failedBytes: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly dueAt: Date;
}

/** Where the next slice goes on. Ids are texts: JSON has no bigint. */
export interface Cursor {
  readonly name?: string;
  readonly dataset?: string;
  readonly did?: string;
  readonly rule?: string;
  readonly rse?: RseId;
  readonly at?: number;
  /** DIDs a slice, while some of them are refused. */
  readonly batch?: number;
  /** Refused in a row. */
  readonly refused?: number;
  /** The next step begins when somebody has approved it. */
  readonly asks?: true;
}

/** Times and bounds of jobs. */
export interface JobTerms extends AdditionTerms {
  /** Until the next look at what others are at work on. */
  readonly pollSeconds: number;
  /** Files, copies or locks a slice. */
  readonly sliceItems: number;
  /** DIDs that get rules of their own in one transaction. */
  readonly sliceRules: number;
  /** Jobs of one account that are not over, and its schedules; admins have no limits. */
  readonly accountMax: number;
  readonly accountSchedulesMax: number;
}

/** What one slice did, for the counts of its job. */
export interface Counts {
  readonly total?: bigint;
  readonly done?: bigint;
  readonly failed?: bigint;
  readonly totalBytes?: bigint;
  readonly doneBytes?: bigint;
  readonly failedBytes?: bigint;
}

/** What comes after a slice: more of the step, another step, a pause, somebody's word, or the end. */
export interface Outcome extends Counts {
  readonly next: 'more' | 'wait' | 'end' | { readonly step: string; readonly approval?: true };
  /** Null begins anew. Missing: as it was. */
  readonly cursor?: Cursor | null;
}
