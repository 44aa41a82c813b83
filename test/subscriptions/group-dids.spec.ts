import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Group,
  groupDids,
  type Member,
  type WaitingGroup,
} from '../../src/subscriptions/index.js';

const member = (id: number, more: Partial<Member> = {}): Member => ({
  id: BigInt(id),
  files: 1n,
  bytes: 100n,
  key: '',
  ...more,
});
const by = { files: null, bytes: null, key: null };
const texts = (groups: readonly Group[]) =>
  groups.map(({ key, members, isFull }) => `${key}[${members.join()}]${isFull ? ' full' : ''}`);

describe('DIDs', () => {
  it('fill groups in their order', () => {
    const members = [1, 2, 3, 4, 5].map((id) => member(id));
    expect(texts(groupDids(members, [], { ...by, files: 2 }))).toEqual([
      '[1,2] full',
      '[3,4] full',
      '[5]',
    ]);
    expect(texts(groupDids(members, [], { ...by, bytes: 250 }))).toEqual([
      '[1,2] full',
      '[3,4] full',
      '[5]',
    ]);
  });

  it('come into the group that waits, which may be too full for them', () => {
    const waiting: WaitingGroup[] = [{ taskId: 7n, key: '', dids: 1, files: 1n, bytes: 200n }];
    const groups = groupDids([member(1)], waiting, { ...by, files: 2 });
    expect(groups).toEqual([
      { taskId: 7n, key: '', dids: 2, files: 2n, bytes: 300n, members: [1n], isFull: true },
    ]);
    expect(texts(groupDids([member(1)], waiting, { ...by, bytes: 250 }))).toEqual([
      '[] full',
      '[1]',
    ]);
  });

  it('of different keys are kept apart, and one that is too large is alone', () => {
    const members = [
      member(1, { key: 'a' }),
      member(2, { key: 'b' }),
      member(3, { key: 'a', bytes: 900n }),
    ];
    expect(texts(groupDids(members, [], { ...by, bytes: 500, key: 'run' }))).toEqual([
      'a[1] full',
      'a[3] full',
      'b[2]',
    ]);
  });

  it('of a key alone wait until somebody says that it is enough', () => {
    const members = [1, 2, 3].map((id) => member(id, { key: 'r1' }));
    expect(texts(groupDids(members, [], { ...by, key: 'run' }))).toEqual(['r1[1,2,3]']);
  });
});

it('every DID comes into one group, of its key, and none has more than it may', () => {
  const members = fc.array(
    fc.record({
      files: fc.bigInt(1n, 5n),
      bytes: fc.bigInt(0n, 300n),
      key: fc.constantFrom('', 'a', 'b'),
    }),
    { maxLength: 40 },
  );
  const limit = (max: number) => fc.option(fc.integer({ min: 1, max }));
  const groupBy = fc.record({ files: limit(8), bytes: limit(500), key: fc.constant('run') });
  fc.assert(
    fc.property(members, groupBy, fc.nat(39), (drawn, limits, cut) => {
      const all = drawn.map((part, at): Member => ({ ...part, id: BigInt(at) }));
      // In two pages, as daemons see them: what waits after the first is there for the second.
      const first = groupDids(all.slice(0, cut), [], limits);
      const waiting = first
        .filter(({ isFull }) => !isFull)
        .map((g, at) => ({ ...g, taskId: BigInt(at) }));
      const second = groupDids(all.slice(cut), waiting, limits);
      const groups = [...first, ...second];
      const keys = new Map(all.map(({ id, key }) => [id, key]));
      expect(groups.flatMap((group) => group.members).sort()).toEqual(
        all.map(({ id }) => id).sort(),
      );
      for (const { key, members: ids, dids, files, bytes } of groups) {
        expect(ids.every((id) => keys.get(id) === key)).toBe(true);
        if (dids === 1) continue;
        if (limits.files !== null) expect(files).toBeLessThanOrEqual(BigInt(limits.files));
        if (limits.bytes !== null) expect(bytes).toBeLessThanOrEqual(BigInt(limits.bytes));
      }
      const open = second.filter(({ isFull }) => !isFull).map(({ key }) => key);
      expect(new Set(open).size).toBe(open.length);
    }),
  );
});
