import { type Config } from '../config/index.js';
import {
  advanceSink,
  claimSink,
  type ClaimedSink,
  eventsAfter,
  giveSinkBack,
  type Position,
  type ToldEvent,
} from '../messages/index.js';
import { type Event, openSink, type Sink, SinkError } from '../sinks/index.js';
import { type Reconciler, type Shift, type Tally } from './runtime/index.js';

/** Events that are read at once. */
const PAGE = 500;
/** A worker that has not moved a sink on for so long is gone. Longer than a delivery may take. */
const LEASE_MS = 300_000;
/** Until the next delivery after one that failed: doubled each time, up to the longest. */
const RETRY_MS = 5_000;
const RETRY_MAX_MS = 600_000;

/**
 * An event is to be told to a sink if and only if it is of a type that the sink wants and stands
 * behind the sink's place in the outbox. Each sink has its own place and is told by one worker at a
 * time, in order, at least once: one that does not answer keeps no other waiting, and is told later
 * what it missed, as long as the outbox keeps it. An event that a sink refuses by itself is passed
 * over and logged: everything behind it would wait for ever. Throws RangeError for settings that no
 * sink can have.
 */
export function hermes(config: Config): Reconciler {
  const sinks = config.messages.sinks.map(openSink);
  const twice = sinks.find(({ name }, at) => sinks.findIndex((sink) => sink.name === name) !== at);
  if (twice) throw new RangeError(`messages.sinks: two sinks are named '${twice.name}'`);
  const source = config.server.publicUrl;
  return {
    name: 'hermes',
    wakeOn: [],
    async reconcile(shift) {
      const tallies = await Promise.all(
        sinks.map((sink) => new Telling(shift, sink, source).tell()),
      );
      return tallies.reduce(plus, { seen: 0, done: 0, failed: 0, more: false });
    },
  };
}

const plus = (a: Tally, b: Tally): Tally => ({
  seen: a.seen + b.seen,
  done: a.done + b.done,
  failed: a.failed + b.failed,
  more: a.more || b.more,
});

/** One sink's share of a shift. */
class Telling {
  private readonly tally = { seen: 0, done: 0, failed: 0, more: false };

  constructor(
    private readonly shift: Shift,
    private readonly sink: Sink,
    private readonly source: string,
  ) {}

  async tell(): Promise<Tally> {
    const { db, now, batch } = this.shift;
    const { name } = this.sink;
    const claim = await db.tx((tx) => claimSink(tx, name, { now, until: this.lease() }));
    if (!claim) return this.tally;
    try {
      this.tally.more = await this.tellAfter(claim, batch);
      await db.tx((tx) => giveSinkBack(tx, { sink: name, token: claim.token }));
    } catch (error) {
      if (!(error instanceof SinkError)) throw error;
      await this.fail(claim, error);
    }
    return this.tally;
  }

  /** Page after page. Gives whether something is left. */
  private async tellAfter(claim: ClaimedSink, most: number): Promise<boolean> {
    const { db, signal } = this.shift;
    const limit = Math.max(this.sink.batch, PAGE);
    let at: Position = claim;
    while (this.tally.seen < most && !signal.aborted) {
      const from = at;
      const events = await db.read((tx) => eventsAfter(tx, from, limit));
      const last = events.at(-1);
      if (!last || !(await this.tellPage(claim, events, last))) return false;
      this.tally.seen += events.length;
      if (events.length < limit) return false;
      at = last;
    }
    return true;
  }

  /** A page in deliveries, each noted before the next one. False if the sink is not ours any more. */
  private async tellPage(
    { token }: ClaimedSink,
    events: readonly ToldEvent[],
    last: Position,
  ): Promise<boolean> {
    const { db } = this.shift;
    const { name, batch } = this.sink;
    const advance = (to: Position) =>
      db.tx((tx) => advanceSink(tx, { sink: name, token, until: this.lease() }, to));
    const wanted = events.filter((event) => this.wants(event));
    for (let from = 0; from < wanted.length; from += batch) {
      const told = wanted[from - 1];
      if (told && !(await advance(told))) return false;
      await this.deliver(wanted.slice(from, from + batch));
    }
    return await advance(last);
  }

  private wants({ eventType }: ToldEvent): boolean {
    return this.sink.events?.includes(eventType) ?? true;
  }

  /** What is refused together is sent in halves, until it is known which one is meant. */
  private async deliver(events: readonly ToldEvent[]): Promise<void> {
    const { signal, log } = this.shift;
    const [event] = events;
    const seen = { sink: this.sink.name, event: String(event?.id), type: event?.eventType };
    try {
      const { source } = this;
      const refused = await this.sink.deliver(events.map(outgoing), { source, signal });
      this.tally.done += events.length;
      if (refused.length > 0) log.error({ ...seen, refused }, 'a sink refuses a part of an event');
    } catch (error) {
      if (!(error instanceof SinkError) || !error.refused) throw error;
      if (events.length > 1) {
        const middle = Math.ceil(events.length / 2);
        await this.deliver(events.slice(0, middle));
        return await this.deliver(events.slice(middle));
      }
      this.tally.failed++;
      log.error({ ...seen, err: error }, 'a sink refuses an event: passed over');
    }
  }

  private async fail(claim: ClaimedSink, error: SinkError): Promise<void> {
    const { db, now, log, signal } = this.shift;
    const { name } = this.sink;
    const waitMs = Math.min(RETRY_MS * 2 ** Math.min(claim.attempts, 20), RETRY_MAX_MS);
    const dueAt = new Date(now.getTime() + (signal.aborted ? 0 : waitMs));
    const failure = { error: error.message, dueAt };
    await db.tx((tx) => giveSinkBack(tx, { sink: name, token: claim.token }, failure));
    this.tally.failed++;
    if (!signal.aborted) log.warn({ sink: name, err: error, waitMs }, 'a sink cannot be told');
  }

  private lease(): Date {
    return new Date(this.shift.now.getTime() + LEASE_MS);
  }
}

const outgoing = ({ id, eventType, payload, createdAt }: ToldEvent): Event => ({
  id: String(id),
  eventType,
  payload,
  createdAt,
});
