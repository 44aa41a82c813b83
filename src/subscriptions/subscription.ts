import { type AccountId, DidType, type SubscriptionState } from '../vocabulary/index.js';
import { type DidFilter, parseFilter } from './did-filter.js';
import { type Action, parseAction } from './notify-action.js';
import { phasesOfSingles } from './plan-rules.js';

/** What a filter and its rules are as clients write them. */
export interface GivenOrder {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly replicationRules: unknown;
}

/** The same, read. */
export interface Order extends Action {
  readonly filter: DidFilter;
}

/** Throws InvalidObject, InvalidReplicationRule and InvalidRSEExpression that name what is wrong. */
export function parseOrder({ filter: given, replicationRules }: GivenOrder): Order {
  const filter = parseFilter(given);
  const action = parseAction(replicationRules);
  if (filter.splitRule && action.rules.some(({ phases }) => phases)) throw phasesOfSingles();
  return { filter, ...action };
}

/** Files are marked when they are registered while such an order stands. */
export const wantsFiles = ({ types }: DidFilter): boolean => types.includes(DidType.FILE);

/** A standing order as stored, with its owner's name. */
export interface Subscription extends GivenOrder {
  readonly id: number;
  readonly uid: string;
  readonly name: string;
  readonly accountId: AccountId;
  readonly account: string;
  readonly state: SubscriptionState;
  /** Low comes first. */
  readonly priority: number;
  readonly comments: string | null;
  readonly retroactive: boolean;
  /** The end of its lifetime. */
  readonly expiresAt: Date | null;
  /** When it was made INACTIVE. */
  readonly endedAt: Date | null;
  readonly lastProcessed: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
