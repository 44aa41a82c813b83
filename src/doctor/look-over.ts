import { type Database } from '../db/index.js';
import { type Check, type DoctorTerms, type NamedDenial } from './check.js';
import { recordRound, type Round } from './doctor.sql.js';
import { examine, LAST_KEY, nextSlice, type Slice } from './examine.js';
import { mendNow } from './mend.js';

/** How a check is carried out. */
export interface LookTerms extends DoctorTerms {
  /** Rows a statement. */
  readonly sliceRows: number;
  readonly repair: boolean;
  readonly clock: () => Date;
}

/** What came of one slice. */
export interface SliceReport {
  readonly slice: Slice;
  readonly found: number;
  readonly mended: readonly NamedDenial[];
  /** The first that were found. */
  readonly examples: readonly NamedDenial[];
  /** Why something could not be mended. */
  readonly error: string | null;
}

/** What came of a look at the whole catalogue by one check. */
export interface CheckReport {
  readonly check: Check;
  readonly seen: number;
  readonly found: number;
  readonly mended: number;
  readonly examples: readonly NamedDenial[];
  readonly error: string | null;
}

/** Examples that are kept and told. */
export const EXAMPLES = 5;

/** One slice: looked at, and mended where `repair` says so, as long as that gets anywhere. */
export async function lookAtSlice(
  db: Database,
  check: Check,
  after: bigint,
  terms: LookTerms,
  told: (found: readonly NamedDenial[], mended: boolean) => void = () => undefined,
): Promise<SliceReport> {
  const slice = await db.read((tx) => nextSlice(tx, check, after, terms.sliceRows));
  let findings = await db.read((tx) => examine(tx, check, slice, terms));
  const { count: found, found: first } = findings;
  const examples = first.slice(0, EXAMPLES);
  if (found > 0) told(first, false);
  const mended: NamedDenial[] = [];
  let error: string | null = null;
  while (terms.repair && check.mend && findings.count > 0 && error === null) {
    try {
      const now = await mendNow(db, check, findings.found, terms);
      mended.push(...now);
      if (now.length > 0) told(now, true);
      const before = findings.count;
      findings = await db.read((tx) => examine(tx, check, slice, terms));
      if (findings.count >= before) error = 'it was mended, and is wrong still';
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
  return { slice, found, mended, examples, error };
}

/** The whole catalogue, slice after slice; kept as the last round of the check. */
export async function lookOver(
  db: Database,
  check: Check,
  terms: LookTerms,
  told?: (found: readonly NamedDenial[], mended: boolean) => void,
): Promise<CheckReport> {
  const report = { seen: 0, found: 0, mended: 0, examples: [] as NamedDenial[] };
  let error: string | null = null;
  for (let after = -1n; after < LAST_KEY;) {
    const step = await lookAtSlice(db, check, after, terms, told);
    report.seen += step.slice.seen;
    report.found += step.found;
    report.mended += step.mended.length;
    report.examples = [...report.examples, ...step.examples].slice(0, EXAMPLES);
    error ??= step.error;
    after = step.slice.upTo;
  }
  const round: Round = {
    ...report,
    examples: report.examples.map(textOf),
    begunAt: terms.now.toISOString(),
    endedAt: terms.clock().toISOString(),
    error,
  };
  await db.tx((tx) => recordRound(tx, check.name, round, terms.now));
  return { check, ...report, error };
}

/** A row as one line. */
export const textOf = ({ subject, fact }: NamedDenial): string => `${subject}: ${fact}`;
