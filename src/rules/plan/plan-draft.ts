import { execute, sql, type Tx } from '../../db/index.js';
import { type SluiceError } from '../../errors/index.js';
import { type RseId } from '../../vocabulary/index.js';
import { type AdditionTerms } from '../begin-rules.js';
import { arrivalTimes } from './arrival-times.js';
import { Books } from './books.js';
import { type Draft } from './draft-rules.js';
import { LakeMap } from './lake-map.js';
import { movesOf } from './moves.js';
import { NOWHERE, type Placed, placeDraft } from './place-draft.js';
import { type Leaving } from './placing.js';
import { type Amount, type PlannedPart, type RulePlan, sumOf } from './plan.js';
import { presentChoices } from './part-of-plan.js';
import { spaceChanges, takenBy } from './taken.js';
import { warningsOf } from './warnings.js';

/** The catalogue as several plans of one request see it. */
export interface PlanGround {
  readonly books: Books;
  readonly map: LakeMap;
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
  return { books: new Books(tx), map: await LakeMap.open(tx), terms };
}

/** A plan, and what it charges. */
export interface Charged {
  readonly plan: RulePlan;
  readonly charged: ReadonlyMap<RseId, bigint>;
}

/**
 * The plan of one draft; what it takes is not there for the next one any more. With `leaving` it is of
 * rules that stand, and of what they have where it leaves.
 */
export async function planDraft(
  tx: Tx,
  draft: Draft,
  ground: PlanGround,
  leaving?: Leaving,
): Promise<Charged> {
  const { spec, dids, beginnings, existing } = draft;
  const { books, map, terms } = ground;
  const book = await books.account(spec.accountId);
  const placed = await place(tx, draft, ground, leaving);
  const { flows } = placed;
  const taken = takenBy(placed);
  const reached = [...new Set(flows.map(({ destination }) => destination))]
    .flatMap((id) => map.rses.get(id) ?? [])
    .toSorted((x, y) => (x.name < y.name ? -1 : 1));
  const traffic = books.afterMoves(
    await map.trafficTo(
      reached.map(({ id }) => id),
      terms.now,
    ),
  );
  const quota = draft.wish.ignoreAccountLimit ? [] : book.changes(reached, taken.charged);
  const space = spaceChanges(reached, taken.stored, ground);
  if (!isRefused(draft, placed)) {
    book.charge(taken.charged);
    books.store(taken.stored);
    if (leaving?.isShared !== false) books.wanted.push(...placed.wanted);
    if (!ground.arrived) books.move(flows);
  }
  const nameOf = (id: RseId): string => map.nameOf(id);
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
      rses: map.rses,
      beginnings,
      existing,
    }),
    errors: oneOfEach([...draft.errors, ...placed.errors]),
    estimated: placed.estimated,
  };
  return { plan, charged: taken.charged };
}

async function place(
  tx: Tx,
  draft: Draft,
  { books, map, terms, arrived = false }: PlanGround,
  leaving: Leaving | undefined,
): Promise<Placed> {
  const { sites, spec } = draft;
  if (!sites) return NOWHERE;
  const rseIds = [...sites.candidates, ...sites.blocked].map(({ rseId }) => rseId);
  const isApart = leaving !== undefined && !leaving.isShared;
  const { copies, isAll } = isApart
    ? { copies: undefined, isAll: true }
    : books.before(arrived ? null : rseIds);
  const ground = {
    ...{ books, map, sites, leaving },
    book: await books.account(spec.accountId),
    sliceLocks: terms.sliceLocks,
    before: { copies, arrived, shut: map.shut },
  };
  return await placeDraft(tx, draft, ground, { isAll });
}

/** Whether nothing of it would be made: what is placed at once is all there or not at all. */
const isRefused = ({ errors, beginnings }: Draft, placed: Placed): boolean =>
  errors.length > 0 ||
  (placed.errors.length > 0 && beginnings.every(({ begins }) => begins === 'AT_ONCE'));

/** The first of each class: what a rule lacks is told by its wish, and again by the first unit. */
const oneOfEach = (errors: readonly SluiceError[]): SluiceError[] =>
  errors.filter((error, at) => errors.findIndex(({ name }) => name === error.name) === at);

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
