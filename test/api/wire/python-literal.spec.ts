import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type PythonLiteral, readPythonLiteral } from '../../../src/api/wire/python-literal.js';
import { DIDFilterSyntaxError } from '../../../src/errors/index.js';

/** Python's repr, as far as the client sends it. */
function repr(value: PythonLiteral): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const body = value
      .replaceAll('\\', '\\\\')
      .replaceAll(quote, `\\${quote}`)
      .replace(/[\n\r\t]/g, (c) => ({ '\n': '\\n', '\r': '\\r' })[c] ?? '\\t');
    return quote + body + quote;
  }
  if (value instanceof Map) {
    const entries = value as ReadonlyMap<string, PythonLiteral>;
    return `{${[...entries].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
  }
  if (Array.isArray(value)) return `[${(value as PythonLiteral[]).map(repr).join(', ')}]`;
  return (value as number | bigint).toString();
}

const { literal } = fc.letrec<{ literal: PythonLiteral }>((tie) => ({
  literal: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
    // Whole numbers past 2^53 are written without a point, and read as exact integers.
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((n) => !Object.is(n, -0) && (!Number.isInteger(n) || Number.isSafeInteger(n))),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('literal'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.string(), tie('literal')), { maxLength: 4 })
      .map((entries) => new Map(entries)),
  ),
}));

describe('readPythonLiteral', () => {
  it('reads the filters of a client', () => {
    const text = `[{'name': 'a*b', 'length.gte': 3, 'flag': True, 'n': None, "q": "it's"}, ()]`;
    expect(readPythonLiteral(text)).toEqual([
      new Map<string, unknown>([
        ['name', 'a*b'],
        ['length.gte', 3],
        ['flag', true],
        ['n', null],
        ['q', "it's"],
      ]),
      [],
    ]);
  });

  it.each([
    [String.raw`'\x41\u00e9\U0001F600\n\\\'\d'`, `Aé😀\n\\'\\d`],
    ['(1)', 1],
    ['(1,)', [1]],
    ['(1, 2)', [1, 2]],
    [' [ -1 , 2.5e3 , .5 , ] ', [-1, 2500, 0.5]],
    ['12345678901234567890', 12345678901234567890n],
  ])('reads %s', (text, value) => {
    expect(readPythonLiteral(text)).toEqual(value);
  });

  it.each([
    '',
    '[',
    "'open",
    '[1 2]',
    '{1: 2}',
    "{'a'}",
    '__import__("os")',
    'Truely',
    '1 + 1',
    '1e999',
    'nan',
    "b'x'",
    String.raw`'\U00110000'`,
    `${'['.repeat(17)}${']'.repeat(17)}`,
    `'${'x'.repeat(65_536)}'`,
  ])('refuses %s', (text) => {
    expect(() => readPythonLiteral(text)).toThrow(DIDFilterSyntaxError);
  });

  it('reads back whatever repr writes', () => {
    fc.assert(
      fc.property(literal, (value) => {
        expect(readPythonLiteral(repr(value))).toEqual(value);
      }),
    );
  });

  it('answers any text with a value or a syntax error', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...`[]{}(),:'"\\x1.eTN `) }),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          readPythonLiteral(input);
        } catch (error) {
          expect(error).toBeInstanceOf(DIDFilterSyntaxError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
