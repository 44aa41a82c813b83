import { type ThirdPartyWay } from '../../protocols/index.js';
import { Cause, type TransferSide } from '../../vocabulary/index.js';
import { TransferFailure } from '../transfer-failure.js';

/**
 * Watches the performance markers of a third-party copy and says STALLED when the bytes have not
 * grown for `stallMs`. The storage that was asked is silent: it stands still itself; it tells the
 * same bytes again: the other one does.
 */
export class ProgressWatch {
  #moved = 0n;
  #heard = false;
  #timer: NodeJS.Timeout;

  constructor(
    private readonly way: ThirdPartyWay,
    private readonly stallMs: number,
    private readonly stalled: (failure: TransferFailure) => void,
  ) {
    this.#timer = this.#wait();
  }

  get moved(): bigint {
    return this.#moved;
  }

  /** A marker has come. */
  heard(moved: bigint): void {
    if (moved <= this.#moved) {
      this.#heard = true;
      return;
    }
    this.#moved = moved;
    this.#heard = false;
    this.stop();
    this.#timer = this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => this.stalled(this.#failure()), this.stallMs);
  }

  #failure(): TransferFailure {
    const [worker, other]: TransferSide[] =
      this.way === 'pull' ? ['destination', 'source'] : ['source', 'destination'];
    const side = (this.#heard ? other : worker) ?? 'destination';
    const message = `${this.way}: no byte more for ${this.stallMs} ms after ${this.#moved}: the ${side} stands still`;
    return new TransferFailure(Cause.STALLED, side, message);
  }
}
