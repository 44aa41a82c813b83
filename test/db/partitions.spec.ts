import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  dropExpired,
  execute,
  makePartitions,
  type Retention,
  retentions,
  rows,
  sql,
} from '../../src/db/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { gate, someoneWaits } from '../support/sessions.js';

const messages = retentions.find(({ table }) => table === 'messages') as Retention;
const at = (day: string) => new Date(`${day}T12:00:00Z`);

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(() => database.close());

const make = (now: Date, retention = messages) =>
  database.db.tx((tx) => makePartitions(tx, retention, now));
const drop = (days: number, now: Date) =>
  database.db.tx((tx) => dropExpired(tx, messages, days, now));

/** Writes a message of that moment. */
const tell = (moment: Date) =>
  database.db.tx((tx) =>
    execute(
      tx,
      sql`INSERT INTO messages (event_type, payload, created_at) VALUES ('told', '{}', ${moment})`,
    ),
  );

/** Days of the messages that are left, and the partition each lies in. */
async function told(): Promise<string[]> {
  const found = await database.db.read((tx) =>
    rows<{ day: Date; partition: string }>(
      tx,
      sql`SELECT created_at AS day, tableoid::regclass::text AS partition FROM messages ORDER BY 1`,
    ),
  );
  return found.map(({ day, partition }) => `${day.toISOString().slice(0, 10)} ${partition}`);
}

async function partitions(): Promise<string[]> {
  const found = await database.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      sql`SELECT inhrelid::regclass::text AS name FROM pg_inherits
           WHERE inhparent = 'messages'::regclass ORDER BY 1`,
    ),
  );
  return found.map(({ name }) => name);
}

describe('partitions of the coming months', () => {
  it('are made once', async () => {
    expect(await make(at('2026-11-21'))).toBe(2);
    expect(await make(at('2026-11-30'))).toBe(0);
    expect(await make(at('2026-12-01'))).toBe(1);
    expect(await partitions()).toEqual([
      'messages_2026_12',
      'messages_2027_01',
      'messages_2027_02',
      'messages_default',
    ]);
  });

  it('take the rows of their month; the month that has none stays in the default one', async () => {
    await tell(at('2026-11-20'));
    await make(at('2026-11-21'));
    for (const day of ['2026-11-30', '2026-12-01', '2026-12-31', '2027-01-01']) await tell(at(day));
    expect(await told()).toEqual([
      '2026-11-20 messages_default',
      '2026-11-30 messages_default',
      '2026-12-01 messages_2026_12',
      '2026-12-31 messages_2026_12',
      '2027-01-01 messages_2027_01',
    ]);
  });

  it('are made while another janitor makes them', async () => {
    const made = gate();
    const held = gate();
    const first = database.db.tx(async (tx) => {
      await makePartitions(tx, messages, at('2026-11-21'));
      made.open();
      await held.opened;
    });
    await made.opened;
    const second = make(at('2026-11-21'));
    await someoneWaits(database.url);
    held.open();
    await Promise.all([first, second]);
    expect(await partitions()).toHaveLength(3);
  });

  it('begin at midnight UTC wherever the server stands', async () => {
    await database.db.tx(async (tx) => {
      await execute(tx, sql`SET LOCAL TIME ZONE 'Pacific/Auckland'`);
      await makePartitions(tx, messages, at('2026-11-21'));
    });
    await tell(new Date('2026-11-30T23:59:59Z'));
    await tell(new Date('2026-12-01T00:00:00Z'));
    expect(await told()).toEqual(['2026-11-30 messages_default', '2026-12-01 messages_2026_12']);
  });

  it.each(retentions.map((retention) => [retention.table, retention] as const))(
    'can be made of %s',
    async (_, retention) => {
      expect(await make(at('2026-11-21'), retention)).toBe(2);
      const keys = await database.db.read((tx) =>
        rows(
          tx,
          sql`SELECT pg_get_partkeydef(${retention.table}::regclass) AS key,
                     to_regclass(${`${retention.table}_default`}) IS NOT NULL AS rest`,
        ),
      );
      expect(keys).toEqual([{ key: `RANGE (${retention.column})`, rest: true }]);
    },
  );
});

describe('expired rows', () => {
  beforeEach(async () => {
    await tell(at('2026-10-01'));
    await tell(at('2026-11-20'));
    await make(at('2026-11-21'));
    for (const day of ['2026-12-01', '2026-12-31', '2027-01-15']) await tell(at(day));
  });

  it('go with their partition once all of its month has expired', async () => {
    // 30 days before 30 January is 31 December, noon.
    await drop(30, at('2027-01-30'));
    expect(await told()).toEqual([
      '2026-12-01 messages_2026_12',
      '2026-12-31 messages_2026_12',
      '2027-01-15 messages_2027_01',
    ]);
    expect(await drop(30, at('2027-01-31'))).toBe(1);
    expect(await told()).toEqual(['2027-01-15 messages_2027_01']);
    expect(await partitions()).toEqual(['messages_2027_01', 'messages_default']);
  });

  it('go from the default partition to the day', async () => {
    expect(await drop(30, at('2026-11-21'))).toBe(1);
    expect((await told())[0]).toBe('2026-11-20 messages_default');
    expect(await drop(30, at('2026-11-21'))).toBe(0);
  });

  it('go while another janitor drops them', async () => {
    const dropped = gate();
    const held = gate();
    const now = at('2027-01-31');
    const first = database.db.tx(async (tx) => {
      await dropExpired(tx, messages, 30, now);
      dropped.open();
      await held.opened;
    });
    await dropped.opened;
    const second = drop(30, now);
    await someoneWaits(database.url);
    held.open();
    const [, gone] = await Promise.all([first, second]);
    expect(gone).toBe(0);
  });

  it('go without harm to what is younger', async () => {
    expect(await drop(365, at('2026-11-21'))).toBe(0);
    expect(await told()).toHaveLength(5);
  });
});
