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

/** Runs one reconciler: every period with jitter, at once when rung or when there is more to do. */
export class Loop {
  private running: Promise<void> | undefined;
  private rung = false;
  private stopped = false;
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

  /** Runs now, or once more directly after the present shift. */
  wake(): void {
    if (this.stopped) return;
    this.rung = true;
    this.running ??= this.work().finally(() => {
      this.running = undefined;
      if (this.rung) this.wake();
      else this.sleep();
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

  private sleep(): void {
    if (this.stopped) return;
    const jitter = 0.8 + Math.random() * 0.4;
    const timer = setTimeout(() => {
      this.cancelSleep();
      this.wake();
    }, this.spec.periodMs * jitter);
    this.registry.addTimeout(this.name, timer);
  }

  private cancelSleep(): void {
    // Deleting a timeout from the registry also clears it.
    if (this.registry.doesExist('timeout', this.name)) this.registry.deleteTimeout(this.name);
  }
}
