import { describe, expect, it } from '@jest/globals';
import { parsePlacement, parseShortForm, wishedPlacement } from '../../src/rules/index.js';

const part = (copies: number, rse_expression: string, more: object = {}) => ({
  copies,
  rse_expression,
  ...more,
});

describe('a placement', () => {
  it('is read, with equal parts as one and attributes in order', () => {
    const given = {
      parts: [part(1, 'type=DISK'), part(1, 'type=TAPE', { weight: 'free' }), part(1, 'type=DISK')],
      distinct: ['site', 'continent', 'site'],
      maxSkew: 1,
    };
    expect(parsePlacement(given)).toEqual({
      parts: [
        { copies: 2, rseExpression: 'type=DISK', weight: null },
        { copies: 1, rseExpression: 'type=TAPE', weight: 'free' },
      ],
      distinct: ['continent', 'site'],
      maxSkew: 1,
    });
  });

  it.each([
    ['two', 'InvalidObject', 'placement: it must be an object'],
    [{}, 'InvalidObject', 'placement.parts'],
    [{ parts: [] }, 'InvalidObject', 'placement.parts'],
    [{ parts: [part(1, 'A')], spread: 1 }, 'InvalidObject', "'spread' is none of parts, distinct"],
    [{ parts: [part(0, 'A')] }, 'InvalidObject', 'placement.parts[0].copies'],
    [{ parts: [part(1, '')] }, 'InvalidObject', 'placement.parts[0].rse_expression'],
    [{ parts: [part(1, 'A|')] }, 'InvalidRSEExpression', "'A|' cannot be read"],
    [{ parts: [part(1, 'A', { site: 1 })] }, 'InvalidObject', "'site' is none of copies"],
    [{ parts: [part(1, 'A')], distinct: 'site' }, 'InvalidObject', 'placement.distinct'],
    [{ parts: [part(1, 'A')], distinct: [''] }, 'InvalidObject', 'placement.distinct[0]'],
    [{ parts: [part(1, 'A')], distinct: ['site'], maxSkew: -1 }, 'InvalidObject', 'maxSkew'],
    [{ parts: [part(1, 'A')], maxSkew: 1 }, 'InvalidReplicationRule', 'name it in distinct'],
    [{ parts: [part(900, 'A'), part(900, 'B')] }, 'InvalidReplicationRule', '1800 copies'],
  ])('%j is refused with %s that says %s', (given, name, message) => {
    expect(() => parsePlacement(given)).toThrow(
      expect.objectContaining({ name, message: expect.stringContaining(message) }),
    );
  });
});

describe('the short form', () => {
  it('says the same', () => {
    const short = 'type=DISK:2;type=TAPE:1;distinct=continent,site;maxSkew=1';
    expect(parseShortForm(short, 1)).toEqual(
      parsePlacement({
        parts: [part(2, 'type=DISK'), part(1, 'type=TAPE')],
        distinct: ['continent', 'site'],
        maxSkew: 1,
      }),
    );
  });

  it('of one part may leave the copies to the rule', () => {
    expect(parseShortForm('*;distinct=continent', 3).parts).toEqual([
      { copies: 3, rseExpression: '*', weight: null },
    ]);
  });

  it.each([
    'A:x',
    'A:2;',
    'A:2;B',
    ';',
    ':2',
    'A:2;distinct=site;distinct=site',
    'A:2;maxSkew=x;distinct=a',
  ])('%s cannot be read', (text) => {
    expect(() => parseShortForm(text, 2)).toThrow(
      expect.objectContaining({ name: 'InvalidRSEExpression' }),
    );
  });
});

describe('where copies go', () => {
  const placement = parsePlacement({ parts: [part(2, 'type=DISK'), part(1, 'type=TAPE')] });
  const union = '(type=DISK)|(type=TAPE)';

  it.each([
    ['nothing else', {}],
    ['the sum and any RSE', { copies: 3, rseExpression: '*' }],
    ['the union', { rseExpression: union }],
    ['the union without parentheses', { rseExpression: 'type=DISK|type=TAPE' }],
    ['the short form of the same', { rseExpression: 'type=DISK:2;type=TAPE:1', copies: 3 }],
    [
      'the short form and the default of copies',
      { rseExpression: 'type=DISK:2;type=TAPE:1', copies: 1 },
    ],
    ['itself again', { placements: [placement, placement] }],
  ])('may be a placement beside %s', (_, given) => {
    expect(wishedPlacement({ placements: [placement], ...given })).toEqual({
      rseExpression: union,
      copies: 3,
      constraints: placement,
    });
  });

  it.each([
    [{ copies: 2 }, 'make 3 copies, not 2'],
    [{ copies: 1 }, 'make 3 copies, not 1'],
    [{ rseExpression: 'tier=1' }, "not that of the placement, '(type=DISK)|(type=TAPE)'"],
    [{ rseExpression: 'type=DISK:3' }, 'given twice, and differently'],
  ])('%j contradicts it', (given, message) => {
    expect(() => wishedPlacement({ placements: [placement], ...given })).toThrow(
      expect.objectContaining({
        name: 'InvalidReplicationRule',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('is an expression where nobody asks for more', () => {
    expect(wishedPlacement({ rseExpression: 'tier=1', copies: 2 })).toEqual({
      rseExpression: 'tier=1',
      copies: 2,
      constraints: null,
    });
    expect(wishedPlacement({ copies: 2 })).toBeUndefined();
  });
});
