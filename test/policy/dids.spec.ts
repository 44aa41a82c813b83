import { describe, expect, it } from '@jest/globals';
import { type Principal } from '../../src/accounts/index.js';
import {
  mayChangeDids,
  mayDeclareKeys,
  mayFollowAs,
  mayReopenDid,
  mayResurrectDids,
} from '../../src/policy/index.js';
import { type Scope } from '../../src/scopes/index.js';

const caller = (accountId: number, isAdmin = false): Principal => ({
  accountId,
  account: `account${accountId}`,
  type: 'U',
  isRoot: false,
  isAdmin,
  attributes: {},
});
const scope = (name: string, accountId: number): Scope => ({ name, accountId, status: 'O' });

describe('who may change names', () => {
  it.each<[string, Principal, Scope[], boolean]>([
    ['the owner of the scope', caller(1), [scope('a', 1)], true],
    ['an admin, whosever it is', caller(2, true), [scope('a', 1)], true],
    ['nobody else', caller(2), [scope('a', 1)], false],
    ['the owner of one of two scopes not', caller(1), [scope('a', 1), scope('b', 2)], false],
    ['everybody in the playground', caller(2), [scope('mock', 1)], true],
  ])('%s', (_, who, scopes, allowed) => {
    expect(mayChangeDids(who, scopes)).toBe(allowed);
  });
});

it('only admins open a collection again and declare keys', () => {
  expect([caller(1), caller(1, true)].map((who) => mayReopenDid(who))).toEqual([false, true]);
  expect([caller(1), caller(1, true)].map((who) => mayDeclareKeys(who))).toEqual([false, true]);
});

it('only admins bring DIDs back', () => {
  expect([caller(1), caller(1, true)].map((who) => mayResurrectDids(who))).toEqual([false, true]);
});

it('accounts follow DIDs for themselves, admins for anybody', () => {
  expect([caller(1), caller(2), caller(2, true)].map((who) => mayFollowAs(who, 1))).toEqual([
    true,
    false,
    true,
  ]);
});
