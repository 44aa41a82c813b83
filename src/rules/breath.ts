import { setImmediate } from 'node:timers/promises';

/** Candidates that are looked at in one turn of the event loop: some milliseconds of work. */
const A_TURN = 20_000;

/**
 * Pauses of long work, so that whoever else waits for the process has a turn: a container of 10,000
 * datasets over 1,000 storage elements is ten million candidates to look at.
 */
export class Breath {
  private left = A_TURN;

  /** After so many candidates were looked at. */
  async after(candidates: number): Promise<void> {
    this.left -= candidates;
    if (this.left > 0) return;
    this.left = A_TURN;
    await setImmediate();
  }
}
