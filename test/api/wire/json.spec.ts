import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toJson } from '../../../src/api/wire/json.js';

describe('toJson', () => {
  it('writes a row as the client reads it', () => {
    const row = {
      name: 'run_1/Zürich "a"\n',
      bytes: 9_223_372_036_854_775_807n,
      limit: Infinity,
      at: new Date('2026-07-24T16:01:23.987Z'),
      missing: undefined,
      none: null,
      open: false,
      parts: [1, undefined, [-0.5]],
    };
    expect(toJson(row)).toBe(
      '{"name":"run_1/Zürich \\"a\\"\\n","bytes":9223372036854775807,"limit":Infinity,' +
        '"at":"Fri, 24 Jul 2026 16:01:23 UTC","none":null,"open":false,"parts":[1,null,[-0.5]]}',
    );
  });

  it('agrees with JSON.stringify wherever JSON has a word for the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(toJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each([
    ['NaN', Number.NaN],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a map', new Map()],
    ['bytes', Buffer.from('x')],
    ['an invalid date', new Date(Number.NaN)],
    ['NaN inside', { a: [Number.NaN] }],
  ])('refuses %s', (_name, value) => {
    expect(() => toJson(value)).toThrow(TypeError);
  });
});
