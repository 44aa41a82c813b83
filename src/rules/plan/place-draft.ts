import { sql, type Sql, type Tx } from '../../db/index.js';
import { SluiceError } from '../../errors/index.js';
import { type Rse } from '../../rses/index.js';
import { type DidId, type RseId } from '../../vocabulary/index.js';
import { sizesBelow } from '../approval.js';
import { type Candidate } from '../copy-placement.js';
import { type Sites } from '../sites.js';
import { spreadCopies } from '../spread-copies.js';
import { type Before, readAlike } from './alike.sql.js';
import { type AccountBook, type Books, type WantedCopies } from './books.js';
import { chooseForUnits, type Choices, type Taken, type Unit } from './choose-units.js';
import {
  amountOf,
  contentOf,
  filesAlone,
  filesOfUnits,
  lookInto,
  type PlacedUnit,
  sampleOf,
  sharedFiles,
} from './content.sql.js';
import { type Draft } from './draft-rule.js';
import {
  copiesOfFiles,
  copiesOfUnits,
  type Flow,
  flowsOf,
  type Risks,
  wantedByFiles,
  wantedByUnits,
  type Ways,
} from './flows.sql.js';
import { type Amount, NOTHING } from './plan.js';

/** Files that are placed by themselves are placed one by one up to so many; of more, a sample. */
const ALONE_MAX = 100_000;
/** With constraints files are placed here and not by SQL. */
const CONSTRAINED_MAX = 10_000;

/** Where everything of a draft would go. */
export interface Placed {
  readonly choices: Choices;
  /** Files placed by themselves. */
  readonly alone: Amount;
  readonly units: readonly Unit[];
  readonly flows: readonly Flow[];
  /** Those of `alone`; they are among `flows`. */
  readonly aloneFlows: readonly Flow[];
  readonly risks: readonly Risks[];
  readonly errors: readonly SluiceError[];
  readonly estimated: readonly string[];
  /** What rules after this one find; undefined where it is told as a sample. */
  readonly wanted: readonly (WantedCopies | undefined)[];
}

/** What placing needs besides the draft. */
export interface Ground {
  readonly books: Books;
  readonly book: AccountBook;
  readonly ways: Ways;
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly sliceLocks: number;
  /** What rules before want is there by then; else it is on its way. */
  readonly arrived: boolean;
  /** Where a unit's rule has it already. */
  readonly kept?: (tx: Tx, files: Sql) => Promise<ReadonlyMap<number, RseId[]>>;
}

/** Places what a draft is about on its sites, by the decisions of creation, and writes nothing. */
export async function placeDraft(
  tx: Tx,
  draft: Draft,
  sites: Sites,
  ground: Ground,
): Promise<Placed> {
  const { spec, dids, beginnings } = draft;
  const content = await contentOf(tx, dids, {
    grouping: spec.grouping,
    split: spec.splitContainer ?? false,
  });
  const reread = (taken: Taken) => candidatesAfter(draft, sites, ground, taken);
  const rseIds = sites.candidates.map(({ rseId }) => rseId);
  const { copies, isAll } = ground.books.before(ground.arrived ? null : rseIdsOf(sites));
  const before: Before = { copies, arrived: ground.arrived };
  const inside = await filesOfUnits(tx, content.units);
  const kept = await ground.kept?.(tx, inside.files);
  const alike = await readAlike(tx, inside.files, before);
  const seen = await lookInto(tx, content.units, alike, rseIds);
  const units = kept ? seen.map((unit, at) => ({ ...unit, keep: kept.get(at) ?? [] })) : seen;
  const choices = chooseForUnits(units, {
    copies: spec.copies,
    sliceLocks: ground.sliceLocks,
    apart: !beginnings.some(({ begins }) => begins === 'AT_ONCE'),
    reread,
    constraints: sites.constraints,
  });
  const places = choices.places
    .map((rses, at) => ({ at, rses }))
    .filter(({ rses }) => rses.length > 0);
  const together =
    places.length > 0 ? [await flowsOf(tx, wantedByUnits(alike, places), ground.ways)] : [];
  const alone = await placeAlone(tx, draft, content.alone, {
    ...ground,
    before,
    sites: { ...sites, candidates: reread(choices) },
  });
  const all = [...together, ...alone.result];
  const { first } = choices.short;
  return {
    choices,
    units,
    alone: alone.amount,
    flows: merged(all.flatMap(({ flows }) => flows)),
    aloneFlows: alone.result.flatMap(({ flows }) => flows),
    risks: all.map(({ risks }) => risks),
    errors: [...(first ? [first] : []), ...alone.errors],
    estimated: [
      ...alone.estimated,
      ...(kept && content.alone.length > 0 ? [ANEW] : []),
      ...repetitions(content.units, inside.repeated),
      ...shares(await sharedFiles(tx, content.units)),
      ...(isAll ? [] : [COUNTED_AGAIN]),
    ],
    wanted: [
      ...(places.length > 0 ? [wantedOf(copiesOfUnits(inside.files, places), places)] : []),
      ...alone.wanted,
    ],
  };
}

const rseIdsOf = ({ candidates, blocked }: Sites): RseId[] =>
  [...candidates, ...blocked].map(({ rseId }) => rseId);

const wantedOf = (
  copies: Sql,
  places: readonly { readonly rses: readonly RseId[] }[],
): WantedCopies => ({ copies, rses: new Set(places.flatMap(({ rses }) => rses)) });

const COUNTED_AGAIN = 'what some of the rules before want there too is counted again';

/** Rules on several DIDs that have files in common. */
const shares = (shared: bigint): string[] =>
  shared === 0n ? [] : [`${shared} files are in several of the DIDs: each counts them`];

const ANEW = 'files that are placed one by one are charged as if their rules began anew';

/** A unit of several datasets has each file once. */
function repetitions(units: readonly PlacedUnit[], repeated: bigint): string[] {
  const isWhole = units.every(({ datasets }) => datasets?.length !== 1);
  return repeated === 0n || isWhole
    ? []
    : [`${repeated} files are in several of the datasets: each counts the whole`];
}

/** Candidates with what the rules before, and this one so far, leave. */
function candidatesAfter(
  { wish }: Draft,
  { candidates }: Sites,
  { books, book, rses }: Ground,
  { charged, stored }: Taken,
): readonly Candidate[] {
  return candidates.map((candidate) => {
    const { rseId, spaceLeft } = candidate;
    const rse = rses.get(rseId);
    const taken = (books.stored.get(rseId) ?? 0n) + (stored.get(rseId) ?? 0n);
    return {
      ...candidate,
      quotaLeft: wish.ignoreAccountLimit || !rse ? null : book.left(rse, charged),
      spaceLeft: spaceLeft === null ? null : spaceLeft - taken,
    };
  });
}

interface Alone {
  readonly amount: Amount;
  readonly result: readonly { readonly flows: readonly Flow[]; readonly risks: Risks }[];
  readonly errors: readonly SluiceError[];
  readonly estimated: readonly string[];
  readonly wanted: Placed['wanted'];
}

const NOBODY: Alone = { amount: NOTHING, result: [], errors: [], estimated: [], wanted: [] };

/** Grouping NONE. A sample is placed in a lake whose room is as much smaller. */
async function placeAlone(
  tx: Tx,
  { spec, dids }: Draft,
  roots: readonly DidId[],
  { sites, ways, sliceLocks, before }: Ground & { readonly sites: Sites; readonly before: Before },
): Promise<Alone> {
  if (roots.length === 0) return NOBODY;
  const amount = await sizeOfAll(
    tx,
    dids.filter(({ id }) => roots.includes(id)),
  );
  const { candidates, constraints } = sites;
  const filesMax = constraints ? CONSTRAINED_MAX : ALONE_MAX;
  const parts = Math.ceil(Number(amount.files) / filesMax);
  const files = sampleOf(filesAlone(roots), parts);
  const estimated = [
    ...(parts > 1 ? [`files are placed one by one: a sample of 1 in ${parts} is scaled up`] : []),
    ...(parts <= 1 && isTight(candidates) && amount.files * BigInt(spec.copies) > sliceLocks
      ? ['files are placed one by one, in slices: limits may be met in another order']
      : []),
    ...(before.copies ? [CHOSEN_AS_THEY_ARE] : []),
  ];
  try {
    const { copies } = await spreadCopies(tx, { id: NEW, copies: spec.copies }, files, {
      candidates: smaller(candidates, parts),
      constraints: sites.constraints,
    });
    const wanted = copiesOfFiles(files, copies);
    const { flows, risks } = await flowsOf(tx, wantedByFiles(wanted, before), ways);
    const scale = await scaleOf(tx, files, { amount, parts });
    const result = [
      {
        flows: flows.map((flow) => ({
          ...flow,
          ...scale(flow),
          freshBytes: scale({ files: 0n, bytes: flow.freshBytes }).bytes,
        })),
        risks: { single: scale(risks.single), oneSite: scale(risks.oneSite) },
      },
    ];
    const later = sql`SELECT w.did_id, w.rses FROM (${wanted}) w`;
    const found = wantedOf(later, [{ rses: rseIdsOf(sites) }]);
    return { amount, result, errors: [], estimated, wanted: [parts > 1 ? undefined : found] };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { ...NOBODY, amount, errors: [error], estimated };
  }
}

const CHOSEN_AS_THEY_ARE =
  'files are placed one by one: where they go is told as if the rules before had moved nothing';

/** No rule has this id, and so no locks. */
const NEW = 0n;

async function sizeOfAll(tx: Tx, dids: Draft['dids']): Promise<Amount> {
  let [files, bytes] = [0n, 0n];
  for (const size of (await sizesBelow(tx, dids)).values()) {
    files += size.length;
    bytes += size.bytes;
  }
  return { files, bytes };
}

const isTight = (candidates: readonly Candidate[]): boolean =>
  candidates.some(({ quotaLeft, spaceLeft }) => quotaLeft !== null || spaceLeft !== null);

const smaller = (candidates: readonly Candidate[], parts: number): readonly Candidate[] =>
  candidates.map((candidate) => ({
    ...candidate,
    quotaLeft:
      candidate.quotaLeft === null ? null : candidate.quotaLeft / BigInt(Math.max(parts, 1)),
    spaceLeft:
      candidate.spaceLeft === null ? null : candidate.spaceLeft / BigInt(Math.max(parts, 1)),
  }));

/** From the sample to everything: files by files, bytes by bytes. */
async function scaleOf(
  tx: Tx,
  files: Sql,
  { amount, parts }: { readonly amount: Amount; readonly parts: number },
): Promise<(some: Amount) => Amount> {
  if (parts <= 1) return (some) => some;
  const sample = await amountOf(tx, files);
  const scaled = (some: bigint, of: bigint, all: bigint) => (of === 0n ? 0n : (some * all) / of);
  return (some) => ({
    files: scaled(some.files, sample.files, amount.files),
    bytes: scaled(some.bytes, sample.bytes, amount.bytes),
  });
}

/** Flows of units and of single files, one of each kind. */
function merged(flows: readonly Flow[]): Flow[] {
  const sums = new Map<string, Flow>();
  for (const flow of flows) {
    const key = `${flow.destination} ${flow.fate} ${flow.source}`;
    const sum = sums.get(key);
    sums.set(
      key,
      sum
        ? {
            ...flow,
            files: sum.files + flow.files,
            bytes: sum.bytes + flow.bytes,
            freshBytes: sum.freshBytes + flow.freshBytes,
          }
        : flow,
    );
  }
  return [...sums.values()];
}
