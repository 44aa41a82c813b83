import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
import { execute, only, rows, sql, type Sql } from '../../../src/db/index.js';
import { failCopies, makeAvailable } from '../../../src/replicas/index.js';
import { confirmCopies, stickCopies } from '../../../src/rules/index.js';
import { Cause, type CopyKey } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';

/** A court with three disks and the dataset `run`, on a database of its own. */
export async function threeDisks(): Promise<{
  readonly base: TestDatabase;
  readonly a: Court;
  readonly on: ReturnType<typeof trials>;
}> {
  const base = await testDatabase();
  const a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  return { base, a, on: trials(a) };
}

/** What happens to the transfers of a court's rules, and what the repairer makes of it. */
export function trials(a: Court) {
  const repair = () => a.shift(judgeRepairer(a.config));
  const write = (statement: Sql) => a.db.tx((tx) => execute(tx, statement));

  /** The requests to an RSE, of these files or of any, are over. */
  const over = async (
    rse: string,
    names: readonly string[] | null,
    then: (tx: Parameters<typeof execute>[0], copies: CopyKey[], pairs: Sql) => Promise<unknown>,
  ) =>
    a.db.tx(async (tx) => {
      const copies = await rows<CopyKey>(
        tx,
        sql`DELETE FROM requests q USING dids d WHERE d.id = q.did_id
               AND rse_id = (SELECT id FROM rses WHERE name = ${rse})
               AND (${names}::text[] IS NULL OR d.name = ANY (${names}::text[]))
            RETURNING did_id AS "didId", rse_id AS "rseId"`,
      );
      const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
        ${copies.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
      await then(tx, copies, pairs);
    });

  /** Transfers fail for good, as the finisher would tell it. */
  const fail = (rse: string, names: readonly string[] | null = null, error = 'no space left') =>
    over(rse, names, async (tx, copies, pairs) => {
      await execute(tx, failCopies(pairs));
      await stickCopies(
        tx,
        copies.map((copy) => ({ ...copy, cause: Cause.DEST_FULL, error })),
        { now: a.now, ...a.config.rules },
      );
    });

  /** Transfers arrive, as the finisher would tell it. */
  const arrive = (rse: string, names: readonly string[] | null = null) =>
    over(rse, names, async (tx, copies, pairs) => {
      await execute(tx, makeAvailable(pairs, a.now));
      await confirmCopies(tx, copies, a.now);
    });

  /** Where a rule's locks are: `f1@A-DISK`. */
  const places = async (id: bigint) => (await a.locks(id)).map((lock) => lock.slice(0, -2));

  return {
    repair,
    write,
    fail,
    arrive,
    places,
    /** Fails at that RSE as often as it takes for its locks to be tired there. */
    async tire(rse: string, names: readonly string[] | null = null) {
      await fail(rse, names);
      a.pass(7200);
      await repair();
      await fail(rse, names);
      a.pass(7200);
    },
    rseOf: async (id: bigint, file: string) =>
      (await places(id)).find((place) => place.startsWith(`${file}@`))?.split('@')[1] ?? '',
    stuckAt: (id: bigint) =>
      a.db.read((tx) =>
        only<{ at: Date | null }>(tx, sql`SELECT stuck_at AS at FROM rules WHERE id = ${id}`),
      ),
  };
}
