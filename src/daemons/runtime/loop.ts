import { type SchedulerRegistry } from '@nestjs/schedule';
import { isDatabaseUnavailable } from '../../db/index.js';
import { type Log } from '../../log/index.js';
import { type Reconciler, type Shift, type Tally } from './reconciler.js';

export interface LoopSpec {
  readonly reconciler: Reconciler;
  readonly periodMs: number;
  /** A fresh shift: the time is read anew for each. */
  readonly shift: () => Shift;
  readonly log: Log;
}

/**
 * The least time between two shifts unless there is more to do: who changes one thing after the other
 * rings for each, and a shift for each would cost more than the changes.
 */
const REST_MS = 25;

/** Runs one reconciler: every period with jitter, at once when rung or when there is more to do. */
export class Loop {
  private running: Promise<void> | undefined;
  private rung = false;
  private stopped = false;
  private restUntil = 0;
  /** When the loop last finished a shift without an error, for heartbeats. */
  lastShiftAt: Date | undefined;

  constructor(
    private readonly spec: LoopSpec,
    private readonly registry: SchedulerRegistry,
  ) {}

  get name(): string {
    return this.spec.reconciler.name;
  }

  start(): void {
    this.spec.reconciler.wakeBy?.(() => this.wake());
    this.wake();
  }

  /** Runs now, or once more after the present shift and its rest. */
  wake(): void {
    if (this.stopped) return;
    this.rung = true;
    if (this.running) return;
    const rest = this.restUntil - performance.now();
    // At the end nobody waits for a rest.
    if (rest > 0 && !this.spec.shift().signal.aborted) this.sleep(rest);
    else this.run();
  }

  private run(): void {
    this.running = this.work().finally(() => {
      this.running = undefined;
      this.restUntil = performance.now() + REST_MS;
      if (this.rung) this.wake();
      else this.sleep(this.spec.periodMs * (0.8 + Math.random() * 0.4));
    });
  }

  /** Ends after the present shift. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelSleep();
    await this.running;
    await this.spec.reconciler.stop?.(this.spec.shift());
  }

  private async work(): Promise<void> {
    this.cancelSleep();
    let more = true;
    while (more && !this.stopped) {
      this.rung = false;
      const shift = this.spec.shift();
      // Who is told to end does nothing and may leave more: asked again at once, and again, that
      // would keep the event loop from everything else, the end included.
      more = (await this.once(shift)).more && !shift.signal.aborted;
    }
  }

  private async once(shift: Shift): Promise<Tally> {
    const { reconciler, log } = this.spec;
    try {
      const tally = await reconciler.reconcile(shift);
      this.lastShiftAt = new Date();
      if (tally.seen > 0) log.info({ daemon: this.name, ...tally }, 'shift');
      return tally;
    } catch (error) {
      if (!this.stopped) {
        const away = isDatabaseUnavailable(error);
        log[away ? 'warn' : 'error'](
          { daemon: this.name, err: error },
          'shift failed; the next one repeats it',
        );
      }
      this.rung = false;
      return { seen: 0, done: 0, failed: 1, more: false };
    }
  }

  private sleep(ms: number): void {
    if (this.stopped) return;
    this.cancelSleep();
    const timer = setTimeout(() => {
      this.cancelSleep();
      this.run();
    }, ms);
    this.registry.addTimeout(this.name, timer);
  }

  private cancelSleep(): void {
    // Deleting a timeout from the registry also clears it.
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }
}
