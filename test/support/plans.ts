import pg from 'pg';
import { type Database, type Tx } from '../../src/db/index.js';

/** Runs work and gives the texts of the statements that it sent, in order. */
export type Listen = (work: () => Promise<unknown>) => Promise<readonly string[]>;

/** The database with an ear: whatever runs over it sends its statements as always, and is heard. */
export function listening(db: Database): { readonly db: Database; readonly listen: Listen } {
  let heard: string[] = [];
  const heardTx = (tx: Tx): Tx =>
    Object.assign(Object.create(tx) as Tx, {
      query(text: string, values?: readonly unknown[]) {
        heard.push(text);
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

/** A node of EXPLAIN's JSON, the fields that make a shape. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Join Type'?: string;
  readonly Operation?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Function Name'?: string;
  readonly 'Parent Relationship'?: string;
  readonly 'Subplan Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** A plan without what depends on data: one step a line, steps below a step indented. */
export interface PlanShape {
  readonly lines: readonly string[];
  /** Relation and index (null: read as a heap) of every read that is not narrowed by an index condition. */
  readonly wholeReads: readonly { readonly relation: string; readonly index: string | null }[];
  /** Nested loops with a CTE on both sides: their cost grows with the square of the batch. */
  readonly loopsOverCtes: readonly string[];
  readonly indexes: ReadonlySet<string>;
}

const JOINS = new Set(['Nested Loop', 'Hash Join', 'Merge Join']);
const WHOLE = new Set(['Seq Scan', 'Index Scan', 'Index Only Scan', 'Bitmap Index Scan']);

/** One step as text: what it is, what it reads by what; `(whole)` where no condition narrows an index. */
function stepText(node: PlanNode): string {
  const join = JOINS.has(node['Node Type']) ? ` ${node['Join Type'] ?? ''}` : '';
  const what = [
    node.Operation && `${node.Operation} ${node['Relation Name'] ?? ''}`,
    !node.Operation && node['Relation Name'],
    node['CTE Name'] && `cte ${node['CTE Name']}`,
    node['Function Name'],
  ].find(Boolean);
  const index = node['Index Name'] ? ` by ${node['Index Name']}` : '';
  const whole = index && node['Index Cond'] === undefined ? ' (whole)' : '';
  const label = node['Subplan Name'] ? `${node['Subplan Name']}: ` : '';
  return `${label}${node['Node Type']}${join}${what ? ` ${what}` : ''}${index}${whole}`;
}

/** The scan of a CTE at the bottom of a join's side, below steps that give the same rows. */
function cteUnder(node: PlanNode | undefined): string | undefined {
  if (!node) return undefined;
  if (node['CTE Name']) return node['CTE Name'];
  const inputs = (node.Plans ?? []).filter((child) => !child['Subplan Name']);
  return inputs.length === 1 ? cteUnder(inputs[0]) : undefined;
}

/** Reduces a plan to its shape. */
function shapeOf(root: PlanNode): PlanShape {
  const lines: string[] = [];
  const wholeReads: { relation: string; index: string | null }[] = [];
  const loopsOverCtes: string[] = [];
  const indexes = new Set<string>();
  const visit = (node: PlanNode, depth: number, heap?: string): void => {
    lines.push('  '.repeat(depth) + stepText(node));
    const relation = node['Relation Name'] ?? heap;
    const index = node['Index Name'];
    if (index) indexes.add(index);
    if (relation && WHOLE.has(node['Node Type']) && node['Index Cond'] === undefined) {
      wholeReads.push({ relation, index: index ?? null });
    }
    const sides = (node.Plans ?? []).filter((child) => !child['Subplan Name']);
    const [outer, inner] = sides.map(cteUnder);
    if (node['Node Type'] === 'Nested Loop' && outer && inner) {
      loopsOverCtes.push(`${outer} × ${inner}`);
    }
    const below = node['Node Type'].startsWith('Bitmap') ? relation : undefined;
    for (const child of node.Plans ?? []) visit(child, depth + 1, below);
  };
  visit(root, 0);
  return { lines, wholeReads, loopsOverCtes, indexes };
}

/** What the house asks of the server (src/db/embedded), said here so that the machine's memory has no say. */
const PLANNER = `
SET random_page_cost = 1.1; SET effective_cache_size = '1GB'; SET work_mem = '16MB'; SET jit = off;
SET max_parallel_workers_per_gather = 0;`;

/** A session for what Database does not do: statements outside transactions, and plans. */
export async function planner(url: string) {
  const session = new pg.Client(url);
  await session.connect();
  await session.query(PLANNER);
  return {
    run: async (statement: string): Promise<void> => {
      await session.query(statement);
    },
    /** The generic plan: what a named statement runs by once it was run five times. Runs nothing. */
    async shape(statement: string): Promise<PlanShape> {
      const { rows } = await session.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (GENERIC_PLAN, COSTS OFF, FORMAT JSON) ${statement}`,
      );
      const plan = rows[0]?.['QUERY PLAN'][0].Plan;
      if (!plan) throw new Error('EXPLAIN gave no plan');
      return shapeOf(plan);
    },
    close: () => session.end(),
  };
}

export type Planner = Awaited<ReturnType<typeof planner>>;
