import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type SchedulerRegistry } from '@nestjs/schedule';
import { type Clock } from '../../clock.js';
import { type Config } from '../../config/index.js';
import { type Database } from '../../db/index.js';
import { type Log } from '../../log/index.js';
import { type Channel } from '../../vocabulary/index.js';
import { Doorbell } from './doorbell.js';
import { beat, fallSilent } from './heartbeat.js';
import { Loop } from './loop.js';
import { type Reconciler, type Shift } from './reconciler.js';

export interface RuntimeSpec {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config['daemons'];
  readonly registry: SchedulerRegistry;
  readonly reconcilers: readonly Reconciler[];
}

/** All daemons of this process: started together, woken by one doorbell, drained at the end. */
export class Runtime {
  readonly worker = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  private readonly aborter = new AbortController();
  private readonly loops: Loop[];
  private readonly doorbell: Doorbell;

  constructor(private readonly spec: RuntimeSpec) {
    this.loops = spec.reconcilers.map((reconciler) => this.loopOf(reconciler));
    this.doorbell = new Doorbell(spec.db, spec.log, this.listeners());
  }

  get names(): string[] {
    return this.loops.map((loop) => loop.name);
  }

  async start(): Promise<void> {
    if (this.loops.length === 0) return;
    await this.doorbell.open();
    for (const loop of this.loops) loop.start();
    this.keepBeating();
  }

  /** Signals the end, waits for the batches under way, at most the grace period. */
  async stop(): Promise<void> {
    this.aborter.abort();
    const { registry, config, db, log } = this.spec;
    if (registry.doesExist('interval', 'heartbeat')) registry.deleteInterval('heartbeat');
    await this.doorbell.close();
    const drained = Promise.all(this.loops.map((loop) => this.drain(loop))).then(
      () => 'drained' as const,
    );
    const ended = await Promise.race([drained, grace(config.shutdownGraceMs)]);
    if (ended !== 'drained') log.warn('daemons did not drain in time; their leases will run out');
    if (this.loops.length > 0) await fallSilent(db, this.worker).catch(() => undefined);
  }

  private async drain(loop: Loop): Promise<void> {
    try {
      await loop.stop();
    } catch (error) {
      this.spec.log.warn({ daemon: loop.name, err: error }, 'not ended well; leases will run out');
    }
  }

  private loopOf(reconciler: Reconciler): Loop {
    const { config, registry } = this.spec;
    const tuning = config.tuning[reconciler.name];
    const log = this.spec.log.child({ daemon: reconciler.name });
    const shift = (): Shift => ({
      db: this.spec.db,
      signal: this.aborter.signal,
      log,
      now: this.spec.clock.now(),
      batch: tuning?.batch ?? config.batch,
      worker: this.worker,
    });
    const periodMs = (tuning?.periodSeconds ?? config.periodSeconds) * 1000;
    return new Loop({ reconciler, periodMs, shift, log }, registry);
  }

  private listeners(): Map<Channel, (() => void)[]> {
    const listeners = new Map<Channel, (() => void)[]>();
    this.spec.reconcilers.forEach((reconciler, i) => {
      for (const channel of reconciler.wakeOn) {
        const wake = () => this.loops[i]?.wake();
        listeners.set(channel, [...(listeners.get(channel) ?? []), wake]);
      }
    });
    return listeners;
  }

  private keepBeating(): void {
    const { db, log, config, registry } = this.spec;
    const once = () =>
      beat(db, this.worker, this.names).catch((error: unknown) =>
        log.warn({ err: error }, 'no heartbeat'),
      );
    void once();
    registry.addInterval(
      'heartbeat',
      setInterval(() => void once(), Math.max(1, config.heartbeatSeconds) * 1000),
    );
  }
}

function grace(ms: number): Promise<'late'> {
  return new Promise((resolve) => setTimeout(() => resolve('late'), ms).unref());
}
