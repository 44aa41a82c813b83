import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decideRepair,
  DEFAULT_POLICY,
  ON_STUCK,
  type OnStuck,
  type RepairPolicy,
} from '../../src/rules/index.js';

const DAY = 86_400;
const limits = { suspendAfterSeconds: 14 * DAY, moveAfterAttempts: 2 };
const policy = (onStuck: OnStuck, bounds: Partial<RepairPolicy> = {}): RepairPolicy => ({
  ...DEFAULT_POLICY,
  onStuck,
  ...bounds,
});
const at = (attempts: number, days: number) => ({ attempts, stuckSeconds: days * DAY });

describe('what is done about a stuck rule', () => {
  it.each([
    ['without a policy is tried for two weeks', null, at(50, 13), {}],
    ['without a policy is then suspended', null, at(0, 14), { suspend: true }],
    [
      'is suspended after so many repairs',
      policy('suspend', { attempts: 3 }),
      at(3, 0),
      { suspend: true },
    ],
    ['is not suspended before', policy('suspend', { attempts: 3 }), at(2, 20), {}],
    [
      'is suspended after so long',
      policy('suspend', { afterSeconds: DAY }),
      at(0, 1),
      { suspend: true },
    ],
    [
      'is suspended by whichever comes first',
      policy('suspend', { attempts: 9, afterSeconds: DAY }),
      at(9, 0),
      { suspend: true },
    ],
    ['is tried without end', policy('retry'), at(1000, 400), {}],
    ['is told at once', policy('alert'), at(0, 0), { alert: true }],
    ['is told after so many repairs', policy('alert', { attempts: 2 }), at(1, 1), {}],
    ['is told and goes on', policy('alert', { attempts: 2 }), at(2, 1), { alert: true }],
    [
      'is told and suspended in the end',
      policy('alert'),
      at(2, 14),
      { alert: true, suspend: true },
    ],
    ['moves at once', policy('elsewhere'), at(0, 0), { moveAtOnce: true, moveAfterAttempts: 1 }],
    [
      'moves after so many failures',
      policy('elsewhere', { attempts: 4 }),
      at(0, 0),
      { moveAtOnce: true, moveAfterAttempts: 4 },
    ],
    ['moves as usual before its time', policy('elsewhere', { afterSeconds: DAY }), at(9, 0.5), {}],
  ] as const)('%s', (_says, given, rule, expected) => {
    const none = { suspend: false, alert: false, moveAtOnce: false, moveAfterAttempts: 2 };
    expect(decideRepair(given, rule, limits)).toEqual({ ...none, ...expected });
  });

  it('never goes back as a rule is stuck for longer and repaired more often', () => {
    const bound = fc.option(fc.integer({ min: 1, max: 100 }));
    const anyPolicy = fc.option(
      fc.record({
        onStuck: fc.constantFrom(...ON_STUCK),
        attempts: bound,
        afterSeconds: bound,
        drift: fc.constant('keep' as const),
      }),
    );
    const anyRule = fc.record({ attempts: fc.nat(200), stuckSeconds: fc.nat(200) });
    const near = { suspendAfterSeconds: 100, moveAfterAttempts: 2 };
    fc.assert(
      fc.property(anyPolicy, anyRule, fc.nat(50), fc.nat(50), (given, rule, tries, seconds) => {
        const now = decideRepair(given, rule, near);
        const later = {
          attempts: rule.attempts + tries,
          stuckSeconds: rule.stuckSeconds + seconds,
        };
        const then = decideRepair(given, later, near);
        for (const key of ['suspend', 'alert', 'moveAtOnce'] as const) {
          if (now[key]) expect(then[key]).toBe(true);
        }
      }),
    );
  });
});
