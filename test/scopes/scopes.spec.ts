import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addAccount } from '../../src/accounts/index.js';
import { Duplicate, ScopeNotFound } from '../../src/errors/index.js';
import {
  addScope,
  changeScopeOwner,
  findScope,
  listScopes,
  scopesByName,
} from '../../src/scopes/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
let alice: number;
let bob: number;
beforeAll(async () => {
  test = await testDatabase();
  const add = (name: string) =>
    test.db.tx((tx) => addAccount(tx, { name, type: 'U', email: null }));
  alice = await add('alice');
  bob = await add('bob');
  await test.db.tx((tx) => addScope(tx, 'data', alice));
});
afterAll(() => test.close());

it('is owned by the account it was added for', async () => {
  const scope = await test.db.read((tx) => findScope(tx, 'data'));
  expect(scope).toEqual({ name: 'data', accountId: alice, status: 'O' });
});

it('is added once', async () => {
  await expect(test.db.tx((tx) => addScope(tx, 'data', bob))).rejects.toThrow(Duplicate);
});

it('is not there until it is added', async () => {
  await expect(test.db.read((tx) => findScope(tx, 'none'))).rejects.toThrow(ScopeNotFound);
  const found = await test.db.read((tx) => scopesByName(tx, ['none', 'data', 'data']));
  expect([...found.keys()]).toEqual(['data']);
});

it('goes to another account', async () => {
  await test.db.tx((tx) => addScope(tx, 'handed.over', alice));
  await test.db.tx((tx) => changeScopeOwner(tx, 'handed.over', bob));
  const names = async (id: number) =>
    (await test.db.read((tx) => listScopes(tx, id))).map(({ name }) => name);
  expect(await names(alice)).toEqual(['data']);
  expect(await names(bob)).toEqual(['handed.over']);
  const lost = test.db.tx((tx) => changeScopeOwner(tx, 'none', bob));
  await expect(lost).rejects.toThrow(ScopeNotFound);
});
