import { type SluiceError } from '../../errors/index.js';
import { type DidId, type RseId } from '../../vocabulary/index.js';
import { Breath } from '../breath.js';
import {
  type Candidate,
  placeCopies,
  type RejectedCandidate,
  shortage,
} from '../copy-placement.js';
import { seenWith } from '../dataset-units.js';
import { type SiteConstraints } from '../site-constraints.js';
import { addTo } from './account-book.js';
import { type ChoiceReason, type ExclusionReason } from './plan.js';
import { note, noteAgain, type Reasons, whyNot } from './reasons.js';

/** What an RSE has of a unit. */
export interface Presence {
  readonly heldBytes: bigint;
  readonly inDeletion: boolean;
  /** Of copies in whatever state: they take no more space. */
  readonly knownBytes: bigint;
}

/** What stays together: a file, a dataset, or all files of a rule. */
export interface Unit {
  /** By which placement hashes. */
  readonly id: DidId;
  /** The rule that it belongs to; those of one rule follow each other. */
  readonly root: DidId;
  readonly files: bigint;
  readonly bytes: bigint;
  readonly there: ReadonlyMap<RseId, Presence>;
  /** Where other copies of its rule are: they stay, and are charged already; one more is wanted. */
  readonly keep?: readonly RseId[];
  /** Placed in slices with others of its rule, which read the limits anew. */
  readonly sliced: boolean;
}

export interface ChoiceTerms {
  readonly copies: number;
  readonly constraints: SiteConstraints | null;
  /** Locks a slice. */
  readonly sliceLocks: number;
  /** Whether each rule is placed by itself, by what the catalogue says then. */
  readonly apart: boolean;
  /** The candidates after so many bytes were charged and stored. */
  readonly reread: (taken: Taken) => readonly Candidate[];
}

/** Bytes by RSE. */
export interface Taken {
  readonly charged: ReadonlyMap<RseId, bigint>;
  readonly stored: ReadonlyMap<RseId, bigint>;
}

export interface Choices extends Taken {
  /** A list of RSEs a unit; empty for those that cannot be placed. */
  readonly places: readonly (readonly RseId[])[];
  readonly chosen: ReadonlyMap<RseId, Reasons<ChoiceReason>>;
  /** For how many units an RSE was chosen for a part of the constraints, by `partKey`. */
  readonly parts: ReadonlyMap<string, number>;
  readonly rejected: ReadonlyMap<RseId, Reasons<ExclusionReason>>;
  readonly short: { readonly units: number; readonly first: SluiceError | undefined };
}

/** One part of the constraints at one RSE. */
export const partKey = (part: number, rseId: RseId): string => `${part}@${rseId}`;

/** Whatever else was wished, these RSEs could not take the unit. */
const UNFIT: readonly ExclusionReason[] = [
  'no weight',
  'no attribute',
  'account limit',
  'RSE limit',
];

/**
 * Places units one after the other as creation does: by `placeCopies`, each with the room that those
 * before it leave. A unit that gets fewer copies than asked gets none, and the others go on. Pure.
 */
export async function chooseForUnits(units: readonly Unit[], terms: ChoiceTerms): Promise<Choices> {
  const choosing = new Choosing(terms);
  const breath = new Breath();
  const places: (readonly RseId[])[] = [];
  for (const unit of units) {
    places.push(choosing.place(unit));
    await breath.after(choosing.candidates.length);
  }
  return { places, ...choosing.result() };
}

class Choosing {
  readonly charged = new Map<RseId, bigint>();
  readonly stored = new Map<RseId, bigint>();
  private readonly chosen = new Map<RseId, Reasons<ChoiceReason>>();
  private readonly parts = new Map<string, number>();
  private readonly rejected = new Map<RseId, Reasons<ExclusionReason>>();
  private short = 0;
  private firstShort: SluiceError | undefined;
  candidates: readonly Candidate[];
  private before: Unit | undefined;
  private budget = 0;

  constructor(private readonly terms: ChoiceTerms) {
    this.candidates = terms.reread(this);
  }

  result(): Omit<Choices, 'places'> {
    const { charged, stored, chosen, parts, rejected } = this;
    return {
      charged,
      stored,
      chosen,
      parts,
      rejected,
      short: { units: this.short, first: this.firstShort },
    };
  }

  place(unit: Unit): readonly RseId[] {
    this.readLimits(unit);
    const { constraints } = this.terms;
    const { keep = [] } = unit;
    const free =
      keep.length === 0
        ? this.candidates
        : this.candidates.filter(({ rseId }) => !keep.includes(rseId));
    const here = free.map((candidate) => seenWith(candidate, unit.there));
    const copies = this.wanted(unit);
    const wish = { id: unit.id, bytes: unit.bytes, copies, taken: keep };
    const placement = placeCopies(wish, here, constraints);
    const { chosen, rejected } = placement;
    for (const no of rejected) this.reject(no, unit, here);
    if (chosen.length < copies) {
      this.short++;
      for (const rseId of chosen) note(this.rejected, rseId, 'too few', () => null);
      this.firstShort ??= shortage(wish, here, placement, constraints);
      return [];
    }
    const scarce = rejected.every(({ reason }) => UNFIT.includes(reason));
    for (const rseId of keep) this.choose(rseId, 'kept', 0);
    chosen.forEach((rseId, at) => {
      const isHeld = (unit.there.get(rseId)?.heldBytes ?? 0n) > 0n;
      this.choose(rseId, isHeld ? 'held' : scarce ? 'needed' : 'share', placement.parts?.[at] ?? 0);
    });
    this.take(unit, chosen);
    return [...keep, ...chosen];
  }

  /** Where a rule has the unit already one of its copies goes: one more is wanted. */
  private wanted({ keep }: Unit): number {
    return keep === undefined ? this.terms.copies : 1;
  }

  private reject(
    { rseId, reason, detail }: RejectedCandidate,
    unit: Unit,
    here: readonly Candidate[],
  ): void {
    if (noteAgain(this.rejected, rseId, reason)) return;
    const candidate = () => here.find((it) => it.rseId === rseId);
    note(this.rejected, rseId, reason, () => detail ?? whyNot(reason, unit, candidate()));
  }

  private choose(rseId: RseId, reason: ChoiceReason, part: number): void {
    note(this.chosen, rseId, reason, () => null);
    const key = partKey(part, rseId);
    this.parts.set(key, (this.parts.get(key) ?? 0) + 1);
  }

  /** When creation would read them: for a rule placed by itself, and for each slice of a container. */
  private readLimits(unit: Unit): void {
    const { before } = this;
    const isNew = unit.root !== before?.root;
    const apart = unit.sliced || before?.sliced === true || this.terms.apart;
    const full = unit.sliced && this.budget <= 0;
    if (isNew || full) this.budget = this.terms.sliceLocks;
    if ((isNew && apart) || full) this.candidates = this.terms.reread(this);
    this.before = unit;
    this.budget -= Math.max(1, Number(unit.files) * this.terms.copies);
  }

  private take({ bytes, there }: Unit, rses: readonly RseId[]): void {
    for (const rseId of rses) {
      addTo(this.charged, rseId, bytes);
      addTo(this.stored, rseId, bytes - (there.get(rseId)?.knownBytes ?? 0n));
    }
    this.candidates = this.candidates.map((it) => {
      if (!rses.includes(it.rseId)) return it;
      const known = there.get(it.rseId)?.knownBytes ?? 0n;
      return {
        ...it,
        quotaLeft: it.quotaLeft === null ? null : it.quotaLeft - bytes,
        spaceLeft: it.spaceLeft === null ? null : it.spaceLeft - bytes + known,
      };
    });
  }
}
