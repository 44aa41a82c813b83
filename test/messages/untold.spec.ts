import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execute, sql } from '../../src/db/index.js';
import { EventType, tell, tellEach, tellFrom } from '../../src/messages/index.js';
import { writeSettings } from '../../src/settings/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { outbox } from '../support/events.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

const untell = (value: string) =>
  test.db.tx((tx) => writeSettings(tx, [{ section: 'messages', option: 'untold', value }]));
const payload = sql`SELECT '{"a": 1}'::jsonb AS payload`;

it('what is wished for is not told, unless the setting says otherwise', async () => {
  const told = outbox(test.db);
  const each = sql`SELECT v AS event_type, '{}'::jsonb AS payload
    FROM unnest(ARRAY['transfer-queued', 'transfer-done']) v`;
  const types = ['transfer-queued', 'transfer-done'];
  await test.db.tx((tx) => execute(tx, tellEach(types, each)));
  expect(await told()).toEqual([{ type: 'transfer-done', payload: {} }]);
  await untell('');
  await test.db.tx((tx) => execute(tx, tellEach(types, each)));
  expect((await told()).map(({ type }) => type)).toEqual(types);
});

it('types that the setting names are told by nobody', async () => {
  const told = outbox(test.db);
  await told();
  await untell('LOST, deletion-done');
  await test.db.tx(async (tx) => {
    await tell(tx, EventType.LOST, [{ a: 1 }]);
    await execute(tx, tellFrom(EventType.DELETION_DONE, payload));
    await execute(tx, tellFrom(EventType.FOUND, payload));
  });
  expect(await told()).toEqual([{ type: 'FOUND', payload: { a: 1 } }]);
});

it('payloads of what is untold are not even made', async () => {
  await untell('LOST');
  const broken = sql`SELECT jsonb_build_object('a', 1 / (d.id - d.id)) AS payload FROM generate_series(1, 3) d(id)`;
  await test.db.tx((tx) => execute(tx, tellFrom(EventType.LOST, broken)));
  await untell('FOUND');
  await expect(test.db.tx((tx) => execute(tx, tellFrom(EventType.LOST, broken)))).rejects.toThrow(
    'division by zero',
  );
});
