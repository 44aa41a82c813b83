import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { demandPattern, matchTexts } from '../../src/subscriptions/pattern.sql.js';
import { parsePattern } from '../../src/subscriptions/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let base: TestDatabase;
beforeAll(async () => {
  base = await testDatabase();
});
afterAll(() => base.close());

/** Those of the texts that a pattern fits, as a filter has it. */
async function fitting(python: string, texts: readonly string[]): Promise<string[]> {
  const pattern = parsePattern(python, 'filter.pattern');
  if (pattern.kind === 'prefix') return texts.filter((text) => text.startsWith(pattern.text));
  return [...(await base.db.read((tx) => matchTexts(tx, pattern.regex, texts)))];
}

const NAMES = [
  'KM3NeT_00000267_00025291',
  'km3net_L1.root',
  'RAW',
  'RAW2',
  'a.b',
  'axb',
  'a[b',
  '',
];

describe('a pattern', () => {
  it.each([
    ['RAW', ['RAW', 'RAW2']],
    ['RAW$', ['RAW']],
    ['^RAW', ['RAW', 'RAW2']],
    ['AW', []],
    ['.*_L1', ['km3net_L1.root']],
    ['KM3|axb', ['KM3NeT_00000267_00025291', 'axb']],
    ['a\\.b', ['a.b']],
    ['a.b', ['a.b', 'axb', 'a[b']],
    ['a[[]b', ['a[b']],
    ['[[:alpha:]]', []],
    ['[]a[]+b', ['a[b']],
    ['(?i)km3net', ['KM3NeT_00000267_00025291', 'km3net_L1.root']],
    ['(?P<detector>KM3NeT_\\d{8})_', ['KM3NeT_00000267_00025291']],
    ['.*W\\b', ['RAW']],
    ['(?!RAW).+[^0-9]$', ['km3net_L1.root', 'a.b', 'axb', 'a[b']],
    ['RAW\\Z', ['RAW']],
    ['R{,2}AW(?#raw)$', ['RAW']],
    ['\\x52\\u0041W$', ['RAW']],
    ['$', ['']],
    ['', NAMES],
  ])('%s fits from the beginning of a text', async (python, expected) => {
    const found = await fitting(python, NAMES);

    expect(found.sort()).toEqual([...expected].sort());
  });

  it.each([
    ['(a)\\1', 'refers back'],
    ['(?P<x>a)(?P=x)', 'refers back'],
    ['a(?i)b', 'has flags'],
    ['(?i:a)', 'has flags'],
    ['\\q', 'means nothing'],
    ['a\\', 'ends in a backslash'],
  ])('%s is refused by the name of its field', (python, why) => {
    expect(() => parsePattern(python, 'filter.pattern')).toThrow(why);
    expect(() => parsePattern(python, 'filter.pattern')).toThrow('filter.pattern');
  });

  it('has at most a thousand characters', () => {
    expect(() => parsePattern('a'.repeat(1001), 'filter.scope')).toThrow(
      'more than 1000 characters',
    );
  });

  it.each(['(', '[a', 'a**', 'a++', '((a{1,100}){1,100}){1,100}', 'x{300}'])(
    '%s is refused by the database before it is stored',
    async (python) => {
      const pattern = parsePattern(python, 'filter.pattern');
      if (pattern.kind !== 'regex') throw new Error('no expression');
      await expect(
        base.db.tx((tx) => demandPattern(tx, pattern.regex, 'filter.pattern')),
      ).rejects.toMatchObject({ name: 'InvalidObject', fields: { field: 'filter.pattern' } });
    },
  );

  it.each(['(a+)+$', '(a|aa)+$', '(a*)*b', '(.*a){12}$', '(?=(a+)+b)a', '(x+x+)+y'])(
    '%s takes no longer than others where other engines never end',
    async (python) => {
      expect(await fitting(python, [`${'a'.repeat(4000)}!`])).toEqual([]);
    },
  );

  it('means what it means to an engine of the same family', async () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '_',
      '.',
      '\\.',
      '\\d',
      '\\w',
      '[ab]',
      '[^a]',
      '[a-c_]',
      '1',
    );
    const many = fc.constantFrom('', '', '*', '+', '?', '*?', '{2}', '{1,3}', '{,2}');
    const piece = fc.tuple(atom, many).map(([one, times]) => one + times);
    const branch = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
    const group = fc.constantFrom('(', '(?:', '(?=', '(?!', '(?P<n>');
    const pattern = fc
      .tuple(branch, group, branch, branch, fc.boolean())
      .map(([head, open, one, other, end]) => `${head}${open}${one}|${other})${end ? '$' : ''}`);
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'b', '_', '.', '1'), maxLength: 6 }),
      {
        minLength: 5,
        maxLength: 20,
      },
    );
    await fc.assert(
      fc.asyncProperty(pattern, texts, async (python, asked) => {
        const script = python.replaceAll('(?P<', '(?<').replaceAll('{,', '{0,');
        const oracle = new RegExp(`^(?:${script})`);
        const distinct = [...new Set(asked)];
        expect((await fitting(python, distinct)).sort()).toEqual(
          distinct.filter((text) => oracle.test(text)).sort(),
        );
      }),
      { numRuns: 300 },
    );
  });
});
