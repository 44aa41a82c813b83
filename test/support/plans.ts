import pg from 'pg';
import { type Database, type Tx } from '../../src/db/index.js';
import { type PlanNode, type PlanShape, shapeOf } from './plan-shape.js';

/** A statement as it was sent. */
export interface Heard {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Runs work and gives the statements that it sent, in order. */
export type Listen = (work: () => Promise<unknown>) => Promise<readonly Heard[]>;

/** The database with an ear: whatever runs over it sends its statements as always, and is heard. */
export function listening(db: Database): { readonly db: Database; readonly listen: Listen } {
  let heard: Heard[] = [];
  const heardTx = (tx: Tx): Tx =>
    Object.assign(Object.create(tx) as Tx, {
      query(text: string, values: readonly unknown[] = []) {
        heard.push({ text, values });
        return tx.query(text, values);
      },
    });
  const ear = Object.assign(Object.create(db) as Database, {
    tx: <T>(work: (tx: Tx) => Promise<T>) => db.tx((tx) => work(heardTx(tx))),
    read: <T>(work: (tx: Tx) => Promise<T>) => db.read((tx) => work(heardTx(tx))),
  });
  return {
    db: ear,
    async listen(work) {
      heard = [];
      await work();
      return heard;
    },
  };
}

/** What the house asks of the server (src/db/embedded), said here so that the machine's memory has no say. */
const PLANNER = `
SET random_page_cost = 1.1; SET effective_cache_size = '1GB'; SET work_mem = '16MB'; SET jit = off;
SET max_parallel_workers_per_gather = 0;`;

const FORMAT = 'COSTS OFF, FORMAT JSON';

const isBatch = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length >= 3;

const drawnOut = (batch: readonly unknown[], length: number): unknown[] =>
  Array.from({ length }, (_, at) => batch[at % batch.length]);

/** A session for what Database does not do: statements outside transactions, and plans. */
export async function planner(url: string) {
  const session = new pg.Client(url);
  await session.connect();
  await session.query(PLANNER);
  const explain = async (options: string, statement: string, values?: unknown[]) => {
    const { rows } = await session.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (${options}) ${statement}`,
      values,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan;
    if (!plan) throw new Error('EXPLAIN gave no plan');
    return shapeOf(plan);
  };
  return {
    run: async (statement: string): Promise<void> => {
      await session.query(statement);
    },
    /** The generic plan: what a named statement runs by once it was run five times. Runs nothing. */
    shape: ({ text }: Heard): Promise<PlanShape> => explain(`GENERIC_PLAN, ${FORMAT}`, text),
    /**
     * The plan for these values: what the product's unnamed statements run by. A batch, which is what
     * an array of three or more is, is drawn out to `batch`. Runs nothing.
     */
    shapeFor: ({ text, values }: Heard, batch: number): Promise<PlanShape> =>
      explain(
        FORMAT,
        text,
        values.map((value) => (isBatch(value) ? drawnOut(value, batch) : value)),
      ),
    /** Indexes of a part of their table's rows, by name: queues, read from their heads. */
    partialIndexes: async (): Promise<ReadonlySet<string>> => {
      const { rows } = await session.query<{ name: string }>(
        'SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indpred IS NOT NULL',
      );
      return new Set(rows.map(({ name }) => name));
    },
    close: () => session.end(),
  };
}

export type Planner = Awaited<ReturnType<typeof planner>>;
