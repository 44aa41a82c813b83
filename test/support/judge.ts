import { setLocalLimit } from '../../src/accounts/index.js';
import { bundledConfigFile, type Config, loadConfig } from '../../src/config/index.js';
import { type Reconciler, type Tally } from '../../src/daemons/runtime/index.js';
import { type Database, execute, only, rows, type Sql, sql } from '../../src/db/index.js';
import { declareBad, registerFiles } from '../../src/replicas/index.js';
import { addRse, findRse, type RseTraits, setRseAttribute } from '../../src/rses/index.js';
import {
  type AddedRule,
  addRules,
  reopenCopies,
  type RuleSpec,
  rulesTerms,
} from '../../src/rules/index.js';
import {
  ReplicaState,
  RuleGrouping,
  RuleNotification,
  type ReplicaState as State,
} from '../../src/vocabulary/index.js';
import { lake, type Lake } from './lake.js';
import { shift } from './shift.js';

/** The time of a story; `pass` moves it. */
export const START = new Date('2026-11-21T12:00:00Z');

/** A lake with storage elements, copies and rules, and the judge's terms. */
export interface Court extends Lake {
  now: Date;
  readonly config: Config;
  pass(seconds: number): void;
  /** An RSE where the account may put anything, unless `limit` says how many bytes. */
  rse(name: string, options?: RseOptions): Promise<number>;
  /** Files of 100 bytes, attached to `dataset`, with a copy at each of the RSEs. */
  data(dataset: string, names: readonly string[], ...rses: string[]): Promise<void>;
  copies(rse: string, names: readonly string[], state?: State): Promise<void>;
  rule(name: string, spec?: Partial<RuleSpec>): Promise<AddedRule>;
  declareBad(rse: string, name: string): Promise<void>;
  /** One shift of a daemon at the story's time. */
  shift(daemon: Reconciler, batch?: number): Promise<Tally>;
  /** `f1@A-DISK R1 OK`: one text a lock, sorted. */
  locks(ruleId?: bigint): Promise<string[]>;
  /** `f1@A-DISK C 1`: one text a copy with state and lock count, sorted. */
  replicas(): Promise<string[]>;
  /** `f1@A-DISK Q`: one text a request, sorted. */
  requests(): Promise<string[]>;
  ruleRow(id: bigint): Promise<RuleRow>;
  /** What the account is charged at each RSE: `A-DISK 2 files 200 bytes`. */
  usage(): Promise<string[]>;
  /** Facts that must hold whatever happened. Throws with what does not. */
  audit(): Promise<void>;
}

export interface RseOptions extends RseTraits {
  readonly attributes?: Readonly<Record<string, string>>;
  /** Bytes the account may put there; null is no limit row at all. Default: unlimited. */
  readonly limit?: bigint | null;
}

interface RuleRow {
  state: string;
  ok: number;
  replicating: number;
  stuck: number;
  error: string | null;
}

export async function court(db: Database): Promise<Court> {
  const ground = await lake(db);
  const config = loadConfig({ file: bundledConfigFile('default'), environment: {} });
  const { scope, accountId } = ground;
  const list = (statement: Sql) =>
    db.read(async (tx) => (await rows<{ text: string }>(tx, statement)).map(({ text }) => text));
  const self: Court = {
    ...ground,
    now: START,
    config,
    pass: (seconds) => {
      self.now = new Date(self.now.getTime() + seconds * 1000);
    },
    rse: (name, { attributes = {}, limit = -1n, ...traits } = {}) =>
      db.tx(async (tx) => {
        const rse = await addRse(tx, name, traits);
        // Where files go by their hash: the same in every run.
        await execute(
          tx,
          sql`UPDATE rses SET seed = hashtextextended(${name}, 0) WHERE id = ${rse.id}`,
        );
        for (const [key, value] of Object.entries(attributes)) {
          await setRseAttribute(tx, rse, key, value);
        }
        if (limit !== null) await setLocalLimit(tx, accountId, { rseId: rse.id, bytes: limit });
        return rse.id;
      }),
    async data(dataset, names, ...rses) {
      if (rses.length === 0) await ground.files(...names);
      for (const rse of rses) await self.copies(rse, names);
      await ground.attach(dataset, ...names);
    },
    copies: (rse, names, state = ReplicaState.AVAILABLE) =>
      db.tx(async (tx) => {
        const files = names.map((name) => ({ scope, name, bytes: 100n, adler32: 1 }));
        await registerFiles(tx, {
          accountId,
          rse: await findRse(tx, rse),
          files,
          state,
          now: self.now,
        });
      }),
    async rule(name, spec = {}) {
      const [added] = await db.tx((tx) =>
        addRules(
          tx,
          {
            dids: [{ scope, name }],
            accountId,
            copies: 1,
            rseExpression: '*',
            grouping: RuleGrouping.DATASET,
            activity: 0,
            notification: RuleNotification.NO,
            ...spec,
          },
          rulesTerms(config, self.now),
        ),
      );
      return added as AddedRule;
    },
    declareBad: (rse, name) =>
      db.tx(async (tx) => {
        const copy = { didId: (await ground.did(name)).id, rseId: (await findRse(tx, rse)).id };
        const badness = { reason: 'told so', accountId, now: self.now };
        const { bad } = await declareBad(tx, [copy], badness);
        await reopenCopies(tx, bad, self.now);
      }),
    shift: (daemon, batch) => shift(db, daemon, { now: self.now, batch }),
    locks: (ruleId) =>
      list(sql`SELECT d.name || '@' || e.name || ' ' || l.state::text AS text
                 FROM locks l JOIN dids d ON d.id = l.did_id JOIN rses e ON e.id = l.rse_id
                WHERE ${ruleId ?? null}::bigint IS NULL OR l.rule_id = ${ruleId ?? null} ORDER BY 1`),
    replicas: () =>
      list(sql`SELECT d.name || '@' || e.name || ' ' || r.state::text || ' ' || r.lock_cnt AS text
                 FROM replicas r JOIN dids d ON d.id = r.did_id JOIN rses e ON e.id = r.rse_id ORDER BY 1`),
    requests: () =>
      list(sql`SELECT d.name || '@' || e.name || ' ' || q.state::text AS text
                 FROM requests q JOIN dids d ON d.id = q.did_id JOIN rses e ON e.id = q.rse_id ORDER BY 1`),
    ruleRow: (id) =>
      db.read((tx) =>
        only<RuleRow>(
          tx,
          sql`SELECT state, error, locks_ok::int AS ok, locks_replicating::int AS replicating,
                     locks_stuck::int AS stuck FROM rules WHERE id = ${id}`,
        ),
      ),
    usage: () =>
      list(sql`SELECT e.name || ' ' || sum(u.files) || ' files ' || sum(u.bytes) || ' bytes' AS text
                 FROM account_usage_deltas u JOIN rses e ON e.id = u.rse_id
                GROUP BY e.name HAVING sum(u.files) <> 0 OR sum(u.bytes) <> 0 ORDER BY 1`),
    audit: () => auditCatalogue(db),
  };
  return self;
}

const WRONG: Readonly<Record<string, Sql>> = {
  'lock_cnt other than the count of locks': sql`
    SELECT r.did_id FROM replicas r
     WHERE r.lock_cnt <> (SELECT count(*) FROM locks l WHERE l.did_id = r.did_id AND l.rse_id = r.rse_id)`,
  'a lock without a replica': sql`
    SELECT l.did_id FROM locks l
     WHERE NOT EXISTS (SELECT FROM replicas r WHERE r.did_id = l.did_id AND r.rse_id = l.rse_id)`,
  'a lock that is not OK on an AVAILABLE copy': sql`
    SELECT l.did_id FROM locks l JOIN replicas r USING (did_id, rse_id)
     WHERE r.state = 'A' AND l.state <> 'O'`,
  'a COPYING copy without a request': sql`
    SELECT r.did_id FROM replicas r
     WHERE r.state = 'C' AND r.lock_cnt > 0
       AND NOT EXISTS (SELECT FROM requests q WHERE q.did_id = r.did_id AND q.rse_id = r.rse_id)`,
  'a request for a copy that nothing locks': sql`
    SELECT q.did_id FROM requests q JOIN replicas r USING (did_id, rse_id) WHERE r.lock_cnt = 0`,
  'counters other than the counts of locks': sql`
    SELECT u.id FROM rules u
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'O') AS ok, count(*) FILTER (WHERE state = 'R') AS replicating,
               count(*) FILTER (WHERE state = 'S') AS stuck FROM locks l WHERE l.rule_id = u.id) c
     WHERE (u.locks_ok, u.locks_replicating, u.locks_stuck) <> (c.ok, c.replicating, c.stuck)`,
  'a stuck lock without a cause': sql`
    SELECT l.did_id FROM locks l WHERE l.state = 'S'
       AND NOT EXISTS (SELECT FROM stuck_locks s WHERE s.did_id = l.did_id AND s.rse_id = l.rse_id
                          AND s.rule_id = l.rule_id)`,
  'a cause without a lock': sql`
    SELECT s.did_id FROM stuck_locks s
     WHERE NOT EXISTS (SELECT FROM locks l WHERE l.did_id = s.did_id AND l.rse_id = s.rse_id
                          AND l.rule_id = s.rule_id)`,
  'a charge other than the locks': sql`
    SELECT coalesce(c.rse_id, u.rse_id) FROM
      (SELECT r.account_id, l.rse_id, sum(l.bytes) AS bytes, count(*) AS files
         FROM locks l JOIN rules r ON r.id = l.rule_id GROUP BY 1, 2) c
      FULL JOIN (SELECT account_id, rse_id, sum(bytes) AS bytes, sum(files) AS files
                   FROM account_usage_deltas GROUP BY 1, 2) u USING (account_id, rse_id)
     WHERE (coalesce(c.bytes, 0), coalesce(c.files, 0))
        IS DISTINCT FROM (coalesce(u.bytes, 0), coalesce(u.files, 0))`,
  'a locked copy with a tombstone': sql`
    SELECT did_id FROM replicas WHERE lock_cnt > 0 AND tombstone IS NOT NULL`,
};

async function auditCatalogue(db: Database): Promise<void> {
  for (const [wrong, statement] of Object.entries(WRONG)) {
    const found = await db.read((tx) => execute(tx, statement));
    if (found > 0) throw new Error(`${wrong}: ${found}`);
  }
}
