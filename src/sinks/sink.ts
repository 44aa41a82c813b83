/** An event as it goes out. */
export interface Event {
  /** The same whenever it is told: who is told twice can see it. */
  readonly id: string;
  readonly eventType: string;
  readonly payload: object;
  readonly createdAt: Date;
}

/** What a delivery is told besides its events. */
export interface Delivery {
  /** The public URL of this Sluice. */
  readonly source: string;
  readonly signal: AbortSignal;
}

/** A place outside that is told events. */
export interface Sink {
  /** Its place in the outbox is kept under this name. */
  readonly name: string;
  /** The types of events that it is told; all of them where absent. */
  readonly events?: readonly string[] | undefined;
  /** Events that one delivery may carry. What one carries is told again as a whole where it fails. */
  readonly batch: number;
  /**
   * Tells events, in their order. Gives, in words, what was refused of them for good, and will not be
   * told again. Throws SinkError.
   */
  deliver(events: readonly Event[], delivery: Delivery): Promise<readonly string[]>;
}

/** A delivery that failed: nothing is known of whether the events have come through. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  constructor(
    message: string,
    /** These events are refused, whenever they come: too large, or not what the sink can read. */
    readonly refused: boolean,
  ) {
    super(message);
  }
}

/** How long a sink may take to answer unless its settings say otherwise. */
export const TIMEOUT_MS = 30_000;
/** What is kept of a sink's answer, in characters. */
export const ANSWER_MAX = 200;
