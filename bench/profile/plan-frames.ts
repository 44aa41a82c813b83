import { below, type Frame } from './frame.js';

/** A node of EXPLAIN (ANALYZE, FORMAT JSON); times in ms, a loop. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly Operation?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Function Name'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'Actual Total Time'?: number;
  readonly 'Actual Loops'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What auto_explain writes of one statement. */
export interface Explained {
  readonly 'Query Text': string;
  readonly Plan: PlanNode;
}

/** Adds the milliseconds of a statement's plan to the frames below `root`: statement, node, child. */
export function addPlan(root: Frame, { 'Query Text': text, Plan }: Explained): void {
  const unread = new Map<string, number>();
  const note = (node: PlanNode): void => {
    const name = cteOf(node);
    if (name) unread.set(name, took(node));
    node.Plans?.forEach(note);
  };
  note(Plan);
  const statement = below(root, statementName(text));
  statement.times++;
  addNode(statement, Plan, unread);
}

/**
 * A CTE's rows are made while they are first read: that time is taken off the reader, for the CTE has
 * a frame of its own. What a node spent without its children is its own.
 */
function addNode(parent: Frame, node: PlanNode, unread: Map<string, number>): void {
  const self = below(parent, nodeName(node));
  const children = node.Plans ?? [];
  const inside = children.filter((child) => !cteOf(child));
  let own = took(node) - inside.reduce((sum, child) => sum + took(child), 0);
  const read = node['CTE Name'] ?? '';
  const making = Math.min(unread.get(read) ?? 0, Math.max(own, 0));
  if (making > 0) unread.set(read, (unread.get(read) ?? 0) - making);
  own -= making;
  self.own += Math.max(own, 0);
  for (const child of children) addNode(self, child, unread);
}

const took = (node: PlanNode): number =>
  (node['Actual Total Time'] ?? 0) * (node['Actual Loops'] ?? 1);

const cteOf = (node: PlanNode): string | undefined =>
  /^CTE (.*)$/.exec(node['Subplan Name'] ?? '')?.[1];

function nodeName(node: PlanNode): string {
  const what = node['Relation Name'] ?? node['CTE Name'] ?? node['Function Name'] ?? '';
  const step = `${node.Operation ?? node['Node Type']} ${what}`.trim();
  const by = node['Index Name'] ? ` by ${node['Index Name']}` : '';
  return `${node['Subplan Name'] ? `${node['Subplan Name']}: ` : ''}${step}${by}`;
}

const WRITES = /\b(INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)/g;

/** `FOR UPDATE OF r` and `DO UPDATE SET` write no table of that name. */
const NO_TABLE = new Set(['of', 'skip', 'set', 'nowait']);

/** What a statement is for, in a few words: the tables it writes, else where it reads. */
function statementName(text: string): string {
  const written = [...text.matchAll(WRITES)]
    .map(([, verb = '', table = '']) => ({ verb: verb.split(' ')[0]?.toLowerCase(), table }))
    .filter(({ table }) => !NO_TABLE.has(table.toLowerCase()))
    .map(({ verb, table }) => `${verb} ${table}`);
  if (written.length > 0) return [...new Set(written)].slice(0, 4).join(', ');
  let outer = text;
  for (let inner = ''; inner !== outer;) {
    inner = outer;
    outer = outer.replace(/\([^()]*\)/g, '…');
  }
  const [, table] = /\bFROM\s+([a-z_]+)/i.exec(outer) ?? /\bFROM\s+([a-z_]+)/i.exec(text) ?? [];
  return `select ${table ?? text.slice(0, 40)}`;
}
