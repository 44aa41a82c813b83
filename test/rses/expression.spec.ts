import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
// @ts-expect-error A script of the repository, in plain JavaScript.
import { generateParser } from '../../scripts/generate.mjs';
import { InvalidRSEExpression } from '../../src/errors/index.js';
import {
  type Expression,
  parseExpression,
  printExpression,
} from '../../src/rses/expression/index.js';
import { expression } from './expression-arbitrary.js';

/** Every node in parentheses, so that a case shows how a text is grouped. */
function grouped(tree: Expression): string {
  if (!('left' in tree)) return printExpression(tree);
  const sign = { union: '|', intersection: '&', difference: '\\' }[tree.kind];
  return `(${grouped(tree.left)}${sign}${grouped(tree.right)})`;
}

describe('parseExpression', () => {
  it.each([
    ['A|B&C', '((A|B)&C)'],
    ['A|(B&C)', '(A|(B&C))'],
    ['A\\B\\C', '((A\\B)\\C)'],
    ['((A))', 'A'],
    ['*\\tier=1', '(*\\tier=1)'],
    ['a.b-c_d=e_f-1&freespace>100|x<-5', '((a.b-c_d=e_f-1&freespace>100)|x<-5)'],
    ['_x=-', '_x=-'],
    ['CNAF-DISK_2', 'CNAF-DISK_2'],
  ])('reads %s as %s', (text, tree) => {
    expect(grouped(parseExpression(text))).toBe(tree);
  });

  it.each([
    '',
    ' ',
    'A |B',
    'A|',
    '|A',
    '(A',
    'A)',
    ')A(',
    '()',
    'A()',
    'A B',
    'A*',
    '*A',
    '_A',
    'A_',
    'A--B',
    'k=',
    '=v',
    'k==v',
    'k<=5',
    'k=a.b',
    'k=a/b',
    'é',
    'A||B',
    'A-\nB',
    `${'('.repeat(201)}A${')'.repeat(201)}`,
    'A|'.repeat(1500) + 'A',
  ])('refuses %s', (text) => {
    expect(() => parseExpression(text)).toThrow(InvalidRSEExpression);
  });

  it('says where the text stops making sense', () => {
    expect(() => parseExpression('tier=1&&disk')).toThrow(/at '&', position 7/);
    expect(() => parseExpression('(A')).toThrow(/at its end, position 2/);
  });

  it('reads back every tree that it prints', () => {
    fc.assert(
      fc.property(expression, (tree) => {
        expect(parseExpression(printExpression(tree))).toEqual(tree);
      }),
    );
  });

  it('answers any text with a tree or InvalidRSEExpression', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...'Aa1_-.=<>()|&\\*'), maxLength: 60 }),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          parseExpression(input);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRSEExpression);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the generated parser', () => {
  it('is what the grammar gives', () => {
    const path = new URL('../../src/rses/expression/parser.generated.js', import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe((generateParser as () => string)());
  });
});
