import { codecOf } from './codec.js';

/** The state of a replication rule. */
export const RuleState = {
  REPLICATING: 'R',
  OK: 'O',
  STUCK: 'S',
  SUSPENDED: 'U',
  WAITING_APPROVAL: 'W',
  INJECT: 'I',
} as const;
export type RuleState = (typeof RuleState)[keyof typeof RuleState];
export const RuleStateCodec = codecOf(RuleState);

/** Which files of a rule stay together. */
export const RuleGrouping = { ALL: 'A', DATASET: 'D', NONE: 'N' } as const;
export type RuleGrouping = (typeof RuleGrouping)[keyof typeof RuleGrouping];
export const RuleGroupingCodec = codecOf(RuleGrouping);

/** When the owner of a rule is told. */
export const RuleNotification = { YES: 'Y', NO: 'N', CLOSE: 'C', PROGRESS: 'P' } as const;
export type RuleNotification = (typeof RuleNotification)[keyof typeof RuleNotification];
export const RuleNotificationCodec = codecOf(RuleNotification);
