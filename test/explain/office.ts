import { execute, rows, sql, type Tx } from '../../src/db/index.js';
import { explainRule, type Explanation } from '../../src/explain/index.js';
import { failCopies } from '../../src/replicas/index.js';
import { stickCopies } from '../../src/rules/index.js';
import { type Cause, type CopyKey, wireId } from '../../src/vocabulary/index.js';
import { recordHeartbeats } from '../../src/daemons/runtime/index.js';
import { type AddedRule } from '../../src/rules/index.js';
import { DaemonNames } from '../../src/vocabulary/index.js';
import { type Court } from '../support/judge.js';

/** A desk at which the rules of a court are explained, and what happens to their transfers. */
export function office(a: Court) {
  const desk = () => ({ config: a.config, now: a.now });
  return {
    desk,
    rule: ({ uid }: AddedRule): Promise<Explanation> =>
      a.db.read((tx) => explainRule(tx, wireId(uid), desk())),
    /** Every daemon says that it is at work. */
    atWork: () =>
      a.db.tx((tx) =>
        recordHeartbeats(
          tx,
          DaemonNames.map((executable) => ({
            executable,
            hostname: 'here',
            pid: 1,
            threadName: 'w',
            payload: null,
          })),
          a.now,
        ),
      ),
    /** Transfers of these files to an RSE fail for good, as the finisher would tell it. */
    fail: (rse: string, names: readonly string[], failure: Failure) =>
      a.db.tx(async (tx) => {
        const copies = await takeRequests(tx, rse, names);
        const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
          ${copies.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
        await execute(tx, failCopies(pairs));
        const source = failure.source ? await rseId(tx, failure.source) : null;
        const failures = copies.map((copy) => ({ ...copy, ...failure, sourceRseId: source }));
        await stickCopies(tx, failures, { now: a.now, ...a.config.rules });
      }),
    /** Writes a state over requests, as the conveyor would have it. */
    write: (rse: string, assignments: ReturnType<typeof sql>) =>
      a.db.tx((tx) =>
        execute(
          tx,
          sql`UPDATE requests SET ${assignments} WHERE rse_id = (SELECT id FROM rses WHERE name = ${rse})`,
        ),
      ),
  };
}

interface Failure {
  readonly cause: Cause;
  readonly error?: string;
  readonly source?: string;
}

const rseId = async (tx: Tx, name: string): Promise<number> =>
  (await rows<{ id: number }>(tx, sql`SELECT id FROM rses WHERE name = ${name}`))[0]?.id ?? 0;

const takeRequests = (tx: Tx, rse: string, names: readonly string[]): Promise<CopyKey[]> =>
  rows<CopyKey>(
    tx,
    sql`DELETE FROM requests q USING dids d WHERE d.id = q.did_id
           AND rse_id = (SELECT id FROM rses WHERE name = ${rse}) AND d.name = ANY (${names}::text[])
        RETURNING did_id AS "didId", rse_id AS "rseId"`,
  );
