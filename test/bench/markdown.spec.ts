import { describe, expect, it } from '@jest/globals';
import { partOf, table, tablesOf } from '../../bench/markdown.js';

describe('a page of figures', () => {
  const costs = [
    ['a rule, a lock', '27.0', '≤ 40', ''],
    ['a listing, a file', '15.1', '', ''],
  ];
  const figures = [['a rule: peak memory', '147 MiB', '']];
  const text = [
    'EPYC, 2 cores',
    table(['Path', 'CPU', 'promised', '×'], costs),
    table(['F', 'm', 'p'], figures),
  ];
  const page = `# Page\n<!-- measured: x -->\n\n${text.join('\n\n')}\n\n<!-- end of measured -->\n`;

  it('gives back the rows that were written, so that one path can be measured again', () => {
    expect(tablesOf(partOf(page, 'x'))).toEqual([costs, figures]);
  });

  it('says that it has no place for a part', () => {
    expect(() => partOf(page, 'y')).toThrow('no place for y');
  });
});
