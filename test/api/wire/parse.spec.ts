import { describe, expect, it } from '@jest/globals';
import Type from 'typebox';
import { accepts } from '../../../src/api/wire/media-types.js';
import { parseBody } from '../../../src/api/wire/parse-body.js';
import { parseBool, parseInteger, parseText } from '../../../src/api/wire/parse-query.js';
import { InvalidObject, KeyError, ValueError, WireTypeError } from '../../../src/errors/index.js';

const Rule = Type.Object({
  dids: Type.Array(
    Type.Object({ scope: Type.String(), name: Type.String() }, { additionalProperties: false }),
    { minItems: 1 },
  ),
  copies: Type.Integer(),
  grouping: Type.Optional(Type.Union([Type.Literal('ALL'), Type.Literal('NONE'), Type.Null()])),
});
const dids = [{ scope: 's', name: 'n' }];

describe('parseBody', () => {
  it('gives a good body back, typed', () => {
    const rule = parseBody(Rule, { dids, copies: 2, grouping: null, more: 1 }, 'rule');
    expect(rule.copies + rule.dids.length).toBe(3);
  });

  it.each([
    [undefined, ValueError, 'there is no body'],
    [[], WireTypeError, 'the body must be object'],
    [{ dids }, KeyError, 'copies is missing'],
  ])('tells %j from a bad value, as the reference does', (body, Fact, problem) => {
    const parse = () => parseBody(Rule, body, 'rule');
    expect(parse).toThrow(Fact);
    expect(parse).toThrow(`Problem validating rule: ${problem}`);
  });

  it.each([
    [{ dids: [], copies: 1 }, 'dids must not have fewer than 1 items'],
    [{ dids: [{ scope: 's' }], copies: 1 }, 'dids[0].name is missing'],
    [{ dids: [{ scope: 's', name: 1 }], copies: 1 }, 'dids[0].name must be string'],
    [{ dids: [{ ...dids[0], size: 1 }], copies: 1 }, 'dids[0].size is not a known field'],
    [{ dids, copies: 1.5 }, 'copies must be integer'],
    [{ dids, copies: 1, grouping: 'SOME' }, 'grouping must be one of ALL, NONE, or must be null'],
  ])('names the field: %j: %s', (body, problem) => {
    const parse = () => parseBody(Rule, body, 'rule');
    expect(parse).toThrow(InvalidObject);
    expect(parse).toThrow(`Problem validating rule: ${problem}`);
  });
});

describe('query parameters', () => {
  it.each([
    ['True', true],
    ['true', true],
    ['1', true],
    [true, true],
    ['False', false],
    ['0', false],
    ['', false],
    [undefined, false],
  ])('reads the boolean %p as %p', (value, expected) => {
    expect(parseBool(value, 'long')).toBe(expected);
  });

  it.each(['yes', '2', ['True', 'True'], 1])('refuses the boolean %p', (value) => {
    expect(() => parseBool(value, 'long')).toThrow(WireTypeError);
    expect(() => parseBool(value, 'long')).toThrow(/'long'/);
  });

  it('bounds integers', () => {
    expect(parseInteger('100', 'limit', { max: 100 })).toBe(100);
    expect(parseInteger('-5', 'priority', { min: -10 })).toBe(-5);
    expect(parseInteger('None', 'limit')).toBeUndefined();
    for (const bad of ['101', '-1', '1.5', 'x', '1e2', '99999999999999999999']) {
      expect(() => parseInteger(bad, 'limit', { max: 100 })).toThrow(ValueError);
    }
  });

  it('takes a parameter once', () => {
    expect(parseText('a', 'rse')).toBe('a');
    expect(() => parseText(['a', 'b'], 'rse')).toThrow(WireTypeError);
  });
});

describe('accepts', () => {
  it.each([
    [undefined, true],
    ['*/*', true],
    ['text/html, application/*;q=0.5', true],
    ['application/x-json-stream', true],
    ['application/json', false],
    ['*/*;q=0', false],
  ])('Accept %p admits a JSON stream: %p', (accept, expected) => {
    expect(accepts(accept, 'application/x-json-stream')).toBe(expected);
  });
});
