import { type SluiceError } from '../errors/index.js';
import { type RetryTerms } from '../locks/index.js';
import {
  type AccountId,
  type DidId,
  type DidName,
  type DidType,
  type RseId,
  type RuleGrouping,
  type RuleId,
  type RuleNotification,
  type RuleState,
} from '../vocabulary/index.js';
import { type Phase } from './phase.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type RepairPolicy } from './repair-policy.js';

/** What was decided: for the whole rule, or for the dataset that is being placed. */
export interface StoredPlacement {
  readonly rses?: readonly RseId[];
  readonly datasets?: Readonly<Record<string, readonly RseId[]>>;
}

/** A replication rule as stored, with the names that it points to. */
export interface Rule extends DidName {
  readonly id: RuleId;
  readonly uid: string;
  readonly subscriptionUid: string | null;
  readonly accountId: AccountId;
  readonly account: string;
  readonly didId: DidId;
  readonly didType: DidType;
  readonly state: RuleState;
  readonly error: string | null;
  readonly rseExpression: string;
  readonly copies: number;
  readonly expiresAt: Date | null;
  readonly weight: string | null;
  readonly locked: boolean;
  readonly locksOk: bigint;
  readonly locksReplicating: bigint;
  readonly locksStuck: bigint;
  readonly sourceReplicaExpression: string | null;
  /** An index into Activities. */
  readonly activity: number;
  readonly grouping: RuleGrouping;
  readonly notification: RuleNotification;
  readonly stuckAt: Date | null;
  readonly injectAt: Date | null;
  readonly repairAt: Date | null;
  /** How often it was repaired since it is stuck (`stuckAt`): only OK begins anew. */
  readonly repairAttempts: number;
  /** Null: as the settings of `rules` say. */
  readonly repairPolicy: RepairPolicy | null;
  /** When its owner was last told that it is stuck. */
  readonly alertedAt: Date | null;
  readonly purgeReplicas: boolean;
  readonly ignoreAvailability: boolean;
  readonly ignoreAccountLimit: boolean;
  readonly priority: number;
  readonly comments: string | null;
  readonly childRuleId: RuleId | null;
  readonly childRuleUid: string | null;
  readonly eolAt: Date | null;
  readonly splitContainer: boolean;
  readonly meta: string | null;
  readonly cursorDataset: bigint | null;
  readonly cursorChild: bigint | null;
  readonly placement: StoredPlacement | null;
  /** How its copies stand to each other, as asked. */
  readonly constraints: PlacementConstraints | null;
  readonly phases: readonly Phase[] | null;
  readonly phasesKey: string | null;
  /** Which of the phases holds, counted from 0. */
  readonly phase: number | null;
  readonly phaseLookAt: Date | null;
  /** A former phase, kept until the next one holds: the wire id of the rule that goes on. */
  readonly phaseOf: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Times and bounds that the judge works by. */
export interface JudgeTerms extends RetryTerms {
  /** Locks made or released in one transaction. */
  readonly sliceLocks: number;
  /** For RSEs without an attribute `tombstone_delay`. */
  readonly tombstoneDelaySeconds: number;
}

/** What one slice of an injection came to. */
export interface InjectionSlice {
  readonly ruleUid: string;
  readonly locks: number;
  /** The fact that kept the rule from being placed; it is STUCK now. */
  readonly error?: SluiceError;
}
