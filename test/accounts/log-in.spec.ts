import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Account,
  addAccount,
  addIdentity,
  authenticate,
  changeAccount,
  findAccount,
  forgetExpiredTokens,
  insertAccountAttribute,
  listIdentities,
  logIn,
  Passwords,
  principalOf,
  removeIdentity,
} from '../../src/accounts/index.js';
import { rows, sql } from '../../src/db/index.js';
import { CannotAuthenticate, Duplicate, UnsupportedOperation } from '../../src/errors/index.js';
import { AccountStatus, IdentityType } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

const NOW = new Date('2026-07-24T16:00:00Z');
const LATER = new Date('2026-07-24T17:00:00Z');
const USERPASS = IdentityType.USERPASS;

const passwords = new Passwords({ passwordWorkers: 2, passwordQueueMax: 100 });
let test: TestDatabase;
let hash: string;
beforeAll(async () => {
  test = await testDatabase();
  hash = await passwords.hash('secret');
});
afterAll(() => test.close());

const account = (name: string): Promise<Account> =>
  test.db.tx(async (tx) => {
    await addAccount(tx, { name, type: 'U', email: null });
    return await findAccount(tx, name);
  });
const identity = (of: Account, name: string, isDefault = false) =>
  test.db.tx((tx) =>
    addIdentity(tx, of, {
      type: USERPASS,
      identity: name,
      email: null,
      passwordHash: hash,
      isDefault,
    }),
  );
const login = (username: string, of?: string, password = 'secret') =>
  logIn(test.db, passwords, { username, password, account: of }, LATER);
const tokenOf = async (username: string, of?: string): Promise<string> =>
  (await login(username, of)).token ?? 'none';
const whose = (token: string, now = NOW) => test.db.read((tx) => authenticate(tx, token, now));

describe('a login', () => {
  it('gives a token that says who asks, until it expires', async () => {
    const alice = await account('alice');
    await identity(alice, 'alice');
    await test.db.tx((tx) => insertAccountAttribute(tx, alice.id, { key: 'admin', value: 'true' }));
    const token = await tokenOf('alice', 'alice');
    const principal = await whose(token);
    expect(principal).toMatchObject({ account: 'alice', isRoot: false, isAdmin: true });
    expect(await test.db.read((tx) => principalOf(tx, alice.id))).toEqual(principal);
    await expect(whose(token, LATER)).rejects.toThrow(CannotAuthenticate);
  });

  it('leaves only a hash of the token behind, and no dots in it', async () => {
    const token = await tokenOf('alice');
    const kept = await test.db.read((tx) =>
      rows<{ row: string }>(tx, sql`SELECT tokens::text AS row FROM tokens`),
    );
    expect(token).not.toContain('.');
    expect(kept.length).toBeGreaterThan(0);
    for (const { row } of kept) expect(row).not.toContain(token);
  });

  it.each([
    ['a wrong password', 'alice', 'alice', 'guess'],
    ['an unknown user', 'nobody', 'alice', 'secret'],
    ['an account of somebody else', 'alice', 'root', 'secret'],
  ])('fails for %s, in the same words', async (_what, username, of, password) => {
    const message = `Cannot authenticate to account ${of} with the given credentials`;
    await expect(login(username, of, password)).rejects.toThrow(new CannotAuthenticate(message));
  });
});

describe('an identity of several accounts', () => {
  it('is asked which one, unless one is its default', async () => {
    const [first, second] = [await account('one'), await account('two')];
    await identity(first, 'shared');
    expect(await login('shared')).toMatchObject({ account: 'one' });
    await identity(second, 'shared');
    expect(await login('shared')).toEqual({ token: undefined, accounts: ['one', 'two'] });
    expect(await login('shared', 'two')).toMatchObject({ account: 'two' });
    const third = await account('three');
    await identity(third, 'shared', true);
    expect(await login('shared')).toMatchObject({ account: 'three' });
  });

  it('has one default, the last one said', async () => {
    const fourth = await account('four');
    await identity(fourth, 'shared', true);
    expect(await login('shared')).toMatchObject({ account: 'four' });
  });

  it('speaks for an account once', async () => {
    const one = await test.db.read((tx) => findAccount(tx, 'one'));
    await expect(identity(one, 'shared')).rejects.toThrow(Duplicate);
  });
});

describe('a login ends', () => {
  it('when its account is suspended, and does not come back with it', async () => {
    const carol = await account('carol');
    await identity(carol, 'carol');
    const token = await tokenOf('carol');
    const { SUSPENDED, ACTIVE } = AccountStatus;
    await test.db.tx((tx) => changeAccount(tx, carol, { status: SUSPENDED }));
    await expect(whose(token)).rejects.toThrow(CannotAuthenticate);
    await expect(login('carol')).rejects.toThrow(CannotAuthenticate);
    const suspended = await test.db.read((tx) => findAccount(tx, 'carol'));
    expect(suspended.suspendedAt).toBeInstanceOf(Date);
    await test.db.tx((tx) => changeAccount(tx, suspended, { status: ACTIVE }));
    await expect(whose(token)).rejects.toThrow(CannotAuthenticate);
    expect(await whose(await tokenOf('carol'))).toMatchObject({ account: 'carol' });
  });

  it('when its identity is taken away, with the password', async () => {
    const dave = await account('dave');
    await identity(dave, 'dave');
    const token = await tokenOf('dave');
    await test.db.tx((tx) => removeIdentity(tx, dave, { type: USERPASS, identity: 'dave' }));
    await expect(whose(token)).rejects.toThrow(CannotAuthenticate);
    expect(await test.db.read((tx) => listIdentities(tx, dave.id))).toEqual([]);
    const passwordHash = await passwords.hash('another');
    await test.db.tx((tx) =>
      addIdentity(tx, dave, {
        type: USERPASS,
        identity: 'dave',
        email: null,
        passwordHash,
        isDefault: false,
      }),
    );
    await expect(login('dave')).rejects.toThrow(CannotAuthenticate);
    expect(await login('dave', 'dave', 'another')).toMatchObject({ account: 'dave' });
  });

  it('at its time, and is swept away', async () => {
    const live = await test.db.tx((tx) => forgetExpiredTokens(tx, NOW, 1000));
    expect(live).toBe(0);
    const swept = await test.db.tx((tx) => forgetExpiredTokens(tx, LATER, 1000));
    expect(swept).toBeGreaterThan(0);
  });
});

it('root can be neither suspended nor deleted', async () => {
  const root = await account('root');
  for (const status of [AccountStatus.SUSPENDED, AccountStatus.DELETED]) {
    const ending = test.db.tx((tx) => changeAccount(tx, root, { status }));
    await expect(ending).rejects.toThrow(UnsupportedOperation);
  }
});
