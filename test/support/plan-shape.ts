/** A node of EXPLAIN's JSON, the fields that make a shape. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Join Type'?: string;
  readonly Operation?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
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
  /** Nested loops over a CTE, once for each row of another: their cost grows with the square of the batch. */
  readonly loopsOverCtes: readonly string[];
  /** Reads by an index that leave out rows of other files one by one, as `relation by index`. */
  readonly sievedReads: readonly string[];
  readonly indexes: ReadonlySet<string>;
}

/** A file's or a child's key compared with that of another row: what an index is for. */
const KEY = /\b(?:did_id|child_id) = \(?\w+\./;

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

/** What a step works on; plans of sub-selects stand beside them. */
const inputsOf = (node: PlanNode): readonly PlanNode[] =>
  (node.Plans ?? []).filter((child) => !child['Subplan Name']);

/** The scan of a CTE at the bottom of a join's side, below steps that give the same rows. */
function cteUnder(node: PlanNode | undefined): string | undefined {
  if (!node) return undefined;
  if (node['CTE Name']) return node['CTE Name'];
  const inputs = inputsOf(node);
  return inputs.length === 1 ? cteUnder(inputs[0]) : undefined;
}

/** The CTEs that feed a join's side, through joins of its own too. */
const ctesUnder = (node: PlanNode | undefined): readonly string[] =>
  node
    ? [...(node['CTE Name'] ? [node['CTE Name']] : []), ...inputsOf(node).flatMap(ctesUnder)]
    : [];

/** Reduces a plan to its shape. */
export function shapeOf(root: PlanNode): PlanShape {
  const lines: string[] = [];
  const wholeReads: { relation: string; index: string | null }[] = [];
  const loopsOverCtes: string[] = [];
  const sievedReads: string[] = [];
  const indexes = new Set<string>();
  const visit = (node: PlanNode, depth: number, heap?: string): void => {
    lines.push('  '.repeat(depth) + stepText(node));
    const relation = node['Relation Name'] ?? heap;
    const index = node['Index Name'];
    if (index) indexes.add(index);
    if (relation && WHOLE.has(node['Node Type']) && node['Index Cond'] === undefined) {
      wholeReads.push({ relation, index: index ?? null });
    }
    if (relation && index && KEY.test(node.Filter ?? '') && !KEY.test(node['Index Cond'] ?? '')) {
      sievedReads.push(`${relation} by ${index}`);
    }
    const [outer, inner] = inputsOf(node);
    const [many, again] = [ctesUnder(outer)[0], cteUnder(inner)];
    if (node['Node Type'] === 'Nested Loop' && many && again) {
      loopsOverCtes.push(`${many} × ${again}`);
    }
    const below = node['Node Type'].startsWith('Bitmap') ? relation : undefined;
    for (const child of node.Plans ?? []) visit(child, depth + 1, below);
  };
  visit(root, 0);
  return { lines, wholeReads, loopsOverCtes, sievedReads, indexes };
}
