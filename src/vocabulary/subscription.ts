import { codecOf } from './codec.js';

/** The state of a standing order. Only ACTIVE and UPDATED ones make rules. */
export const SubscriptionState = {
  ACTIVE: 'A',
  INACTIVE: 'I',
  NEW: 'N',
  UPDATED: 'U',
  BROKEN: 'B',
} as const;
export type SubscriptionState = (typeof SubscriptionState)[keyof typeof SubscriptionState];
export const SubscriptionStateCodec = codecOf(SubscriptionState);

/** Where an entry that follows another one puts its copies. */
export const ChainAlgorithms = ['associated_site', 'exclude_site'] as const;
export type ChainAlgorithm = (typeof ChainAlgorithms)[number];
