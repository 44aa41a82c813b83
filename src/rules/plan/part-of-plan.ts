import { type Rse } from '../../rses/index.js';
import { readableBytes, type RseId } from '../../vocabulary/index.js';
import { type Candidate } from '../copy-placement.js';
import { type Sites } from '../sites.js';
import { partKey } from './choose-units.js';
import { type Flow } from './flows.sql.js';
import { type Placed } from './place-draft.js';
import {
  type Amount,
  type ChoiceReason,
  type ChosenRse,
  type ExclusionReason,
  type RejectedRse,
  sumOf,
  type Why,
} from './plan.js';
import { note, type Reasons, whyNot } from './reasons.js';

/** What was decided about the RSEs of one expression. */
export interface Decided {
  /** Undefined where no RSE can be written. */
  readonly sites: Sites | undefined;
  readonly named: readonly Rse[];
  readonly placed: Placed;
  /** Copies at an RSE that come to these fates. */
  readonly amounts: (rseId: RseId, fates: readonly string[]) => Amount;
  readonly nameOf: (rseId: RseId) => string;
}

/** What was decided about one RSE. */
export interface ShownRse {
  /** The part of the constraints that it was chosen for in most cases. */
  readonly part: number;
  /** Those that it could be of. */
  readonly parts: readonly number[];
  readonly chosen?: ChosenRse;
  readonly rejected?: RejectedRse;
}

/** Every RSE of an expression: chosen for some unit, or rejected for all, with the reasons. */
export function presentChoices(decided: Decided): ShownRse[] {
  const { placed } = decided;
  const chosen = new Map(placed.choices.chosen);
  const rejected = new Map(placed.choices.rejected);
  addAlone(decided, chosen, rejected);
  const units = placed.units.length + Number(placed.alone.files);
  const candidates = new Set(placed.candidates.map(({ rseId }) => rseId));
  for (const { id, availabilityWrite } of decided.named) {
    const isCandidate = candidates.has(id);
    if (!isCandidate && !availabilityWrite && !chosen.has(id)) {
      rejected.set(id, new Map([['not writable', { units, detail: null }]]));
    }
  }
  return [
    ...[...chosen]
      .map(([rseId, why]) => ({
        ...partsOf(decided, rseId),
        chosen: chosenRse(decided, rseId, why),
      }))
      .toSorted((a, b) => byBytes(a.chosen, b.chosen)),
    ...[...rejected]
      .filter(([rseId]) => !chosen.has(rseId))
      .map(([rseId, why]) => ({
        ...partsOf(decided, rseId),
        rejected: { rse: decided.nameOf(rseId), why: listOf(why) },
      }))
      .toSorted((a, b) => (a.rejected.rse < b.rejected.rse ? -1 : 1)),
  ];
}

/** Without constraints there is one part; what none of several names is held against the first. */
function partsOf({ sites, placed }: Decided, rseId: RseId): Pick<ShownRse, 'part' | 'parts'> {
  const possible = sites?.constraints?.places.get(rseId)?.parts ?? [];
  const parts = possible.length > 0 ? possible : [0];
  const units = (part: number): number => placed.choices.parts.get(partKey(part, rseId)) ?? 0;
  return { parts, part: parts.toSorted((a, b) => units(b) - units(a))[0] ?? 0 };
}

function chosenRse(
  { amounts, nameOf }: Decided,
  rseId: RseId,
  why: Reasons<ChoiceReason>,
): ChosenRse {
  const all = amounts(rseId, ['there', 'coming', 'source', 'awaited', 'stuck']);
  const there = amounts(rseId, ['there']);
  const held = why.get('held');
  if (held)
    held.detail = `${readableBytes(there.bytes)} of ${readableBytes(all.bytes)} are there already`;
  return {
    rse: nameOf(rseId),
    units: listOf(why).reduce((sum, { units }) => sum + units, 0),
    why: listOf(why),
    all,
    there,
    coming: amounts(rseId, ['coming']),
    move: amounts(rseId, ['source', 'awaited', 'stuck']),
  };
}

/** Files that were placed by themselves count one by one. */
function addAlone(
  { placed }: Decided,
  chosen: Map<RseId, Reasons<ChoiceReason>>,
  rejected: Map<RseId, Reasons<ExclusionReason>>,
): void {
  const { files, bytes } = placed.alone;
  if (files === 0n) return;
  const unit = { bytes: bytes / files };
  for (const candidate of placed.candidates) {
    const { rseId } = candidate;
    const here = placed.aloneFlows.filter(({ destination }) => destination === rseId);
    const isHeld = ({ fate }: Flow): boolean => fate === 'there' || fate === 'coming';
    const there = Number(sumOf(here.filter(isHeld)).files);
    const others = Number(sumOf(here).files) - there;
    if (there > 0) note(chosen, rseId, 'held', () => null, there);
    if (others > 0) note(chosen, rseId, 'share', () => null, others);
    if (there + others > 0) continue;
    const isTaken = placed.aloneFlows.length > 0;
    const reason = whyNoFile(candidate, unit) ?? (isTaken ? 'surplus' : 'too few');
    note(rejected, rseId, reason, () => whyNot(reason, unit, candidate), Number(files));
  }
}

/** What keeps a file as large as they are on the average from an RSE. */
function whyNoFile(
  { weight, quotaLeft, spaceLeft }: Candidate,
  { bytes }: { readonly bytes: bigint },
): ExclusionReason | undefined {
  if (weight === null) return 'no weight';
  if (quotaLeft !== null && quotaLeft <= bytes) return 'account limit';
  return spaceLeft !== null && spaceLeft <= bytes ? 'RSE limit' : undefined;
}

const listOf = <Reason>(reasons: Reasons<Reason>): Why<Reason>[] =>
  [...reasons].map(([reason, { units, detail }]) => ({ reason, units, detail }));

const byBytes = (a: ChosenRse, b: ChosenRse): number =>
  a.all.bytes === b.all.bytes ? (a.rse < b.rse ? -1 : 1) : a.all.bytes > b.all.bytes ? -1 : 1;
