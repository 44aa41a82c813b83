import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Candidate, placeCopies } from '../../src/rules/index.js';
import { demandCopies } from '../../src/rules/copy-placement.js';

const candidate = (rseId: number, over: Partial<Candidate> = {}): Candidate => ({
  rseId,
  name: `RSE-${rseId}`,
  seed: BigInt(rseId) * 7_919n,
  weight: 1,
  heldBytes: 0n,
  inDeletion: false,
  quotaLeft: null,
  spaceLeft: null,
  ...over,
});
const three = [candidate(1), candidate(2), candidate(3)];

describe('copies of a unit', () => {
  it.each([
    ['where most bytes are', [candidate(1), candidate(2, { heldBytes: 5n })], [2]],
    ['not where they are being deleted', [candidate(1, { inDeletion: true }), candidate(2)], [2]],
    ['not where the account has no room', [candidate(1, { quotaLeft: 10n }), candidate(2)], [2]],
    ['not where the RSE has no room', [candidate(1, { spaceLeft: 10n }), candidate(2)], [2]],
    ['not without the weight', [candidate(1, { weight: null }), candidate(2)], [2]],
    [
      'where they are, however full the RSE is',
      [candidate(1, { heldBytes: 10n, spaceLeft: 0n }), candidate(2)],
      [1],
    ],
  ])('go %s', (_, candidates, chosen) => {
    expect(placeCopies({ id: 1n, copies: 1, bytes: 10n }, candidates).chosen).toEqual(chosen);
  });

  it('stay where the rule has them, whatever others hold', () => {
    const candidates = [candidate(1), candidate(2, { heldBytes: 9n }), candidate(3)];
    expect(placeCopies({ id: 1n, copies: 2, bytes: 10n, keep: [3] }, candidates).chosen).toEqual([
      3, 2,
    ]);
  });

  it('tell why each other RSE was not chosen', () => {
    const candidates = [
      candidate(1, { heldBytes: 1n }),
      candidate(2, { weight: null }),
      candidate(3, { quotaLeft: 0n }),
      candidate(4, { spaceLeft: 0n }),
      candidate(5),
    ];
    expect(placeCopies({ id: 1n, copies: 1, bytes: 10n }, candidates).rejected).toEqual([
      { rseId: 2, reason: 'no weight' },
      { rseId: 3, reason: 'account limit' },
      { rseId: 4, reason: 'RSE limit' },
      { rseId: 5, reason: 'surplus' },
    ]);
  });

  it.each([
    ['InsufficientTargetRSEs', three.slice(0, 1)],
    ['InsufficientTargetRSEs', [candidate(1), candidate(2, { weight: null })]],
    ['InsufficientAccountLimit', [candidate(1), candidate(2, { quotaLeft: 10n })]],
    ['RSEOverQuota', [candidate(1), candidate(2, { spaceLeft: 10n })]],
  ])('fall short with %s', (name, candidates) => {
    const demand = () => demandCopies({ id: 1n, copies: 2, bytes: 10n }, candidates);
    expect(demand).toThrow(expect.objectContaining({ name }));
  });
});

const anyCandidates = fc.uniqueArray(
  fc.record({
    rseId: fc.integer({ min: 1, max: 50 }),
    weight: fc.oneof(fc.constant(null), fc.double({ min: 0.1, max: 100, noNaN: true })),
    heldBytes: fc.bigInt({ min: 0n, max: 1000n }),
    inDeletion: fc.boolean(),
    quotaLeft: fc.oneof(fc.constant(null), fc.bigInt({ min: -10n, max: 2000n })),
    spaceLeft: fc.oneof(fc.constant(null), fc.bigInt({ min: -10n, max: 2000n })),
  }),
  { selector: ({ rseId }) => rseId, maxLength: 20 },
);
const anyUnit = fc.record({
  id: fc.bigInt({ min: 1n, max: 1n << 62n }),
  copies: fc.integer({ min: 1, max: 5 }),
  bytes: fc.bigInt({ min: 0n, max: 1000n }),
});

describe('whatever the candidates', () => {
  const build = (rows: { rseId: number }[]) => rows.map((row) => candidate(row.rseId, row));

  it('each one is chosen or has a reason, and no more are chosen than asked for', () => {
    fc.assert(
      fc.property(anyUnit, anyCandidates, (unit, rows) => {
        const { chosen, rejected } = placeCopies(unit, build(rows));
        const all = [...chosen, ...rejected.map(({ rseId }) => rseId)];
        expect(all.toSorted()).toEqual(rows.map(({ rseId }) => rseId).toSorted());
        expect(chosen.length).toBeLessThanOrEqual(unit.copies);
        const surplus = rejected.some(({ reason }) => reason === 'surplus');
        expect(surplus && chosen.length < unit.copies).toBe(false);
      }),
    );
  });

  it('no limit is passed', () => {
    fc.assert(
      fc.property(anyUnit, anyCandidates, (unit, rows) => {
        for (const rseId of placeCopies(unit, build(rows)).chosen) {
          const row = rows.find((it) => it.rseId === rseId);
          expect(row?.weight).not.toBeNull();
          expect(row?.quotaLeft === null || (row?.quotaLeft ?? 0n) > unit.bytes).toBe(true);
        }
      }),
    );
  });

  it('their order does not matter, and asking again gives the same', () => {
    fc.assert(
      fc.property(anyUnit, anyCandidates, (unit, rows) => {
        const chosen = placeCopies(unit, build(rows)).chosen;
        expect(placeCopies(unit, build(rows.toReversed())).chosen).toEqual(chosen);
      }),
    );
  });

  it('one that was not chosen can go without changing anything', () => {
    fc.assert(
      fc.property(anyUnit, anyCandidates, (unit, rows) => {
        const { chosen } = placeCopies(unit, build(rows));
        const gone = rows.find(({ rseId }) => !chosen.includes(rseId));
        const left = rows.filter((row) => row !== gone);
        expect(placeCopies(unit, build(left)).chosen).toEqual(chosen);
      }),
    );
  });
});

describe('many units', () => {
  it('spread in proportion to the weights', () => {
    const weighted = [1, 1, 2, 6].map((weight, n) => candidate(n + 1, { weight }));
    const counts = new Map<number, number>();
    for (let id = 1n; id <= 10_000n; id++) {
      const [rseId = 0] = placeCopies({ id, copies: 1, bytes: 1n }, weighted).chosen;
      counts.set(rseId, (counts.get(rseId) ?? 0) + 1);
    }
    const shares = [1, 2, 3, 4].map((rseId) => (counts.get(rseId) ?? 0) / 10_000);
    [0.1, 0.1, 0.2, 0.6].forEach((share, n) => expect(shares[n]).toBeCloseTo(share, 1));
  });
});
