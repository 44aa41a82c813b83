import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { donorOf, type Load, roomOf, surplusOf } from '../../src/jobs/balance.js';

const load = (rseId: number, used: number, more: Partial<Load> = {}): Load => ({
  rseId,
  name: `RSE-${rseId}`,
  size: 1000n,
  used: BigInt(used),
  planned: 0n,
  gives: true,
  takes: true,
  ...more,
});
const marks = { thresholdPercent: 90, targetPercent: 80 };

describe('how full RSEs are', () => {
  it.each([
    [load(1, 900), 0n, 0n],
    [load(1, 950), 150n, 0n],
    [load(1, 950, { planned: -100n }), 50n, 0n],
    [load(1, 950, { gives: false }), 0n, 0n],
    [load(1, 300), 0n, 500n],
    [load(1, 300, { planned: 450n }), 0n, 50n],
    [load(1, 300, { takes: false }), 0n, 0n],
  ])('%# says what has to go and what may come', (one, surplus, room) => {
    expect(surplusOf(one, marks)).toBe(surplus);
    expect(roomOf(one, marks)).toBe(room);
  });

  it('never has both room and a surplus', () => {
    const loads = fc.record({
      used: fc.nat(2000),
      planned: fc.integer({ min: -500, max: 500 }),
    });
    fc.assert(
      fc.property(loads, ({ used, planned }) => {
        const one = load(1, used, { planned: BigInt(planned) });
        return surplusOf(one, marks) === 0n || roomOf(one, marks) === 0n;
      }),
    );
  });

  it('are asked one after the other', () => {
    const loads = [load(3, 950), load(1, 100), load(2, 999)];
    expect(donorOf(loads, marks, null)?.rseId).toBe(2);
    expect(donorOf(loads, marks, { rse: 2 })?.rseId).toBe(2);
    expect(donorOf(loads, marks, { rse: 2, at: 1 })?.rseId).toBe(3);
    expect(donorOf(loads, marks, { rse: 3, at: 1 })).toBeUndefined();
  });
});
