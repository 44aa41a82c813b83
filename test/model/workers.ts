import { type Config } from '../../src/config/index.js';
import { Movements } from '../../src/daemons/conveyor/movements.js';
import { conveyorPoller } from '../../src/daemons/conveyor/poller.js';
import { conveyorSubmitter } from '../../src/daemons/conveyor/submitter.js';
import { reconcilersOf } from '../../src/daemons/index.js';
import { type Reconciler, type Tally } from '../../src/daemons/runtime/index.js';
import { type Database } from '../../src/db/index.js';
import { createLog } from '../../src/log/index.js';
import { type StorageRegistry } from '../../src/protocols/index.js';
import { type InProcessTool, streamTool } from '../../src/transfertools/index.js';
import { type DaemonName } from '../../src/vocabulary/index.js';
import { mortal, ProcessDied } from '../support/mortal.js';
import { WORKERS } from './operation.js';

/** One process with every daemon. Killed between two transactions, another one takes its place. */
export class Workers {
  private process = 0;
  private tool!: InProcessTool;
  private reconcilers!: ReadonlyMap<DaemonName, Reconciler>;

  constructor(
    private readonly db: Database,
    private readonly config: Config,
    private readonly storages: StorageRegistry,
    private readonly clock: () => Date,
  ) {
    this.start();
  }

  private start(): void {
    const { config, storages } = this;
    this.process++;
    this.tool = streamTool(storages, { inFlightMax: 8, perStorageMax: 4, stallMs: 60_000 });
    const movements = new Movements(() => [{ tool: this.tool, from: 'read', to: 'write' }]);
    const others = WORKERS.filter(
      (name) => !name.startsWith('conveyor-') || name.endsWith('finisher'),
    );
    const all = [
      ...reconcilersOf(others, { config, storages }),
      conveyorSubmitter(config, movements),
      conveyorPoller(config, movements),
    ];
    this.reconcilers = new Map(all.map((reconciler) => [reconciler.name, reconciler]));
  }

  /** One shift. Movements that it waits for have ended, so that a poll finds what became of them. */
  async shift(name: DaemonName, batch: number, db = this.db): Promise<Tally | undefined> {
    if (name === 'conveyor-poller') await this.tool.settled();
    return await this.reconcilers.get(name)?.reconcile({
      db,
      signal: new AbortController().signal,
      log: createLog('silent'),
      now: this.clock(),
      batch,
      worker: `worker-${this.process}`,
    });
  }

  /** One shift of a process that dies after so many transactions, with all it had under way. */
  async die(name: DaemonName, batch: number, transactions: number): Promise<void> {
    try {
      await this.shift(name, batch, mortal(this.db, transactions));
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
    }
    await this.close();
    this.start();
  }

  close(): Promise<void> {
    return this.tool.close();
  }
}
