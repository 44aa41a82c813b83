import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { findSubscription } from '../../../src/subscriptions/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Office, office } from '../../support/office.js';

let base: TestDatabase;
let a: Office;
beforeEach(async () => {
  base = await testDatabase();
  a = await office(base.db);
});
afterEach(() => base.close());

const lastProcessed = async (name: string) =>
  (await a.db.read((tx) => findSubscription(tx, 'shore', name))).lastProcessed;

it('a subscription tells when it was last shown something, and that somebody looks', async () => {
  await a.order('raw');
  const begin = a.now;
  a.pass(30);
  await a.transmogrify();
  expect(await lastProcessed('raw')).toEqual(begin);
  await a.register({ datatype: 'MC' }, 'mc');
  await a.transmogrify();
  expect(await lastProcessed('raw')).toEqual(a.now);
  a.pass(61);
  await a.transmogrify();
  expect(await lastProcessed('raw')).toEqual(a.now);
});

it('one that is not in use is shown nothing', async () => {
  await a.order('raw', { lifetimeDays: 1 });
  a.pass(2 * 86_400);
  await a.transmogrify();
  const { state, lastProcessed: last } = await a.db.read((tx) =>
    findSubscription(tx, 'shore', 'raw'),
  );
  expect(state).toBe('I');
  expect(last.getTime()).toBeLessThan(a.now.getTime());
});
