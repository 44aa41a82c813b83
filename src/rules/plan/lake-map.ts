import { type Tx } from '../../db/index.js';
import {
  type Backlog,
  backlogAt,
  compareSources,
  type RecentRate,
  recentRates,
} from '../../requests/index.js';
import { distancesToEach, listRses, type Rse, rseLimits, rseUsage } from '../../rses/index.js';
import { type RseId, RseType } from '../../vocabulary/index.js';
import { type Sites } from '../sites.js';
import { type Traffic } from './arrival-times.js';
import { type Ways } from './flows.sql.js';

/** Rates are told by the transfers of so long. */
const RECENTLY_MS = 86_400_000;

/** What the storage elements hold, and may hold. Null is no limit. */
interface Space {
  readonly limit: bigint | null;
  readonly used: bigint;
}

/** The storage elements as the plans of one request see them: what several ask for is read once. */
export class LakeMap {
  private readonly distances = new Map<RseId, ReadonlyMap<RseId, number>>();
  private readonly rates = new Map<RseId, RecentRate[]>();
  private readonly backlog = new Map<RseId, Backlog>();
  private readonly siteOf: ReadonlyMap<RseId, string>;
  /** Those that cannot be written now. */
  readonly shut: readonly RseId[];

  private constructor(
    private readonly tx: Tx,
    readonly rses: ReadonlyMap<RseId, Rse>,
    private readonly spaces: ReadonlyMap<RseId, Space>,
  ) {
    this.shut = [...rses.values()].flatMap((rse) => (rse.availabilityWrite ? [] : [rse.id]));
    this.siteOf = new Map(
      [...rses.values()].map((rse) => [rse.id, rse.attributes['site'] ?? rse.name]),
    );
  }

  static async open(tx: Tx): Promise<LakeMap> {
    const rses = await listRses(tx);
    const ids = rses.map(({ id }) => id);
    const limits = await rseLimits(tx, ids);
    const usage = await rseUsage(tx, ids);
    const spaces = new Map(
      ids.map((id): [RseId, Space] => [
        id,
        {
          limit: limits.get(id)?.['MaxSpaceAvailable'] ?? null,
          used: usage.get(id)?.bytes ?? 0n,
        },
      ]),
    );
    return new LakeMap(tx, new Map(rses.map((rse) => [rse.id, rse])), spaces);
  }

  nameOf(id: RseId): string {
    return this.rses.get(id)?.name ?? String(id);
  }

  spaceAt(id: RseId): Space {
    return this.spaces.get(id) ?? { limit: null, used: 0n };
  }

  /**
   * Where the copies of a rule may come from, for each destination as the conveyor ranks them. `leaving`
   * will not be there any more.
   */
  async waysTo(
    destinations: readonly RseId[],
    { sources }: Pick<Sites, 'sources'>,
    leaving: RseId | null = null,
  ): Promise<Ways> {
    const unknown = destinations.filter((id) => !this.distances.has(id));
    if (unknown.length > 0) {
      for (const [id, distances] of await distancesToEach(this.tx, unknown)) {
        this.distances.set(id, distances);
      }
    }
    const allowed = sources && new Set(sources);
    const readable = [...this.rses.values()].filter(
      ({ id, availabilityRead }) => availabilityRead && (allowed?.has(id) ?? true),
    );
    const plain = ranked(readable, new Map());
    const orderFor = (id: RseId): readonly RseId[] => {
      const distances = this.distances.get(id) ?? new Map<RseId, number>();
      return distances.size === 0 ? plain : ranked(readable, distances);
    };
    return {
      sources: new Map(destinations.map((id) => [id, orderFor(id)])),
      allowed: readable.map(({ id }) => id),
      siteOf: this.siteOf,
      leaving,
    };
  }

  /** How transfers to these RSEs went lately, and what waits for them. */
  async trafficTo(destinations: readonly RseId[], now: Date): Promise<Traffic> {
    const unknown = destinations.filter((id) => !this.rates.has(id));
    if (unknown.length > 0) {
      const since = new Date(now.getTime() - RECENTLY_MS);
      for (const id of unknown) this.rates.set(id, []);
      for (const rate of await recentRates(this.tx, unknown, since)) {
        this.rates.get(rate.rseId)?.push(rate);
      }
      for (const waiting of await backlogAt(this.tx, unknown)) {
        this.backlog.set(waiting.rseId, waiting);
      }
    }
    return {
      rates: destinations.flatMap((id) => this.rates.get(id) ?? []),
      backlog: destinations.flatMap((id) => this.backlog.get(id) ?? []),
    };
  }
}

/** Sources, the best first. That a destination is among its own does no harm: what it has stays there. */
const ranked = (readable: readonly Rse[], distances: ReadonlyMap<RseId, number>): RseId[] =>
  readable
    .map(({ id, type }) => ({
      rseId: id,
      failures: 0,
      isTape: type === RseType.TAPE,
      distance: distances.get(id),
    }))
    .toSorted(compareSources)
    .map(({ rseId }) => rseId);
