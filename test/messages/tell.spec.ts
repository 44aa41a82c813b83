import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { record } from '../../src/audit/index.js';
import { rows, sql } from '../../src/db/index.js';
import { tell } from '../../src/messages/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
const told = () =>
  test.db.read((tx) => rows(tx, sql`SELECT event_type AS type, payload FROM messages ORDER BY id`));

it('what happened is told, in order, and only if it happened', async () => {
  await test.db.tx((tx) => tell(tx, 'transfer-done', [{ name: 'a"b' }, { name: 'c' }]));
  await test.db.tx((tx) => tell(tx, 'nothing', []));
  const failing = test.db.tx(async (tx) => {
    await tell(tx, 'transfer-done', [{ name: 'never' }]);
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  expect(await told()).toEqual([
    { type: 'transfer-done', payload: { name: 'a"b' } },
    { type: 'transfer-done', payload: { name: 'c' } },
  ]);
});

it('the record of a change holds byte counts whole', async () => {
  await test.db.tx((tx) =>
    record(tx, {
      by: null,
      action: 'rse.limit.set',
      subject: 'DISK',
      change: { bytes: 2n ** 62n },
    }),
  );
  const kept = await test.db.read((tx) => rows(tx, sql`SELECT subject, change FROM audit`));
  expect(kept).toEqual([{ subject: 'DISK', change: { bytes: '4611686018427387904' } }]);
});
