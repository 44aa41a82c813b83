import { execute, sql, type Tx } from '../../db/index.js';
import { type SluiceError } from '../../errors/index.js';
import { backlogAt, compareSources, recentRates } from '../../requests/index.js';
import { distancesToEach, listRses, type Rse, rseLimits, rseUsage } from '../../rses/index.js';
import { type RseId, RseType } from '../../vocabulary/index.js';
import { type AdditionTerms } from '../begin-rules.js';
import { type Sites } from '../sites.js';
import { arrivalTimes, rateOf, secondsFor, type Traffic } from './arrival-times.js';
import { type AccountBook, addTo, Books } from './books.js';
import { type Draft } from './draft-rule.js';
import { type Flow, type Ways } from './flows.sql.js';
import { type Ground, type Placed, placeDraft } from './place-draft.js';
import {
  type Amount,
  type Movement,
  NOTHING,
  type PlannedPart,
  type RulePlan,
  type SpaceChange,
  sumOf,
} from './plan.js';
import { presentChoices } from './part-of-plan.js';
import { warningsOf } from './warnings.js';

/** Rates are told by the transfers of so long. */
const RECENTLY_MS = 86_400_000;

/** The catalogue as several plans of one request see it. */
export interface PlanGround {
  readonly books: Books;
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly terms: AdditionTerms;
  /** What rules before want is there by then; else it is on its way. */
  readonly arrived?: boolean;
}

/**
 * Reads what every plan of a request needs. Until the transaction ends nothing is kept of one file for the
 * next, which is another one: keeping the copies of a million files costs a third more than finding them.
 */
export async function openPlan(tx: Tx, terms: AdditionTerms): Promise<PlanGround> {
  await execute(tx, sql`SELECT set_config('enable_memoize', 'off', true)`);
  const rses = await listRses(tx);
  return { books: new Books(tx), rses: new Map(rses.map((rse) => [rse.id, rse])), terms };
}

/** A plan, and what it charges. */
export interface Charged {
  readonly plan: RulePlan;
  readonly charged: ReadonlyMap<RseId, bigint>;
}

/** The plan of one draft; what it takes is not there for the next one any more. */
export async function planDraft(
  tx: Tx,
  draft: Draft,
  { books, rses, terms, arrived = false }: PlanGround,
  kept?: Ground['kept'],
): Promise<Charged> {
  const { spec, sites, named, dids, beginnings, existing } = draft;
  const book = await books.account(spec.accountId);
  const placed = sites
    ? await placeDraft(tx, draft, sites, {
        books,
        book,
        rses,
        sliceLocks: terms.sliceLocks,
        arrived,
        ways: await waysTo(tx, sites, rses),
        ...(kept && { kept }),
      })
    : EMPTY;
  const { flows } = placed;
  const destinations = [...new Set(flows.map(({ destination }) => destination))];
  const traffic = await trafficTo(tx, destinations, terms.now);
  const taken = takenBy(flows, placed);
  const reached = destinations
    .flatMap((id) => rses.get(id) ?? [])
    .toSorted((x, y) => (x.name < y.name ? -1 : 1));
  const quota = draft.wish.ignoreAccountLimit ? [] : book.changes(reached, taken.charged);
  const space = await spaceChanges(tx, reached, taken.stored, books);
  settle(books, book, taken);
  books.wanted.push(...placed.wanted);
  const nameOf = (id: RseId): string => rses.get(id)?.name ?? String(id);
  const plan: RulePlan = {
    spec,
    phase: null,
    span: null,
    account: book.account,
    dids,
    beginnings,
    content: sumOf([...placed.units, placed.alone]),
    units: BigInt(placed.units.length) + placed.alone.files,
    parts: partsOf(draft, placed, nameOf),
    moves: movesOf(flows, traffic, nameOf),
    quota,
    space,
    times: arrivalTimes(flows, traffic, nameOf),
    warnings: warningsOf({
      flows,
      risks: {
        single: sumOf(placed.risks.map(({ single }) => single)),
        oneSite: sumOf(placed.risks.map(({ oneSite }) => oneSite)),
      },
      quota,
      space,
      rses: new Map(named.concat([...rses.values()]).map((rse) => [rse.id, rse])),
      beginnings,
      existing,
    }),
    errors: oneOfEach([...draft.errors, ...placed.errors]),
    estimated: placed.estimated,
  };
  return { plan, charged: taken.charged };
}

/** The first of each class: what a rule lacks is told by its wish, and again by the first unit. */
const oneOfEach = (errors: readonly SluiceError[]): SluiceError[] =>
  errors.filter((error, at) => errors.findIndex(({ name }) => name === error.name) === at);

const EMPTY: Placed = {
  choices: {
    places: [],
    chosen: new Map(),
    parts: new Map(),
    rejected: new Map(),
    charged: new Map(),
    stored: new Map(),
    short: { units: 0, first: undefined },
  },
  units: [],
  alone: NOTHING,
  flows: [],
  aloneFlows: [],
  risks: [],
  errors: [],
  estimated: [],
  wanted: [],
};

/** Where the copies of a rule may come from, for each destination as the conveyor ranks them. */
async function waysTo(tx: Tx, sites: Sites, rses: ReadonlyMap<RseId, Rse>): Promise<Ways> {
  const destinations = [...sites.candidates, ...sites.blocked].map(({ rseId }) => rseId);
  const distances = await distancesToEach(tx, destinations);
  const readable = [...rses.values()].filter(
    ({ id, availabilityRead }) => availabilityRead && (sites.sources?.includes(id) ?? true),
  );
  const orderFor = (destination: RseId): RseId[] =>
    readable
      .filter(({ id }) => id !== destination)
      .map(({ id, type }) => ({
        rseId: id,
        failures: 0,
        isTape: type === RseType.TAPE,
        distance: distances.get(destination)?.get(id),
      }))
      .toSorted(compareSources)
      .map(({ rseId }) => rseId);
  return {
    sources: new Map(destinations.map((id) => [id, orderFor(id)])),
    allowed: readable.map(({ id }) => id),
    siteOf: new Map([...rses.values()].map((rse) => [rse.id, rse.attributes['site'] ?? rse.name])),
  };
}

async function trafficTo(tx: Tx, rseIds: readonly RseId[], now: Date): Promise<Traffic> {
  if (rseIds.length === 0) return { rates: [], backlog: [] };
  return {
    rates: await recentRates(tx, rseIds, new Date(now.getTime() - RECENTLY_MS)),
    backlog: await backlogAt(tx, rseIds),
  };
}

interface TakenBytes {
  /** Every lock is charged, except where its rule has one already. */
  readonly charged: ReadonlyMap<RseId, bigint>;
  readonly stored: ReadonlyMap<RseId, bigint>;
}

function takenBy(flows: readonly Flow[], { units, choices }: Placed): TakenBytes {
  const charged = new Map<RseId, bigint>();
  const stored = new Map<RseId, bigint>();
  for (const { destination, bytes, freshBytes } of flows) {
    addTo(charged, destination, bytes);
    addTo(stored, destination, freshBytes);
  }
  units.forEach(({ keep, bytes }, at) => {
    for (const rseId of keep ?? []) {
      if (choices.places[at]?.includes(rseId)) addTo(charged, rseId, -bytes);
    }
  });
  return { charged, stored };
}

function settle(books: Books, book: AccountBook, { charged, stored }: TakenBytes): void {
  book.charge(charged);
  books.store(stored);
}

async function spaceChanges(
  tx: Tx,
  rses: readonly Rse[],
  stored: ReadonlyMap<RseId, bigint>,
  books: Books,
): Promise<SpaceChange[]> {
  const ids = rses.map(({ id }) => id);
  const limits = await rseLimits(tx, ids);
  const usage = await rseUsage(tx, ids);
  return rses.map(({ id, name }) => {
    const before = (usage.get(id)?.bytes ?? 0n) + (books.stored.get(id) ?? 0n);
    const limit = limits.get(id)?.['MaxSpaceAvailable'] ?? null;
    return { rse: name, limit, before, after: before + (stored.get(id) ?? 0n) };
  });
}

function movesOf(
  flows: readonly Flow[],
  traffic: Traffic,
  nameOf: (id: RseId) => string,
): Movement[] {
  return flows
    .filter(({ fate }) => fate === 'source' || fate === 'awaited' || fate === 'stuck')
    .map((flow) => ({
      files: flow.files,
      bytes: flow.bytes,
      source: flow.source === null ? null : nameOf(flow.source),
      destination: nameOf(flow.destination),
      awaited: flow.fate === 'awaited',
      seconds:
        flow.source === null
          ? null
          : secondsFor(
              flow,
              rateOf(traffic, flow.destination, flow.source) ??
                rateOf(traffic, flow.destination, null),
            ),
    }))
    .toSorted(
      (a, b) =>
        (a.bytes === b.bytes ? 0 : a.bytes > b.bytes ? -1 : 1) || (keyOf(a) < keyOf(b) ? -1 : 1),
    );
}

/** What has no source comes last. */
const keyOf = ({ source, destination }: Movement): string => `${source ?? '~'} ${destination}`;

/** The parts of a rule: one, unless it has constraints with several. */
function partsOf(
  { spec, sites, named }: Draft,
  placed: Placed,
  nameOf: (id: RseId) => string,
): PlannedPart[] {
  const amounts = (rseId: RseId, fates: readonly string[]): Amount =>
    sumOf(placed.flows.filter((flow) => flow.destination === rseId && fates.includes(flow.fate)));
  const { rseExpression, copies, weight = null } = spec;
  const parts = spec.constraints?.parts ?? [{ rseExpression, copies, weight }];
  const shown = presentChoices({ sites, named, placed, amounts, nameOf });
  return parts.map((part, at) => ({
    ...part,
    weight: part.weight ?? weight,
    chosen: shown.flatMap((it) => (it.part === at && it.chosen ? [it.chosen] : [])),
    rejected: shown.flatMap((it) => (it.parts.includes(at) && it.rejected ? [it.rejected] : [])),
  }));
}
