import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { transmogrifier } from '../../src/daemons/transmogrifier.js';
import { type Tally } from '../../src/daemons/runtime/index.js';
import { type Database, execute, rows, sql } from '../../src/db/index.js';
import { findDids } from '../../src/dids/index.js';
import { addDescribedDids, type Meta, setMetadata } from '../../src/metadata/index.js';
import {
  addSubscription,
  type Backfill,
  type BackfillPlan,
  beginBackfill,
  changeBackfill,
  type BackfillChange,
  changeSubscription,
  demandOrder,
  findBackfill,
  findSubscription,
  holdSubscription,
  listBacklog,
  listTasks,
  planBackfill,
  sumPlan,
  type SubscriptionChange,
  type WaitingDid,
} from '../../src/subscriptions/index.js';
import { DidType } from '../../src/vocabulary/index.js';
import { type Court, court } from './judge.js';

/** A filter for raw data, and rules that the stories order. */
export const RAW = { datatype: ['RAW$'], scope: ['km3net$'] };
export const two = { copies: 2, rse_expression: 'type=DISK' };
export const tape = { copies: 1, rse_expression: 'type=TAPE' };

export interface Ordered {
  readonly filter?: Record<string, unknown>;
  readonly rules?: readonly object[];
  readonly lifetimeDays?: number;
  readonly priority?: number;
}

/** A court where standing orders are given, new datasets registered, and rules made of both. */
export interface Office extends Court {
  /** A-DISK and B-DISK, of type=DISK. */
  disks(): Promise<void>;
  /** A subscription of the account `shore`, for RAW with the rule `two` unless told otherwise; its uuid. */
  order(name: string, wish?: Ordered): Promise<string>;
  change(name: string, wish: SubscriptionChange): Promise<void>;
  /** Datasets that are registered with what is known of them. */
  register(meta: Meta, ...names: string[]): Promise<void>;
  /** Says something about DIDs that are there. */
  say(meta: Meta, ...names: string[]): Promise<void>;
  /** One shift. */
  transmogrify(): Promise<Tally>;
  /** `run1 2 type=DISK`: one text a rule, sorted. */
  ruled(): Promise<string[]>;
  /** Columns of all rules, in the order of their making. */
  ruleColumns(columns: string): Promise<Record<string, unknown>[]>;
  /** The names that are marked as new. */
  news(): Promise<string[]>;
  /** The letter of a subscription's state. */
  stateOf(name: string): Promise<string>;
  waiting(name: string): Promise<WaitingDid[]>;
  /** Begins a subscription's backfill. */
  backfill(name: string, wish?: { perMinute?: number; again?: boolean }): Promise<Backfill>;
  changeBackfill(name: string, change: BackfillChange): Promise<Backfill>;
  backfillOf(name: string): Promise<Backfill>;
  /** The oldest rule on a DID ends, and is history. */
  end(name: string): Promise<void>;
  plan(name: string, again?: boolean): Promise<BackfillPlan>;
  /** `1 NEW-letter key: f1 f2`: one text a task or group, in the order of listings. */
  tasks(name: string): Promise<string[]>;
}

/** The body of a subscription that notifies. */
export const notify = (groupBy: object, more: object = {}) => [
  { sluice: { notify: { group_by: groupBy, ...more } } },
];

export async function office(db: Database): Promise<Office> {
  const a = await court(db);
  const named = (names: readonly string[]) => names.map((name) => ({ scope: a.scope, name }));
  return Object.assign(a, {
    async disks() {
      for (const name of ['A-DISK', 'B-DISK']) await a.rse(name, { attributes: { type: 'DISK' } });
    },
    order: (name: string, { filter = RAW, rules = [two], ...rest }: Ordered = {}) =>
      db.tx((tx) =>
        addSubscription(tx, {
          name,
          filter,
          replicationRules: rules,
          accountId: a.accountId,
          priority: rest.priority ?? 3,
          comments: `of ${name}`,
          lifetimeDays: rest.lifetimeDays ?? null,
          now: a.now,
        }),
      ),
    change: (name: string, wish: SubscriptionChange) =>
      db.tx(async (tx) =>
        changeSubscription(tx, await holdSubscription(tx, 'shore', name), wish, a.now),
      ),
    async register(meta: Meta, ...names: string[]) {
      const specs = named(names).map((did) => ({ ...did, type: DidType.DATASET, meta }));
      await db.tx((tx) => addDescribedDids(tx, a.accountId, specs, a.now));
    },
    say: (meta: Meta, ...names: string[]) =>
      db.tx(async (tx) => {
        const dids = await findDids(tx, named(names));
        await setMetadata(
          tx,
          dids.map((did) => ({ did, meta })),
          { now: a.now },
        );
      }),
    transmogrify: () => a.shift(transmogrifier(a.config)),
    ruled: () =>
      db.read(async (tx) => {
        const found = await rows<{ text: string }>(
          tx,
          sql`SELECT d.name || ' ' || r.copies || ' ' || r.rse_expression AS text
                FROM rules r JOIN dids d ON d.id = r.did_id ORDER BY 1`,
        );
        return found.map(({ text }) => text);
      }),
    ruleColumns: (columns: string) =>
      db.read(async (tx) => {
        const { rows: found } = await tx.query(`SELECT ${columns} FROM rules ORDER BY id`);
        return found as Record<string, unknown>[];
      }),
    news: () =>
      db.read(async (tx) => {
        const found = await rows<{ name: string }>(
          tx,
          sql`SELECT name FROM dids WHERE is_new ORDER BY name COLLATE "C"`,
        );
        return found.map(({ name }) => name);
      }),
    stateOf: (name: string) =>
      db.tx(async (tx) => (await holdSubscription(tx, 'shore', name)).state),
    waiting: (name: string) =>
      db.tx(async (tx) => listBacklog(tx, [(await holdSubscription(tx, 'shore', name)).id])),
    backfill: (name: string, { perMinute = 60_000, again = false } = {}) =>
      db.tx(async (tx) => {
        const subscription = await holdSubscription(tx, 'shore', name);
        return await beginBackfill(tx, subscription, { perMinute, again, now: a.now });
      }),
    changeBackfill: (name: string, change: BackfillChange) =>
      db.tx(async (tx) =>
        changeBackfill(tx, await holdSubscription(tx, 'shore', name), change, a.now),
      ),
    backfillOf: (name: string) =>
      db.read(async (tx) => findBackfill(tx, await findSubscription(tx, 'shore', name))),
    async end(name: string) {
      await db.tx((tx) =>
        execute(
          tx,
          sql`UPDATE rules SET expires_at = ${a.now}::timestamptz - interval '1 second', locked = false
               WHERE id = (SELECT min(r.id) FROM rules r JOIN dids d ON d.id = r.did_id
                            WHERE d.name = ${name})`,
        ),
      );
      await a.shift(judgeCleaner(a.config));
    },
    plan: async (name: string, again = false) => {
      const order = demandOrder(await db.read((tx) => findSubscription(tx, 'shore', name)));
      return await sumPlan(order, planBackfill(db, order, { again, now: a.now }));
    },
    tasks: async (name: string) => {
      const { id } = await db.read((tx) => findSubscription(tx, 'shore', name));
      const texts: string[] = [];
      for await (const task of listTasks((work) => db.read(work), id)) {
        const dids = await db.read((tx) =>
          rows<{ name: string }>(
            tx,
            sql`SELECT d.name FROM subscription_task_dids m JOIN dids d ON d.id = m.did_id
                 WHERE m.task_id = ${task.id} ORDER BY d.id`,
          ),
        );
        const names = dids.map((did) => did.name).join(' ');
        texts.push(`${task.number ?? '-'} ${task.state} ${task.key}: ${names}`);
      }
      return texts;
    },
  });
}
