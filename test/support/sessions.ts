import pg from 'pg';
import { type Database, type Tx } from '../../src/db/index.js';

/** Waits until a session of the database waits for a lock: the moment a race test needs to see. */
export async function someoneWaits(url: string, count = 1): Promise<void> {
  const watcher = new pg.Client(url);
  await watcher.connect();
  try {
    for (;;) {
      const { rows } = await watcher.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if ((rows[0]?.n ?? 0) >= count) return;
    }
  } finally {
    await watcher.end();
  }
}

/** A promise and what settles it, for holding something open until the story goes on. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** A transaction that has done its work and waits before it commits. */
export interface HeldTransaction {
  /** Lets it commit, and waits until it has. */
  release(): Promise<void>;
}

/** Does the work in a transaction and holds it open until released: the first session of a race. */
export async function hold(
  db: Database,
  work: (tx: Tx) => Promise<unknown>,
): Promise<HeldTransaction> {
  const { opened, open } = gate();
  let finished: Promise<void> = Promise.resolve();
  await new Promise<void>((done, failed) => {
    finished = db.tx(async (tx) => {
      await work(tx);
      done();
      await opened;
    });
    finished.catch(failed);
  });
  return {
    async release() {
      open();
      await finished;
    },
  };
}
