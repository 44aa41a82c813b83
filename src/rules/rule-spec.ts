import {
  type DidName,
  type RuleGrouping,
  type RuleId,
  type RuleNotification,
} from '../vocabulary/index.js';
import { type Phase } from './phase.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type RepairPolicy } from './repair-policy.js';

/** A wish: copies of DIDs at storage elements. */
export interface RuleSpec {
  readonly dids: readonly DidName[];
  readonly accountId: number;
  /** With constraints: what their parts make together. */
  readonly copies: number;
  /** With constraints: the union of their parts. */
  readonly rseExpression: string;
  readonly constraints?: PlacementConstraints | null;
  readonly weight?: string | null;
  /** Seconds; null is for ever. */
  readonly lifetime?: number | null;
  readonly grouping: RuleGrouping;
  readonly locked?: boolean;
  readonly sourceReplicaExpression?: string | null;
  /** An index into Activities. */
  readonly activity: number;
  readonly notification: RuleNotification;
  readonly purgeReplicas?: boolean;
  readonly ignoreAvailability?: boolean;
  readonly ignoreAccountLimit?: boolean;
  readonly splitContainer?: boolean;
  readonly comment?: string | null;
  readonly askApproval?: boolean;
  readonly asynchronous?: boolean;
  /** Seconds until the injector may begin. */
  readonly delayInjection?: number | null;
  readonly priority?: number;
  readonly meta?: string | null;
  readonly repairPolicy?: RepairPolicy | null;
  readonly eolAt?: Date | null;
  /** What it wants one after the other; the one that holds (the first) is what the rule says. */
  readonly phases?: readonly Phase[] | null;
  readonly subscriptionUid?: string | null;
  /** The id under which it stood before; of one DID. */
  readonly restoredUid?: string;
  /** The rule whose place it takes: with the same phases it is none too many. */
  readonly replaces?: RuleId;
  /** DIDs that have the very same rule are passed over instead of refused. */
  readonly ignoreDuplicate?: boolean;
}
