import { type SluiceError } from '../../errors/index.js';
import { type RseId, type RuleId } from '../../vocabulary/index.js';
import { type Candidate } from '../copy-placement.js';
import { type Sites } from '../sites.js';
import { type Before } from './alike.sql.js';
import { type AccountBook } from './account-book.js';
import { type Books, type WantedCopies } from './books.js';
import { type Choices, type Taken, type Unit } from './choose-units.js';
import { type Draft } from './draft-rules.js';
import { type Flow, type Risks } from './flows.sql.js';
import { type LakeMap } from './lake-map.js';
import { type Amount, NOTHING } from './plan.js';

/** Rules that stand, and the RSE that their copies are to leave. */
export interface Leaving {
  readonly rseId: RseId;
  readonly ruleIds: readonly RuleId[];
  /** Those whose files go each its own way. */
  readonly aloneIds: readonly RuleId[];
  /** Whether other rules have some of their files there too. */
  readonly isShared: boolean;
}

/** What placing needs besides the draft. */
export interface Ground {
  readonly books: Books;
  readonly book: AccountBook;
  readonly map: LakeMap;
  readonly sites: Sites;
  readonly sliceLocks: number;
  /** What the rules before want. */
  readonly before: Before;
  /** The rules are there already, and only what they have at an RSE is placed anew. */
  readonly leaving: Leaving | undefined;
}

/** What stays together, and where it would go. */
export interface Together {
  readonly choices: Choices;
  readonly units: readonly Unit[];
  readonly result: readonly { readonly flows: readonly Flow[]; readonly risks: Risks }[];
  readonly errors: readonly SluiceError[];
  readonly estimated: readonly string[];
  readonly wanted: readonly WantedCopies[];
}

/** Files that are placed by themselves, and where they would go. */
export interface Alone {
  readonly amount: Amount;
  readonly result: readonly { readonly flows: readonly Flow[]; readonly risks: Risks }[];
  readonly errors: readonly SluiceError[];
  readonly estimated: readonly string[];
  /** What rules after this one find; undefined where it is told as a sample. */
  readonly wanted: readonly (WantedCopies | undefined)[];
}

export const NOBODY: Alone = {
  amount: NOTHING,
  result: [],
  errors: [],
  estimated: [],
  wanted: [],
};

/** Candidates with what the rules before, and this one so far, leave. */
export function candidatesAfter(
  { wish }: Pick<Draft, 'wish'>,
  { sites, books, book, map }: Ground,
  { charged, stored }: Taken,
): readonly Candidate[] {
  const leftAt = book.left(charged);
  return sites.candidates.map((candidate) => {
    const { rseId } = candidate;
    const rse = map.rses.get(rseId);
    const { limit, used } = map.spaceAt(rseId);
    const taken = (books.stored.get(rseId) ?? 0n) + (stored.get(rseId) ?? 0n);
    return {
      ...candidate,
      quotaLeft: wish.ignoreAccountLimit || !rse ? null : leftAt(rse),
      spaceLeft: limit === null ? null : limit - used - taken,
    };
  });
}

/** Where single files go is decided by SQL, which sees what is there. */
export const CHOSEN_AS_THEY_ARE =
  'files are placed one by one: where they go is told as if the rules before had moved nothing';

/** The RSEs where copies of units come to. */
export const rsesOfPlaces = (places: readonly { readonly rses: readonly RseId[] }[]): RseId[] => [
  ...new Set(places.flatMap(({ rses }) => rses)),
];
