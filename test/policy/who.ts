import { type Principal } from '../../src/accounts/index.js';
import { AccountType } from '../../src/vocabulary/index.js';

/** Somebody who asks: an account by its number. */
export const who = (accountId: number, isAdmin = false): Principal => ({
  accountId,
  account: `a${accountId}`,
  type: AccountType.USER,
  isRoot: false,
  isAdmin,
  attributes: {},
});
