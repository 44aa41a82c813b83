import pLimit, { type LimitFunction } from 'p-limit';
import { type ProtocolEndpoint, type StorageRegistry } from '../protocols/index.js';
import { Leftovers } from './leftovers.js';
import { moveFile } from './move-file.js';
import { type CopyBytes } from './movement.js';
import { at, cancelled, failureAt } from './transfer-failure.js';
import { type TransferJob, type TransferOutcome, type TransferTool } from './transfer-tool.js';

export interface ToolLimits {
  /** Transfers at once in this process. */
  inFlightMax: number;
  /** Transfers at once that read from or write to one storage. */
  perStorageMax: number;
  /** A stream without a byte for this long is STALLED. */
  stallMs: number;
  /** The outcome of a finished transfer is told for this long; default 3,600,000. */
  keepMs?: number;
  /** When what a failed transfer left, and could not be removed, is removed; see Leftovers. */
  leftoversAfterMs?: readonly number[];
  now?: () => Date;
  /** Told of every transfer that is over, so that nobody has to wait for the next poll. */
  onFinished?: (outcome: TransferOutcome) => void;
}

/** What makes one way of moving bytes differ from another. */
export interface Mover {
  canMove(source: ProtocolEndpoint, destination: ProtocolEndpoint): boolean;
  copy: CopyBytes;
}

interface Transfer {
  outcome: TransferOutcome;
  abort: AbortController;
  over: Promise<void>;
}

/**
 * A transfer tool that works in this process. After a restart its transfers are UNKNOWN: submitting
 * them again finds what is already there, verified, and copies only the rest.
 */
export class InProcessTool implements TransferTool {
  readonly #transfers = new Map<bigint, Transfer>();
  readonly #storages = new Map<string, LimitFunction>();
  readonly #slots: LimitFunction;
  readonly #leftovers: Leftovers;
  readonly #now: () => Date;

  constructor(
    readonly name: string,
    private readonly registry: StorageRegistry,
    private readonly limits: ToolLimits,
    private readonly mover: Mover,
  ) {
    this.#slots = pLimit(limits.inFlightMax);
    this.#leftovers = new Leftovers(limits.leftoversAfterMs);
    this.#now = limits.now ?? (() => new Date());
  }

  canMove(source: ProtocolEndpoint, destination: ProtocolEndpoint): boolean {
    return this.mover.canMove(source, destination);
  }

  submit(jobs: readonly TransferJob[]): Promise<void> {
    this.#forgetOld();
    for (const job of jobs) {
      if (this.#transfers.get(job.requestId)?.outcome.state !== 'RUNNING') this.#start(job);
    }
    return Promise.resolve();
  }

  poll(requestIds: readonly bigint[]): Promise<TransferOutcome[]> {
    return Promise.resolve(
      requestIds.map((requestId) => {
        const transfer = this.#transfers.get(requestId);
        if (transfer !== undefined) return { ...transfer.outcome };
        return { requestId, state: 'UNKNOWN', bytesMoved: 0n, startedAt: this.#now() };
      }),
    );
  }

  async cancel(requestIds: readonly bigint[]): Promise<void> {
    const transfers = requestIds.flatMap((id) => this.#transfers.get(id) ?? []);
    for (const { abort } of transfers) abort.abort(cancelled());
    await Promise.all(transfers.map(({ over }) => over));
  }

  /** Resolves when none of these transfers is running any more. */
  async settled(requestIds: readonly bigint[] = [...this.#transfers.keys()]): Promise<void> {
    await Promise.all(requestIds.flatMap((id) => this.#transfers.get(id)?.over ?? []));
  }

  /** Ends everything that runs; resolves when it has ended. */
  async close(): Promise<void> {
    await this.cancel([...this.#transfers.keys()]);
    this.#leftovers.close();
  }

  #start(job: TransferJob): void {
    const { requestId } = job;
    const abort = new AbortController();
    const outcome: TransferOutcome = {
      requestId,
      state: 'RUNNING',
      bytesMoved: 0n,
      startedAt: this.#now(),
    };
    const over = this.#run(job, outcome, abort.signal).then(
      () => this.#finish(outcome, { state: 'DONE' }),
      (error: unknown) => this.#finish(outcome, failedOutcome(error)),
    );
    this.#transfers.set(requestId, { outcome, abort, over });
  }

  /** Waits for its turn and moves; one that is cancelled while it waits is over at once. */
  #run(job: TransferJob, outcome: TransferOutcome, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(failureAt('source', signal.reason));
      signal.addEventListener('abort', giveUp, { once: true });
      void this.#inTurn(job, async () => {
        if (signal.aborted) return;
        signal.removeEventListener('abort', giveUp);
        await this.#move(job, outcome, signal).then(resolve, reject);
      });
    });
  }

  async #move(job: TransferJob, outcome: TransferOutcome, signal: AbortSignal): Promise<void> {
    // Waiting for a turn is no part of the movement.
    outcome.startedAt = this.#now();
    const source = await at('source', () => this.registry.driver(job.source.endpoint));
    const destination = await at('destination', () =>
      this.registry.driver(job.destination.endpoint, { arriving: job.destination }),
    );
    const onBytes = (moved: bigint) => {
      outcome.bytesMoved = moved;
    };
    const onNote = (note: string) => {
      outcome.message = note;
    };
    const { stallMs } = this.limits;
    const movement = { job, source, destination, signal, stallMs, onBytes, onNote };
    await moveFile(movement, this.mover.copy, this.#leftovers);
  }

  #finish(outcome: TransferOutcome, end: Partial<TransferOutcome>): void {
    Object.assign(outcome, end, { finishedAt: this.#now() });
    this.limits.onFinished?.({ ...outcome });
  }

  /** Runs a movement when both storages and this process have room for it. */
  #inTurn(job: TransferJob, move: () => Promise<void>): Promise<void> {
    const ends = [job.source.endpoint, job.destination.endpoint];
    const names = [...new Set(ends.map(({ hostname, port }) => `${hostname}:${port}`))].sort();
    // Always in the same order, or two transfers could each wait for what the other holds.
    return names.reduceRight<() => Promise<void>>(
      (inner, name) => () => this.#storage(name)(inner),
      () => this.#slots(move),
    )();
  }

  #storage(name: string): LimitFunction {
    let limit = this.#storages.get(name);
    if (limit === undefined) this.#storages.set(name, (limit = pLimit(this.limits.perStorageMax)));
    return limit;
  }

  #forgetOld(): void {
    const oldest = this.#now().getTime() - (this.limits.keepMs ?? 3_600_000);
    for (const [requestId, { outcome }] of this.#transfers) {
      if ((outcome.finishedAt?.getTime() ?? Infinity) < oldest) this.#transfers.delete(requestId);
    }
  }
}

function failedOutcome(error: unknown): Partial<TransferOutcome> {
  const failure = failureAt('destination', error);
  return {
    state: 'FAILED',
    cause: failure.failureCause,
    side: failure.side,
    message: failure.message,
    leftover: failure.leftover,
    ...(failure.expected !== undefined && { expected: failure.expected }),
    ...(failure.found !== undefined && { found: failure.found }),
  };
}
