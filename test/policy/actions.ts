import { aboutAccounts } from './about-accounts.js';
import { aboutData } from './about-data.js';
import { aboutWishes } from './about-wishes.js';
import { type Action, type Case } from './cases.js';

/** A row for each action: without one this does not compile. */
export const ACTIONS: Readonly<Record<Action, readonly Case[]>> = {
  ...aboutAccounts,
  ...aboutData,
  ...aboutWishes,
};
