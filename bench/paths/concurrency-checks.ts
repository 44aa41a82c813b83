import { setTimeout as pause } from 'node:timers/promises';
import { only, sql } from '../../src/db/index.js';
import { invariants } from '../../test/model/invariants.js';
import { type Lab } from '../lab.js';
import { type Figure } from '../path.js';

/** What stands between two writers in the statistics of PostgreSQL. */
interface Clashes {
  readonly deadlocks: number;
  readonly rollbacks: number;
}

/** A backend that idles tells its statistics after ten seconds at the latest. */
const STATISTICS_MS = 11_000;

/** Not at rest: these say that every queue is empty. */
const LATER = ['every movement has come to its end', 'every change of content has had'];

/** What must still be true when the writers have ended. */
export interface Watch {
  /** Throws if there was a deadlock, or an invariant is broken that was not before. */
  verify(): Promise<readonly Figure[]>;
}

/** Looks at the catalogue before the writers begin: other paths leave made-up rows behind. */
export async function watch(lab: Lab): Promise<Watch> {
  const before = await broken(lab);
  const clashesBefore = await clashes(lab);
  return {
    async verify() {
      await pause(STATISTICS_MS);
      const now = await clashes(lab);
      const found = [...(await broken(lab))].filter(
        ([says, count]) => count !== (before.get(says) ?? 0),
      );
      if (found.length > 0) {
        throw new Error(
          `broken under concurrency: ${found.map(([says, n]) => `${says} (${n} rows)`).join('; ')}`,
        );
      }
      const deadlocks = now.deadlocks - clashesBefore.deadlocks;
      if (deadlocks > 0) throw new Error(`${deadlocks} deadlocks`);
      return [
        { name: 'deadlocks', value: deadlocks, unit: '', atMost: 0 },
        { name: 'rollbacks', value: now.rollbacks - clashesBefore.rollbacks, unit: '' },
      ];
    },
  };
}

/** Rows that deny each invariant. */
async function broken({ db }: Lab): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { says, denials } of invariants) {
    if (LATER.some((later) => says.startsWith(later))) continue;
    const { rows } = await db.read((tx) =>
      only<{ rows: number }>(tx, sql`SELECT count(*)::int AS rows FROM (${denials}) denial`),
    );
    counts.set(says, rows);
  }
  return counts;
}

const clashes = ({ db }: Lab): Promise<Clashes> =>
  db.read((tx) =>
    only<Clashes>(
      tx,
      sql`SELECT deadlocks::int, xact_rollback::int AS rollbacks
            FROM pg_stat_database WHERE datname = current_database()`,
    ),
  );

/** Throws unless the statement's `count` is as large as it must be. */
export async function expectCount(
  { db }: Lab,
  what: string,
  expected: number,
  statement: ReturnType<typeof sql>,
): Promise<void> {
  const { count } = await db.read((tx) => only<{ count: number }>(tx, statement));
  if (count !== expected) throw new Error(`${count} ${what} instead of ${expected}`);
}
