import { describe, expect, it } from '@jest/globals';
import { DidNamePatterns, Limits, scopeOfLfn } from '../../src/vocabulary/index.js';

const LONG = `/${'d'.repeat(249)}`;

describe('the naming schemes', () => {
  it.each([
    ['run1.root', true, true],
    ['/vo/raw/run1/f1', true, true],
    ['/vo/raw//run1/', true, true],
    [LONG, true, true],
    [`${LONG}${LONG}`, false, true],
    [`${LONG}${LONG}d`, false, false],
    ['/vo/prod/gamma_zd=20+az=180/f@1,2~', false, true],
    ['gamma=20', false, false],
    ['x'.repeat(251), false, false],
    ['/vo/a b', false, false],
    ['/vo/a:b', false, false],
    ['/vo/a%2Fb', false, false],
    ['/vo/../b', false, false],
    ['/vo/+/..', false, false],
    ['', false, false],
  ])("'%s': generic %s, dirac %s", (name, generic, dirac) => {
    expect(DidNamePatterns.generic.test(name)).toBe(generic);
    expect(DidNamePatterns.dirac.test(name)).toBe(dirac);
  });

  it('have no name that is longer than reading allows', () => {
    expect(LONG.length * 2).toBe(Limits.didNameLength);
  });
});

describe('a logical file name of DIRAC', () => {
  it.each([
    ['/km3net', 'km3net'],
    ['/km3net/', 'km3net'],
    ['/km3net/user', 'user'],
    ['/km3net/user/a/alice/f1', 'user'],
  ])('%s is in the scope %s', (lfn, scope) => {
    expect(scopeOfLfn(lfn)).toBe(scope);
  });
});
