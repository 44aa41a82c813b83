/** An RSE expression as a tree. Each node stands for a set of storage elements. */
export type Expression =
  | { readonly kind: 'all' }
  /** Those with the attribute `name` set to true, so also the one of that name. */
  | { readonly kind: 'name'; readonly name: string }
  | Comparison
  | {
      readonly kind: 'union' | 'intersection' | 'difference';
      readonly left: Expression;
      readonly right: Expression;
    };

/** Those whose attribute (or column) `key` equals, is below or is above the value. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly key: string;
  readonly operator: '=' | '<' | '>';
  readonly value: string;
}

export const SIGN = { union: '|', intersection: '&', difference: '\\' } as const;

/** Writes a tree with the fewest parentheses: only a right operand can need them. */
export function printExpression(tree: Expression): string {
  switch (tree.kind) {
    case 'all':
      return '*';
    case 'name':
      return tree.name;
    case 'comparison':
      return `${tree.key}${tree.operator}${tree.value}`;
    case 'union':
    case 'intersection':
    case 'difference': {
      const right = printExpression(tree.right);
      const grouped = tree.right.kind in SIGN ? `(${right})` : right;
      return `${printExpression(tree.left)}${SIGN[tree.kind]}${grouped}`;
    }
  }
}
