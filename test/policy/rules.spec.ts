import { describe, expect, it } from '@jest/globals';
import { mayAddRule, mayApproveRule, mayChangeRule, mayGiveRule } from '../../src/policy/index.js';
import { who } from './who.js';

const OWNER = 1;

describe('rules', () => {
  it.each([
    [
      'their owner',
      who(OWNER),
      { add: true, lock: false, change: true, give: false, approve: false },
    ],
    ['an admin', who(9, true), { add: true, lock: true, change: true, give: true, approve: true }],
    ['a stranger', who(2), { add: false, lock: false, change: false, give: false, approve: false }],
  ])('of an account, by %s', (_, caller, may) => {
    expect({
      add: mayAddRule(caller, OWNER, false),
      lock: mayAddRule(caller, OWNER, true),
      change: mayChangeRule(caller, OWNER),
      give: mayGiveRule(caller),
      approve: mayApproveRule(caller),
    }).toEqual(may);
  });
});
