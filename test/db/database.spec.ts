import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Database,
  execute,
  ident,
  isDatabaseUnavailable,
  lit,
  only,
  ring,
  rows,
  sql,
  type Tx,
  violatedConstraint,
} from '../../src/db/index.js';
import { Channel } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { gate } from '../support/sessions.js';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.close());

/** Two counters, kept as settings. */
type Counter = 'a' | 'b';
beforeEach(() =>
  db.tx((tx) =>
    execute(
      tx,
      sql`INSERT INTO settings (section, option, value) VALUES ('spec', 'a', '0'), ('spec', 'b', '0')
          ON CONFLICT (section, option) DO UPDATE SET value = '0'`,
    ),
  ),
);
const count = (tx: Tx, counter: Counter) =>
  execute(
    tx,
    sql`UPDATE settings SET value = value::int + 1 WHERE section = 'spec' AND option = ${counter}`,
  );
const counted = async () => {
  const found = await db.read((tx) =>
    rows<{ value: string }>(
      tx,
      sql`SELECT value FROM settings WHERE section = 'spec' ORDER BY option`,
    ),
  );
  return found.map(({ value }) => Number(value));
};

describe('a transaction', () => {
  it('stays when its work succeeds, and gives what the work gave', async () => {
    expect(await db.tx((tx) => count(tx, 'a'))).toBe(1);
    expect(await counted()).toEqual([1, 0]);
  });

  it('leaves nothing when its work fails, and throws what the work threw', async () => {
    const mishap = new Error('the work failed');
    const failing = db.tx(async (tx) => {
      await count(tx, 'a');
      throw mishap;
    });
    await expect(failing).rejects.toBe(mishap);
    expect(await counted()).toEqual([0, 0]);
  });

  it('runs again when it lost a deadlock', async () => {
    let attempts = 0;
    const holds = { a: gate(), b: gate() };
    const countBoth = (mine: Counter, other: Counter) =>
      db.tx(async (tx) => {
        attempts++;
        await count(tx, mine);
        holds[mine].open();
        await holds[other].opened;
        await count(tx, other);
      });
    await Promise.all([countBoth('a', 'b'), countBoth('b', 'a')]);
    expect(attempts).toBeGreaterThan(2);
    expect(await counted()).toEqual([2, 2]);
  });

  it('runs again when its snapshot was overtaken', async () => {
    let attempts = 0;
    await db.tx(async (tx) => {
      await execute(tx, sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
      await execute(tx, sql`SELECT FROM settings`);
      if (++attempts === 1) await db.tx((other) => count(other, 'a'));
      await count(tx, 'a');
    });
    expect(attempts).toBe(2);
    expect(await counted()).toEqual([2, 0]);
  });

  it('gives up when it can never be serialized', async () => {
    let attempts = 0;
    const hopeless = db.tx((tx) => {
      attempts++;
      return execute(tx, sql`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$`);
    });
    await expect(hopeless).rejects.toMatchObject({ code: '40001' });
    expect(attempts).toBe(6);
  });

  it('runs once when it breaks a constraint, and the error names that', async () => {
    let attempts = 0;
    const error: unknown = await db
      .tx((tx) => {
        attempts++;
        return execute(
          tx,
          sql`INSERT INTO settings (section, option, value) VALUES ('spec', 'a', '')`,
        );
      })
      .catch((thrown: unknown) => thrown);
    expect(violatedConstraint(error)).toBe('settings_pkey');
    expect(isDatabaseUnavailable(error)).toBe(false);
    expect(attempts).toBe(1);
  });
});

describe('a session that the server ended', () => {
  const end = (pid: number) =>
    db.read((tx) => only(tx, sql`SELECT pg_terminate_backend(${pid}, 10000) AS ended`));
  const pidOf = (tx: Tx) => only<{ pid: number }>(tx, sql`SELECT pg_backend_pid() AS pid`);

  it.each(['tx', 'read'] as const)('makes %s say that the database is away', async (way) => {
    // More often than the pool has connections: none of them is lost.
    for (let time = 0; time < 6; time++) {
      const error: unknown = await db[way](async (tx) => {
        await count(tx, 'b');
        await end((await pidOf(tx)).pid);
        await count(tx, 'a');
      }).catch((thrown: unknown) => thrown);
      expect(isDatabaseUnavailable(error)).toBe(true);
    }
    await db.tx((tx) => count(tx, 'a'));
    // Without a transaction each statement stands alone.
    expect(await counted()).toEqual([1, way === 'tx' ? 0 : 6]);
  });

  it('is told to the listener once', async () => {
    const lost: Error[] = [];
    const told = gate();
    const stop = await db.listen(
      [Channel.RULES],
      () => undefined,
      (error) => {
        lost.push(error);
        told.open();
      },
    );
    const { pid } = await db.read((tx) =>
      only<{ pid: number }>(
        tx,
        sql`SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'sluice-listen'`,
      ),
    );
    await end(pid);
    await told.opened;
    await stop();
    expect(lost).toHaveLength(1);
  });
});

describe('a ring', () => {
  it('is heard when its transaction commits, once, and never when it fails', async () => {
    const heard: Channel[] = [];
    const awaited = new Map<Channel, () => void>();
    const hears = (channel: Channel) =>
      new Promise<void>((resolve) => awaited.set(channel, resolve));
    const stop = await db.listen(
      Object.values(Channel),
      (channel) => {
        heard.push(channel);
        awaited.get(channel)?.();
      },
      () => undefined,
    );
    const held = gate();
    const rung = gate();
    const late = db.tx(async (tx) => {
      await ring(tx, Channel.REQUESTS);
      await ring(tx, Channel.REQUESTS);
      rung.open();
      await held.opened;
    });
    const failed = db.tx(async (tx) => {
      await ring(tx, Channel.RULES);
      throw new Error('the work failed');
    });
    await expect(failed).rejects.toThrow('the work failed');
    await rung.opened;

    // Rings arrive in the order of the commits: had another been sent, it were here before this one.
    const early = hears(Channel.DELETION);
    await db.tx((tx) => ring(tx, Channel.DELETION));
    await early;
    expect(heard).toEqual([Channel.DELETION]);

    held.open();
    await late;
    const last = hears(Channel.TRANSFERS);
    await db.tx((tx) => ring(tx, Channel.TRANSFERS));
    await last;
    expect(heard).toEqual([Channel.DELETION, Channel.REQUESTS, Channel.TRANSFERS]);
    await stop();
  });
});

describe('a statement', () => {
  it('gives int8 as bigint, in arrays too', async () => {
    const big = 2n ** 53n + 1n;
    const row = await db.read((tx) =>
      only(
        tx,
        sql`SELECT ${big}::int8 AS id, ${[1n, -big]}::int8[] AS ids, ARRAY[NULL, 7]::int8[] AS gaps,
                   '{}'::int8[] AS none, NULL::int8 AS missing, count(*) AS rows, 7::int4 AS small`,
      ),
    );
    expect(row).toEqual({
      id: big,
      ids: [1n, -big],
      gaps: [null, 7n],
      none: [],
      missing: null,
      rows: 1n,
      small: 7,
    });
  });

  it('refuses a value that is undefined, and says where', () => {
    const name: string | undefined = undefined;
    expect(() => sql`SELECT FROM dids WHERE name = ${name}`).toThrow(/undefined.*name = $/);
  });

  it('takes a literal only when it is plain', () => {
    expect(lit('Q').text).toBe("'Q'");
    expect(lit(-1).text).toBe('-1');
    for (const odd of ['', "it's", 'a b', 'a;b', 'é', 'x'.repeat(65), 0.5, NaN, 2 ** 53]) {
      expect(() => lit(odd)).toThrow(TypeError);
    }
  });

  it('never lets a text end its own literal or name', () => {
    const textOf = (make: () => { text: string }) => {
      try {
        return make().text;
      } catch {
        return undefined;
      }
    };
    const dangerous = fc.string({ unit: fc.constantFrom("'", '"', '\\', ';', '-', ' ', 'a', '1') });
    fc.assert(
      fc.property(fc.oneof(dangerous, fc.string()), (text) => {
        expect(textOf(() => lit(text)) ?? "'x'").toMatch(/^'[^'\\\s]+'$/);
        expect(textOf(() => ident(text)) ?? 'x').toMatch(/^[a-z0-9_.]+$/);
      }),
    );
  });
});
