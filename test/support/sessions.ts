import pg from 'pg';

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

/** A promise and what settles it, for holding a transaction open until the story goes on. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
