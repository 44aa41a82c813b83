import {
  type TransferJob,
  type TransferOutcome,
  type TransferTool,
} from '../../transfertools/index.js';
import { type RequestId } from '../../vocabulary/index.js';
import { type TransferWay } from './transfer-ways.js';

/**
 * What this process has given to its transfer tools and not settled yet. The submitter begins, the
 * poller settles. Only what stands here is polled: between the commit that says SUBMITTED and the
 * tool's taking the job, the tool would tell of nothing, or of an attempt that is over.
 */
export class Movements {
  readonly ways: readonly TransferWay[];
  readonly #given = new Map<RequestId, TransferTool>();
  #closed = false;
  #changed: () => void = () => undefined;

  /** `open` makes the ways; their tools call `onFinished` when a movement is over. */
  constructor(open: (onFinished: () => void) => readonly TransferWay[]) {
    this.ways = open(() => this.#changed());
  }

  /** Calls `changed` whenever a movement has begun or is over. */
  watch(changed: () => void): void {
    this.#changed = changed;
  }

  get ids(): RequestId[] {
    return [...this.#given.keys()];
  }

  /** Gives jobs to a tool. Throws when the process is ending, and whatever the tool throws. */
  async begin(tool: TransferTool, jobs: readonly TransferJob[]): Promise<void> {
    if (this.#closed) throw new Error('no movement begins any more: this process is ending');
    await tool.submit(jobs);
    for (const { requestId } of jobs) this.#given.set(requestId, tool);
    this.#changed();
  }

  /** How these movements stand; those that were not begun here are left out. */
  async poll(ids: readonly RequestId[]): Promise<TransferOutcome[]> {
    const asked = await Promise.all(
      this.#byTool(ids).map(([tool, requestIds]) => tool.poll(requestIds)),
    );
    return asked.flat();
  }

  /** These are settled: their outcomes are nobody's business any more. */
  forget(ids: Iterable<RequestId>): void {
    for (const id of ids) this.#given.delete(id);
  }

  /** Ends movements that nobody waits for any more; resolves when nothing of them is left behind. */
  async cancel(ids: readonly RequestId[]): Promise<void> {
    const groups = this.#byTool(ids);
    this.forget(ids);
    await Promise.all(groups.map(([tool, requestIds]) => tool.cancel(requestIds)));
  }

  /** Begins nothing more and ends what is under way. Gives how each movement ended. */
  async close(): Promise<TransferOutcome[]> {
    this.#closed = true;
    const { ids } = this;
    await Promise.all(this.#byTool(ids).map(([tool, requestIds]) => tool.cancel(requestIds)));
    const outcomes = await this.poll(ids);
    this.forget(ids);
    return outcomes;
  }

  #byTool(ids: readonly RequestId[]): [TransferTool, RequestId[]][] {
    const groups = new Map<TransferTool, RequestId[]>();
    for (const id of ids) {
      const tool = this.#given.get(id);
      if (tool) groups.set(tool, [...(groups.get(tool) ?? []), id]);
    }
    return [...groups];
  }
}
