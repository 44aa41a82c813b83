import { type Tx } from '../../db/index.js';
import { type SluiceError } from '../../errors/index.js';
import { DidType, RuleGrouping } from '../../vocabulary/index.js';
import { type Candidate } from '../copy-placement.js';
import { type WantedCopies } from './books.js';
import { type Choices, type Unit } from './choose-units.js';
import { contentOf } from './content.sql.js';
import { type Draft } from './draft-rules.js';
import { type Flow, type Risks } from './flows.sql.js';
import { placeAlone } from './place-alone.js';
import { placeLeaving } from './place-leaving.js';
import { placeUnits } from './place-units.js';
import { candidatesAfter, type Ground } from './placing.js';
import { type Amount, NOTHING } from './plan.js';

/** Where everything of a draft would go. */
export interface Placed {
  readonly choices: Choices;
  /** With the room that they had for files by themselves. */
  readonly candidates: readonly Candidate[];
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

/** What comes of a draft without a site. */
export const NOWHERE: Placed = {
  choices: {
    places: [],
    chosen: new Map(),
    parts: new Map(),
    rejected: new Map(),
    charged: new Map(),
    stored: new Map(),
    short: { units: 0, first: undefined },
  },
  candidates: [],
  units: [],
  alone: NOTHING,
  flows: [],
  aloneFlows: [],
  risks: [],
  errors: [],
  estimated: [],
  wanted: [],
};

const COUNTED_AGAIN = 'what some of the rules before want there too is counted again';

/** Places what a draft is about on its sites, by the decisions of creation, and writes nothing. */
export async function placeDraft(
  tx: Tx,
  draft: Draft,
  ground: Ground,
  { isAll }: { readonly isAll: boolean },
): Promise<Placed> {
  const { spec, dids } = draft;
  const { leaving } = ground;
  const { units, alone: roots } = await contentOf(
    tx,
    leaving ? dids.filter(staysTogether(spec)) : dids,
    {
      grouping: spec.grouping,
      split: leaving ? false : (spec.splitContainer ?? false),
    },
  );
  const together = await placeUnits(tx, draft, units, ground);
  const { choices } = together;
  const candidates = candidatesAfter(draft, ground, choices);
  const after = { ...ground, sites: { ...ground.sites, candidates } };
  const alone = leaving
    ? await placeLeaving(tx, draft, after, leaving)
    : await placeAlone(tx, draft, roots, after);
  const all = [...together.result, ...alone.result];
  return {
    choices,
    candidates,
    alone: alone.amount,
    units: together.units,
    flows: merged(all.flatMap(({ flows }) => flows)),
    aloneFlows: alone.result.flatMap(({ flows }) => flows),
    risks: all.map(({ risks }) => risks),
    errors: [...together.errors, ...alone.errors],
    estimated: [...alone.estimated, ...together.estimated, ...(isAll ? [] : [COUNTED_AGAIN])],
    wanted: [...together.wanted, ...alone.wanted],
  };
}

/** Whether a rule on a DID keeps files together; else each goes its own way. */
export const staysTogether =
  ({ grouping }: { readonly grouping: RuleGrouping }) =>
  ({ type }: { readonly type: DidType }): boolean =>
    grouping !== RuleGrouping.NONE && type !== DidType.FILE;

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
