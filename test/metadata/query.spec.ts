import { describe, expect, it } from '@jest/globals';
import {
  DIDFilterSyntaxError,
  DuplicateCriteriaInDIDFilter,
  UnsupportedOperation,
} from '../../src/errors/index.js';
import {
  compileFilter,
  type Filter,
  meaningOf,
  parseFilter,
  parseFilterArguments,
  usesOwnMetadata,
} from '../../src/metadata/query/index.js';

/** A filter in one line: types, then criteria. */
const written = ({ groups }: Filter) =>
  groups.map(({ types, criteria }) => {
    const parts = criteria.map(({ key, operator, value }) => {
      const plain = value.kind === 'plain' ? `${typeof value.meaning}:${value.text}` : '';
      return `${key} ${operator} ${value.kind === 'like' ? `~${value.pattern}` : plain || 'None'}`;
    });
    return [types.join(''), ...parts].join(', ');
  });

describe('meaningOf', () => {
  it.each([
    ['123', 123],
    ['-1', -1],
    ['2.5e3', 2500],
    ['12345678901234567890', 12345678901234567890n],
    ['007', '007'],
    ['1_000', '1_000'],
    ['1e999', '1e999'],
    ['0x10', '0x10'],
    ['true', true],
    ['FALSE', false],
    ['tRUE', 'tRUE'],
    ['None', 'None'],
    ['', ''],
    ['2026-07-24', '2026-07-24'],
    ['2026-07-24 16:01:23', new Date('2026-07-24T16:01:23Z')],
    ['2026-07-24T16:01:23.500000Z', new Date('2026-07-24T16:01:23.500Z')],
    ['Fri, 24 Jul 2026 16:01:23 UTC', new Date('2026-07-24T16:01:23Z')],
  ])('takes %p for %p', (text, meaning) => {
    expect(meaningOf(text)).toEqual(meaning);
  });
});

describe('parseFilter', () => {
  it.each([
    [undefined, ['DC']],
    [[], ['DC']],
    [[{}], ['DC']],
    [{ name: 'a*b_c' }, ['DC, name eq ~a%b\\_c']],
    [
      [{ type: 'file' }, { type: 'ALL', name: '*' }],
      ['F', 'FDC'],
    ],
    [
      [{ 'length.gte': 3, 'length.lt': '10', hidden: true, project: null }],
      ['DC, length gte number:3, length lt number:10, hidden eq boolean:True, project eq None'],
    ],
    [[{ created_after: '2026-07-24 00:00:00' }], ['DC, created_at gte object:2026-07-24 00:00:00']],
    [[new Map([['Production', 'TeV_low']])], ['FDC, Production eq string:TeV_low']],
    [
      [{ Production: 'x', datatype: 'RAW' }],
      ['DC, Production eq string:x, datatype eq string:RAW'],
    ],
    [[{ type: 'collection', Production: 'x' }], ['DC, Production eq string:x']],
  ])('reads %j as %j', (given, expected) => {
    expect(written(parseFilter(given))).toEqual(expected);
  });

  it('keeps a type that was meant in a search of own metadata', () => {
    expect(written(parseFilter([{ Production: 'x' }], 'dataset'))).toEqual([
      'D, Production eq string:x',
    ]);
  });

  it('reads plain arguments of old clients', () => {
    const query = { type: 'dataset', name: 'bulk*', long: 'True', 'events.gt': '5' };
    expect(written(parseFilterArguments(query))).toEqual(['D, name eq ~bulk%, events gt number:5']);
    expect(() => parseFilterArguments({ name: ['a', 'b'] })).toThrow(DuplicateCriteriaInDIDFilter);
  });

  it.each([
    [[{ 'a.b.c': 1 }], "'a.b.c'"],
    [[{ 'run_number.like': 1 }], "no operator 'like'"],
    [[{ '': 1 }], "''"],
    [[{ '.gt': 1 }], "'.gt'"],
    [[{ 'name.gte': 'ds*' }], 'name takes no wildcard'],
    [[{ 'name.gt': 'ds' }], 'name can be equal'],
    [[{ 'events.lt': null }], 'events takes a value'],
    [[{ project: ['a'] }], 'project takes a single'],
    [[{ project: new Map() }], 'project takes a single'],
    [[{ 'created_after.gte': '2026-07-24 00:00:00' }], 'created_after takes no operator'],
    [[{ project: 'a\0b' }], '"project" has characters'],
    [[{ '\ud800': 'a' }], 'has characters'],
    [['name'], 'each group'],
    ['name', 'each group'],
    [[['name', 'x']], 'each group'],
  ])('refuses %j and says %s', (given, problem) => {
    const parse = () => parseFilter(given);
    expect(parse).toThrow(DIDFilterSyntaxError);
    expect(parse).toThrow(problem);
  });

  it('refuses a criterion that is asked twice', () => {
    const twice = { created_after: '2026-07-24 00:00:00', 'created_at.gte': '2026-07-25 00:00:00' };
    expect(() => parseFilter([twice])).toThrow(DuplicateCriteriaInDIDFilter);
    expect(() => parseFilter([{ project: 'a', 'project.eq': 'b' }])).toThrow(
      DuplicateCriteriaInDIDFilter,
    );
  });

  it.each([[{}, 'heap'], [{ type: 'heap' }], [{ type: 1 }], [{ type: null }]])(
    'refuses the type of %j',
    (group, type = 'all') => {
      expect(() => parseFilter([group], type)).toThrow(UnsupportedOperation);
    },
  );
});

describe('compileFilter', () => {
  it('says whether own metadata is needed', () => {
    expect(usesOwnMetadata(parseFilter([{ name: 'x' }, { run_number: 1 }]))).toBe(false);
    expect(usesOwnMetadata(parseFilter([{ name: 'x' }, { Production: 1 }]))).toBe(true);
  });

  it.each([
    [{ run_number: 'abc' }, 'run_number takes a number'],
    [{ length: '1;2' }, 'length takes a number'],
    [{ 'created_at.gte': 'yesterday' }, 'created_at takes a date'],
    [{ created_at: '2026*' }, 'created_at takes no wildcard'],
    [{ hidden: 'perhaps' }, 'hidden takes True or False'],
    [{ 'hidden.gt': true }, 'hidden takes no order'],
    [{ guid: 'xyz' }, 'guid takes 32 hexadecimal digits'],
    [{ 'guid.gt': '0'.repeat(32) }, 'guid takes no order'],
    [{ adler32: 'xyz' }, 'adler32 takes 8 hexadecimal digits'],
    [{ availability: 'SOME' }, 'availability takes AVAILABLE, LOST, DELETED'],
    [{ 'own.gt': true }, 'own.gt takes a number'],
  ])('refuses %j and says %s', (group, problem) => {
    const compile = () => compileFilter(parseFilter([group]));
    expect(compile).toThrow(DIDFilterSyntaxError);
    expect(compile).toThrow(problem);
  });
});
