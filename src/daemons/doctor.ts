import { type Config } from '../config/index.js';
import {
  type CheckRecord,
  checks,
  checksNamed,
  claimCheck,
  doctorTerms,
  EXAMPLES,
  LAST_KEY,
  lookAtSlice,
  type Round,
  settleCheck,
  type SliceReport,
  textOf,
} from '../doctor/index.js';
import { EventType, tell } from '../messages/index.js';
import { IDLE, type Reconciler, type Shift } from './runtime/index.js';

/** A worker that has not come back from a slice for so long is gone. */
const LEASE_MS = 600_000;

/**
 * A check is to go on if and only if nobody is at it; the one that was not looked at for the longest
 * comes first. A shift is one slice of one check, so the whole catalogue is looked over slowly and all
 * the time. What is found is logged, and told once in a round; it is mended where the setting
 * `doctor.repair` says so: by default what is computed from rows that stay as they are.
 */
export function doctor(config: Config): Reconciler {
  const names = checks.map(({ name }) => name);
  return {
    name: 'doctor',
    wakeOn: [],
    async reconcile(shift) {
      const until = new Date(shift.now.getTime() + LEASE_MS);
      const record = await shift.db.tx((tx) => claimCheck(tx, names, { now: shift.now, until }));
      const [check] = record ? checksNamed([record.name]) : [];
      if (!record || !check) return IDLE;
      const { repair } = config.doctor;
      const terms = {
        ...doctorTerms(config, shift.now),
        repair: repair === 'all' || (repair === 'derived' && check.derived === true),
        clock: () => shift.now,
      };
      const report = await lookAtSlice(shift.db, check, record.position, terms);
      const round = roundAfter(record, report, shift.now);
      await shift.db.tx(async (tx) => {
        await settleCheck(tx, check.name, { until, position: report.slice.upTo, round });
        if (report.found > 0 && (record.round?.found ?? 0) === 0) {
          const { found, mended, examples } = round;
          const payload = { check: check.name, says: check.says, found, mended, examples };
          await tell(tx, EventType.DOCTOR_FOUND, [payload]);
        }
      });
      log(shift, check.name, report);
      const done = report.mended.length;
      return { seen: report.found, done, failed: Math.max(0, report.found - done), more: false };
    },
  };
}

/** The round under way, with what came of one slice more. */
function roundAfter(record: CheckRecord, report: SliceReport, now: Date): Round {
  const { slice, found, mended, examples, error } = report;
  const before = record.round;
  return {
    begunAt: before?.begunAt ?? now.toISOString(),
    endedAt: slice.upTo >= LAST_KEY ? now.toISOString() : null,
    seen: (before?.seen ?? 0) + slice.seen,
    found: (before?.found ?? 0) + found,
    mended: (before?.mended ?? 0) + mended.length,
    examples: [...(before?.examples ?? []), ...examples.map(textOf)].slice(0, EXAMPLES),
    error: before?.error ?? error,
  };
}

function log(shift: Shift, check: string, { found, mended, examples, error }: SliceReport): void {
  if (found > 0) {
    const facts = { check, found, mended: mended.length, examples: examples.map(textOf) };
    shift.log.warn(facts, 'the catalogue is not as it must be');
  }
  for (const denial of mended) shift.log.warn({ check, mended: textOf(denial) }, 'mended');
  if (error !== null) shift.log.error({ check, error }, 'could not be mended');
}
