import { describe, expect, it } from '@jest/globals';
import { mayChangeSubscription } from '../../src/policy/index.js';
import { who } from './who.js';

const OWNER = 1;

describe('subscriptions of an account', () => {
  it.each([
    ['its own', who(OWNER), true],
    ['an admin', who(9, true), true],
    ['a stranger', who(2), false],
  ])('are changed by %s: %#', (_, caller, may) => {
    expect(mayChangeSubscription(caller, OWNER)).toBe(may);
  });
});
