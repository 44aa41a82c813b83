import { type Database } from '../../db/index.js';
import { type Log } from '../../log/index.js';
import { type Channel } from '../../vocabulary/index.js';

const RECONNECT_MS = 1_000;

/**
 * The process's one LISTEN connection. A ring that is lost while the connection is away costs the
 * daemons one period, no more; after reconnecting everybody is woken once.
 */
export class Doorbell {
  private stop: (() => Promise<void>) | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly db: Database,
    private readonly log: Log,
    private readonly listeners: ReadonlyMap<Channel, readonly (() => void)[]>,
  ) {}

  async open(): Promise<void> {
    if (this.listeners.size === 0) return;
    try {
      this.stop = await this.db.listen(
        [...this.listeners.keys()],
        (channel) => this.ring(channel),
        (error) => this.lost(error),
      );
      if (this.closed) await this.stop();
    } catch (error) {
      this.lost(error);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.stop?.();
  }

  private ring(channel: Channel): void {
    for (const wake of this.listeners.get(channel) ?? []) wake();
  }

  private lost(error: unknown): void {
    if (this.closed) return;
    this.log.warn({ err: error }, 'doorbell: listening connection lost, trying again');
    // A connection that breaks while it is made says so twice.
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      void this.open().then(() =>
        [...this.listeners.keys()].forEach((channel) => this.ring(channel)),
      );
    }, RECONNECT_MS);
  }
}
