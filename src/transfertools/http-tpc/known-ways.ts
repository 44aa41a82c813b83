import {
  type ProtocolEndpoint,
  thirdPartyAbilities,
  type ThirdPartyWay,
} from '../../protocols/index.js';

/** What turned out is believed for so long; then it is tried again. */
const KEEP_MS = 900_000;
const WAYS: readonly ThirdPartyWay[] = ['pull', 'push'];

type Pair = readonly [source: ProtocolEndpoint, destination: ProtocolEndpoint];

/**
 * The third-party copies between two storages: what their protocols say, less what turned out not
 * to work lately. Lives in one process; another one finds it out for itself.
 */
export class KnownWays {
  readonly #closedUntil = new Map<string, number>();

  constructor(private readonly now: () => Date) {}

  /** The ways that are worth trying, pull first: the destination then sees what it writes. */
  between(source: ProtocolEndpoint, destination: ProtocolEndpoint): ThirdPartyWay[] {
    // A storage that is only read or written has to be reached over TLS too: our tokens go there.
    const secure = [source, destination].every(({ scheme }) => ['https', 'davs'].includes(scheme));
    if (!secure) return [];
    return WAYS.filter((way) => {
      const ends = [source, destination] as const;
      return (
        thirdPartyAbilities(worker(way, ends))[way] &&
        !this.#isClosed(hostKey(way, ends)) &&
        !this.#isClosed(pairKey(way, ends))
      );
    });
  }

  /** The storage that would have to do the work does not do it: for nobody. */
  closeForAll(way: ThirdPartyWay, ...ends: Pair): void {
    this.#close(hostKey(way, ends));
  }

  /** These two do not come together in this way. */
  closeBetween(way: ThirdPartyWay, ...ends: Pair): void {
    this.#close(pairKey(way, ends));
  }

  #close(key: string): void {
    const now = this.now().getTime();
    for (const [old, until] of this.#closedUntil) if (until <= now) this.#closedUntil.delete(old);
    this.#closedUntil.set(key, now + KEEP_MS);
  }

  #isClosed(key: string): boolean {
    return (this.#closedUntil.get(key) ?? 0) > this.now().getTime();
  }
}

const worker = (way: ThirdPartyWay, [source, destination]: Pair): ProtocolEndpoint =>
  way === 'pull' ? destination : source;

const host = ({ hostname, port }: ProtocolEndpoint): string => `${hostname}:${port}`;
const hostKey = (way: ThirdPartyWay, ends: Pair): string => `${way} ${host(worker(way, ends))}`;
const pairKey = (way: ThirdPartyWay, ends: Pair): string => `${way} ${ends.map(host).join(' ')}`;
