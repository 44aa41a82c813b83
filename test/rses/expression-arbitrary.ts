import fc from 'fast-check';
import { type Expression } from '../../src/rses/expression/index.js';

const KINDS = ['union', 'intersection', 'difference'] as const;

const leaf = (
  names: fc.Arbitrary<string>,
  keys: fc.Arbitrary<string>,
  values: fc.Arbitrary<string>,
) =>
  fc.oneof(
    fc.constant({ kind: 'all' } as const),
    names.map((name) => ({ kind: 'name', name }) as const),
    fc.record({
      kind: fc.constant('comparison' as const),
      key: keys,
      operator: fc.constantFrom('=' as const, '<' as const, '>' as const),
      value: values,
    }),
  );

/** Random trees over the given leaves. */
export const expressionOver = (leaves: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> =>
  fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      leaves,
      fc.record({ kind: fc.constantFrom(...KINDS), left: tie('tree'), right: tie('tree') }),
    ),
  })).tree;

const text = (pattern: RegExp) => fc.stringMatching(pattern, { maxLength: 12 });

/** Random trees over every name, key and value that the language knows. */
export const expression = expressionOver(
  leaf(
    text(/^[A-Za-z0-9]{1,4}([_-][A-Za-z0-9]{1,4}){0,2}$/),
    text(/^[A-Za-z0-9._-]{1,6}$/),
    text(/^[A-Za-z0-9_-]{1,6}$/),
  ),
);

/** Random trees over a few words, so that they meet the storage elements of a small lake. */
export const smallExpression = expressionOver(
  leaf(
    fc.constantFrom('A', 'B', 'C', 'tape', 'none'),
    fc.constantFrom('tier', 'free', 'site', 'tape', 'rse', 'city', 'latitude', 'availability'),
    fc.constantFrom('1', '2', '-3', '10', 'x1', 'A', 'true'),
  ).filter(
    // What a column cannot have is an error, told in a story of its own.
    (tree) =>
      tree.kind !== 'comparison' ||
      !/^(latitude|availability)$/.test(tree.key) ||
      /^-?\d+$/.test(tree.value),
  ),
);
