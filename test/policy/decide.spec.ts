import { describe, expect, it } from '@jest/globals';
import { type Account, type Principal } from '../../src/accounts/index.js';
import { AccessDenied } from '../../src/errors/index.js';
import {
  demand,
  mayAddAccount,
  mayAddScope,
  mayChangeAccount,
  mayChangeIdentities,
  mayChangeRses,
  mayChangeSettings,
  mayDefineProtocols,
  mayReadLimits,
  mayReadUsage,
  maySetGlobalLimit,
  maySetLocalLimit,
  maySetRseUsage,
} from '../../src/policy/index.js';

const caller = (account: string, attributes: Record<string, string> = {}): Principal => {
  const isRoot = account === 'root';
  const isAdmin = isRoot || attributes.admin === 'true';
  return { accountId: account.length, account, type: 'U', isRoot, isAdmin, attributes };
};
const root = caller('root');
const admin = caller('anna', { admin: 'true' });
const italian = caller('italia', { 'country-IT': 'admin' });
const scientist = caller('scientist');
const accountNamed = (name: string) => ({ id: name.length, name }) as Account;

describe('a demand', () => {
  it('says what was refused', () => {
    expect(() => demand(false, 'add RSE X')).toThrow(
      new AccessDenied('You may not add RSE X', { attempt: 'add RSE X' }),
    );
  });

  it('lets pass what is allowed', () => {
    expect(() => demand(true, 'add RSE X')).not.toThrow();
  });
});

describe('admins, and nobody else,', () => {
  it.each([
    ['add accounts', mayAddAccount],
    ['add scopes', mayAddScope],
    ['change RSEs', mayChangeRses],
    ['define protocols', mayDefineProtocols],
    ['change settings', mayChangeSettings],
    ['set limits over expressions', maySetGlobalLimit],
  ])('%s', (_what, may) => {
    expect([root, admin, italian, scientist].map((one) => may(one))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('root', () => {
  it('answers to itself alone: an admin could become root by an identity of it', () => {
    const target = accountNamed('root');
    for (const may of [mayChangeAccount, mayChangeIdentities]) {
      expect([root, admin].map((one) => may(one, target))).toEqual([true, false]);
      expect(may(admin, accountNamed('scientist'))).toBe(true);
    }
  });

  it('alone says what storages report', () => {
    expect([root, admin].map((one) => maySetRseUsage(one))).toEqual([true, false]);
  });
});

describe('limits and usage', () => {
  it('are set by admins, locally also by admins of the country', () => {
    const inItaly = { country: 'IT' };
    expect([admin, italian, scientist].map((one) => maySetLocalLimit(one, inItaly))).toEqual([
      true,
      true,
      false,
    ]);
    expect(maySetLocalLimit(italian, { country: 'FR' })).toBe(false);
    expect(maySetLocalLimit(italian, {})).toBe(false);
  });

  it('are seen by their account and by admins', () => {
    const own = scientist.accountId;
    expect([admin, scientist, italian].map((one) => mayReadLimits(one, own))).toEqual([
      true,
      true,
      false,
    ]);
    expect([admin, scientist, italian].map((one) => mayReadUsage(one, own))).toEqual([
      true,
      true,
      true,
    ]);
    expect(mayReadUsage(scientist, own + 1)).toBe(false);
  });
});
