import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  type Account,
  accountNamesOf,
  addAccount,
  addIdentity,
  authenticate,
  changeAccount,
  findAccount,
  removeIdentity,
} from '../../src/accounts/index.js';
import { ensureIdentity, findPassword, voicesOf } from '../../src/accounts/identity.sql.js';
import { issueToken } from '../../src/accounts/token.sql.js';
import { CannotAuthenticate } from '../../src/errors/index.js';
import { AccountStatus, IdentityType } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { hold, someoneWaits } from '../support/sessions.js';

const NOW = new Date('2026-07-24T16:00:00Z');
const expiresAt = new Date('2026-07-24T17:00:00Z');
const shared = { type: IdentityType.USERPASS, identity: 'shared' };
const withPassword = (passwordHash: string) => ({
  ...shared,
  email: null,
  passwordHash,
  isDefault: false,
});

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

const account = (name: string): Promise<Account> =>
  test.db.tx(async (tx) => {
    await addAccount(tx, { name, type: 'U', email: null });
    return await findAccount(tx, name);
  });

/** A login that has its token and has not committed yet. */
async function heldLogin(of: Account) {
  let token: string | undefined;
  const identityId = await test.db.tx((tx) => ensureIdentity(tx, withPassword('any')));
  const login = await hold(test.db, async (tx) => {
    token = await issueToken(tx, { accountId: of.id, identityId, expiresAt });
  });
  return { login, token: token ?? 'none' };
}
const whose = (token: string) => test.db.read((tx) => authenticate(tx, token, NOW));

it('a login that overlaps with the removal of its identity does not outlive it', async () => {
  const alice = await account('alice');
  await test.db.tx((tx) => addIdentity(tx, alice, withPassword('first')));
  const { login, token } = await heldLogin(alice);
  const removal = test.db.tx((tx) => removeIdentity(tx, alice, shared));
  await someoneWaits(test.url);
  await login.release();
  await removal;
  await expect(whose(token)).rejects.toThrow(CannotAuthenticate);
});

it('a login that overlaps with the suspension of its account does not outlive it', async () => {
  const bob = await account('bob');
  await test.db.tx((tx) => addIdentity(tx, bob, withPassword('first')));
  const { login, token } = await heldLogin(bob);
  const { SUSPENDED, ACTIVE } = AccountStatus;
  const suspension = test.db.tx((tx) => changeAccount(tx, bob, { status: SUSPENDED }));
  await someoneWaits(test.url);
  await login.release();
  await suspension;
  const suspended = await test.db.read((tx) => findAccount(tx, 'bob'));
  await test.db.tx((tx) => changeAccount(tx, suspended, { status: ACTIVE }));
  await expect(whose(token)).rejects.toThrow(CannotAuthenticate);
  await test.db.tx((tx) => removeIdentity(tx, bob, shared));
});

it('an identity that is given away while it is forgotten is made anew, with its new password', async () => {
  const [carol, dave] = [await account('carol'), await account('dave')];
  await test.db.tx((tx) => addIdentity(tx, carol, withPassword('old')));
  const removal = await hold(test.db, (tx) => removeIdentity(tx, carol, shared));
  const giving = test.db.tx((tx) => addIdentity(tx, dave, withPassword('new')));
  await someoneWaits(test.url);
  await removal.release();
  await giving;
  expect(await test.db.read((tx) => accountNamesOf(tx, shared))).toEqual(['dave']);
  expect(await test.db.read((tx) => findPassword(tx, 'shared'))).toMatchObject({ hash: 'new' });
});

it('an identity that was just given to another account is not forgotten', async () => {
  const [erin, frank] = [await account('erin'), await account('frank')];
  const dave = await test.db.read((tx) => findAccount(tx, 'dave'));
  await test.db.tx((tx) => addIdentity(tx, erin, withPassword('ignored')));
  await test.db.tx((tx) => removeIdentity(tx, dave, shared));
  const giving = await hold(test.db, (tx) => addIdentity(tx, frank, withPassword('ignored')));
  const removal = test.db.tx((tx) => removeIdentity(tx, erin, shared));
  await someoneWaits(test.url);
  await giving.release();
  await removal;
  const kept = await test.db.read((tx) => findPassword(tx, 'shared'));
  const voices = await test.db.read((tx) => voicesOf(tx, kept?.identityId ?? 0));
  expect(voices.map((voice) => voice.account)).toEqual(['frank']);
});
