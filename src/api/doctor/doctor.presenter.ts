import { type Check, type CheckRecord, type Round } from '../../doctor/index.js';

/** A look at the whole catalogue by one check. */
const presentRound = (round: Round | null | undefined) =>
  round
    ? {
        begun_at: round.begunAt,
        ended_at: round.endedAt,
        seen: round.seen,
        found: round.found,
        mended: round.mended,
        examples: round.examples,
        error: round.error,
      }
    : null;

/** A check with what came of it. */
export const presentCheck = (check: Check, record: CheckRecord | undefined) => ({
  check: check.name,
  says: check.says,
  remedy: check.remedy,
  derived: check.derived ?? false,
  looked_at: record?.lookedAt ?? null,
  last_round: presentRound(record?.lastRound),
  round: presentRound(record?.round),
});
