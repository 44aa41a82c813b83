import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import pg from 'pg';
import { SystemClock } from '../../src/clock.js';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import {
  IDLE,
  listHeartbeats,
  type Reconciler,
  Runtime,
  type Shift,
} from '../../src/daemons/runtime/index.js';
import { ring, rows, sql } from '../../src/db/index.js';
import { createLog } from '../../src/log/index.js';
import { Channel } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

const DAY_SECONDS = 86_400;
const { daemons } = loadConfig({ file: bundledConfigFile('test'), environment: {} });

let base: TestDatabase;
let runtime: Runtime | undefined;
let lines: string[];
beforeEach(async () => {
  base = await testDatabase();
  lines = [];
});
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
  await base.close();
});

/** A runtime of these daemons; a period of a day unless told: only what wakes them, wakes them. */
async function start(
  reconcilers: readonly Reconciler[],
  config: Partial<typeof daemons> = {},
): Promise<Runtime> {
  const log = createLog('info', { write: (line) => void lines.push(line) });
  runtime = new Runtime({
    db: base.db,
    clock: new SystemClock(),
    log,
    config: { ...daemons, periodSeconds: DAY_SECONDS, tuning: {}, ...config },
    registry: new SchedulerRegistry(),
    reconcilers,
  });
  await runtime.start();
  return runtime;
}

/** A daemon that does `work`, and tells of each shift that has begun. */
function daemon(
  work: (shift: Shift, n: number) => Promise<unknown>,
  more: Partial<Reconciler> = {},
) {
  let shifts = 0;
  const waiting: { n: number; reached: () => void }[] = [];
  const reconciler: Reconciler = {
    name: 'abacus',
    wakeOn: [Channel.RULES],
    async reconcile(shift) {
      const n = (shifts += 1);
      for (const { reached } of waiting.filter((each) => each.n <= n)) reached();
      await work(shift, n);
      return IDLE;
    },
    ...more,
  };
  return {
    reconciler,
    get shifts() {
      return shifts;
    },
    /** Resolves when the n-th shift has begun. */
    shift: (n: number) =>
      new Promise<void>((reached) => (shifts >= n ? reached() : waiting.push({ n, reached }))),
  };
}

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
const ringRules = () => base.db.tx((tx) => ring(tx, Channel.RULES));

describe('a daemon', () => {
  it('begins at once, and again when it is rung', async () => {
    const bell = daemon(() => Promise.resolve());
    await start([bell.reconciler]);
    await bell.shift(1);
    await ringRules();
    await bell.shift(2);
  });

  it('that is rung during a shift runs once more after it', async () => {
    const first = gate();
    let inside = () => {};
    const bell = daemon((_, n) => (n === 1 ? first.opened : Promise.resolve()), {
      wakeBy: (wake) => (inside = wake),
    });
    await start([bell.reconciler]);
    await bell.shift(1);
    inside();
    inside();
    expect(bell.shifts).toBe(1);
    first.open();
    await bell.shift(2);
  });

  it('that is rung again and again rests between its shifts, and misses no ring', async () => {
    let wake = () => {};
    const bell = daemon(() => Promise.resolve(), { wakeBy: (inside) => (wake = inside) });
    await start([bell.reconciler]);
    for (let rings = 0; rings < 1000; rings++) {
      wake();
      await new Promise(setImmediate);
    }
    const seen = bell.shifts;
    expect(seen).toBeLessThan(500);
    wake();
    await bell.shift(seen + 1);
  });

  it('goes on at once while there is more', async () => {
    let left = 3;
    const all = gate();
    const bell = daemon(() => Promise.resolve(), {
      reconcile: () => {
        left -= 1;
        if (left === 0) all.open();
        return Promise.resolve({ seen: 1, done: 1, failed: 0, more: left > 0 });
      },
    });
    await start([bell.reconciler]);
    await all.opened;
  });

  it('that is told to end is not asked again for what it left', async () => {
    let asked = 0;
    let inside = () => {};
    const bell = daemon(() => Promise.resolve(), {
      wakeBy: (wake) => (inside = wake),
      reconcile: ({ signal }) => {
        if (signal.aborted) asked += 1;
        // Without a bound of its own this story could not fail, only hang.
        const more = signal.aborted && asked < 1000;
        return Promise.resolve({ seen: 0, done: 0, failed: 0, more });
      },
    });
    const ended = (await start([bell.reconciler])).stop();
    inside();
    await ended;
    expect(asked).toBe(1);
  });

  it('comes back every period by itself', async () => {
    const bell = daemon(() => Promise.resolve());
    await start([bell.reconciler], { periodSeconds: 0.05 });
    await bell.shift(3);
  });

  it('survives a failing shift, and says what went wrong', async () => {
    const bell = daemon((_, n) =>
      n === 1 ? Promise.reject(new Error('a bug of ours')) : Promise.resolve(),
    );
    await start([bell.reconciler], { periodSeconds: 0.05 });
    await bell.shift(2);
    expect(lines.join()).toContain('a bug of ours');
  });

  it('gets the time, its batch and the name that its claims carry', async () => {
    const shifts: Shift[] = [];
    const bell = daemon((shift) => Promise.resolve(shifts.push(shift)));
    const { worker } = await start([bell.reconciler], { tuning: { abacus: { batch: 7 } } });
    await bell.shift(1);
    expect(shifts[0]).toMatchObject({ batch: 7, worker });
    expect(shifts[0]?.now).toBeInstanceOf(Date);
  });
});

describe('while the database is away', () => {
  const administer = async (...statements: string[]) => {
    const session = new pg.Client(base.url.replace(/\/test_[0-9a-f]+\?/, '/sluice?'));
    await session.connect();
    for (const statement of statements) await session.query(statement);
    await session.end();
  };
  const name = () => /\/(test_[0-9a-f]+)\?/.exec(base.url)?.[1] ?? '';

  it('daemons wait, and go on when it is back', async () => {
    const failed = gate();
    let away = false;
    const bell = daemon(async (shift) => {
      try {
        await shift.db.read((tx) => rows(tx, sql`SELECT 1 AS one`));
      } catch (error) {
        if (away) failed.open();
        throw error;
      }
    });
    await start([bell.reconciler], { periodSeconds: 0.05 });
    await bell.shift(1);
    away = true;
    await administer(
      `ALTER DATABASE ${name()} ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name()}'`,
    );
    await failed.opened;
    await administer(`ALTER DATABASE ${name()} ALLOW_CONNECTIONS true`);
    const seen = bell.shifts;
    await bell.shift(seen + 2);
  });

  it('the doorbell connects again and wakes everybody once', async () => {
    const bell = daemon(() => Promise.resolve());
    await start([bell.reconciler]);
    await bell.shift(1);
    await administer(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '${name()}' AND application_name = 'sluice-listen'`,
    );
    await bell.shift(2);
    await ringRules();
    await bell.shift(3);
  });
});

describe('stopping', () => {
  it('waits for the shift under way, tells it, and ends what goes on between shifts', async () => {
    const order: string[] = [];
    const bell = daemon(
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        order.push('shift ended');
      },
      {
        stop: ({ worker }) => {
          order.push(`stopped by ${worker}`);
          return Promise.resolve();
        },
      },
    );
    const { worker, stop } = await startAndBind([bell.reconciler]);
    await bell.shift(1);
    await stop();
    expect(order).toEqual(['shift ended', `stopped by ${worker}`]);
    await ringRules();
    expect(bell.shifts).toBe(1);
  });

  it('does not wait for ever', async () => {
    const never = gate();
    const bell = daemon(() => never.opened);
    const { stop } = await startAndBind([bell.reconciler], { shutdownGraceMs: 20 });
    await bell.shift(1);
    await stop();
    expect(lines.join()).toContain('did not drain in time');
    never.open();
  });

  it('is not kept by one that cannot end its work', async () => {
    const bell = daemon(() => Promise.resolve(), {
      stop: () => Promise.reject(new Error('database gone')),
    });
    const { stop } = await startAndBind([bell.reconciler]);
    await bell.shift(1);
    await stop();
    expect(lines.join()).toContain('leases will run out');
  });

  const startAndBind = async (...spec: Parameters<typeof start>) => {
    const started = await start(...spec);
    return { worker: started.worker, stop: () => started.stop() };
  };
});

describe('heartbeats', () => {
  it('show every daemon of the process while it is there', async () => {
    const bell = daemon(() => Promise.resolve());
    const { worker } = await start([bell.reconciler], { heartbeatSeconds: 1 });
    const beats = async () => {
      for (;;) {
        const found = await base.db.read(listHeartbeats);
        if (found.length > 0) return found;
      }
    };
    expect(await beats()).toMatchObject([
      { executable: 'abacus', pid: process.pid, threadName: worker },
    ]);
    await runtime?.stop();
    expect(await base.db.read(listHeartbeats)).toEqual([]);
  });
});
