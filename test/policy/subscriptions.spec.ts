import { describe, expect, it } from '@jest/globals';
import { type Principal } from '../../src/accounts/index.js';
import { mayChangeSubscription } from '../../src/policy/index.js';
import { AccountType } from '../../src/vocabulary/index.js';

const who = (accountId: number, isAdmin = false): Principal => ({
  accountId,
  account: `a${accountId}`,
  type: AccountType.USER,
  isRoot: false,
  isAdmin,
  attributes: {},
});
const OWNER = 1;

describe('subscriptions of an account', () => {
  it.each([
    ['its own', who(OWNER), true],
    ['an admin', who(9, true), true],
    ['a stranger', who(2), false],
  ])('are changed by %s: %#', (_, caller, may) => {
    expect(mayChangeSubscription(caller, OWNER)).toBe(may);
  });
});
