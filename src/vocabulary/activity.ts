/**
 * The activities a transfer may be done for; requests hold the index. Append only: a stored index
 * must keep its meaning. The last one is DIRAC's.
 */
export const Activities = [
  'User Subscriptions',
  'Data Brokering',
  'Data Consolidation',
  'Data Rebalancing',
  'Debug',
  'Express',
  'Functional Test',
  'Group Subscriptions',
  'Production Input',
  'Production Output',
  'Analysis Input',
  'Analysis Output',
  'Staging',
  'T0 Export',
  'T0 Tape',
  'Upload/Download (Job)',
  'Upload/Download (User)',
  'Data Challenge',
  'Recovery',
  'User Transfers',
] as const;
export type Activity = (typeof Activities)[number];

/** Rucio's activity for a rule that names none. */
export const DEFAULT_ACTIVITY: Activity = 'User Subscriptions';

/** The stored number of an activity. */
export const activityIndex = (activity: Activity): number => Activities.indexOf(activity);
