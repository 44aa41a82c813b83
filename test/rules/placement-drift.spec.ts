import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { driftOf } from '../../src/rules/placement-drift.js';
import { bindConstraints, type SitePlace } from '../../src/rules/site-constraints.js';
import { chooseCopies, isConsistent } from '../../src/rules/solve-placement.js';
import { asked, place } from './asked-placement.js';

const drift = (
  sites: readonly SitePlace[],
  set: { rses: number[]; doubted?: boolean },
  ...[copies, ...rest]: Parameters<typeof asked>
) =>
  Object.fromEntries(
    driftOf({ doubted: true, ...set }, bindConstraints(asked(copies, ...rest), sites)),
  );

describe('copies have drifted', () => {
  it('from an RSE that no part names', () => {
    expect(drift([place(1, [0])], { rses: [1, 2] }, [2])).toEqual({ 2: null });
  });

  it('from one that is of another part now', () => {
    const sites = [place(1, [0]), place(2, [1]), place(3, [1]), place(4, [0])];
    expect(drift(sites, { rses: [1, 3, 2] }, [2, 1])).toEqual({
      2: { kind: 'part', of: ['part=1'], lacking: ['part=0'] },
    });
  });

  it('from one that has lost the attribute, or the weight', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], null), place(3, [], 'NA')];
    expect(drift(sites, { rses: [1, 2, 3] }, [3], ['continent'])).toEqual({
      2: { kind: 'attribute', attribute: 'continent', value: null, beside: [] },
      3: { kind: 'weight' },
    });
  });

  it('from the one that came to share a value, which is the last of the set', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], 'EU'), place(3, [0], 'NA')];
    expect(drift(sites, { rses: [1, 2] }, [2], ['continent'])).toEqual({
      2: { kind: 'attribute', attribute: 'continent', value: 'EU', beside: [1] },
    });
    expect(Object.keys(drift(sites, { rses: [2, 1] }, [2], ['continent']))).toEqual(['1']);
  });

  it('where nothing else could be had, too', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], 'EU')];
    expect(Object.keys(drift(sites, { rses: [1, 2] }, [2], ['continent']))).toEqual(['2']);
  });

  it('where they are not even any more, values without a copy counted', () => {
    const sites = [
      place(1, [0], 'EU'),
      place(2, [0], 'EU'),
      place(3, [0], 'EU'),
      place(4, [0], 'NA'),
    ];
    expect(drift(sites, { rses: [1, 2, 3] }, [3], ['continent'], 1)).toEqual({
      3: {
        kind: 'skew',
        attribute: 'continent',
        value: 'EU',
        maxSkew: 1,
        counts: { EU: 3, NA: 0 },
      },
    });
  });

  it('by no value that has come since, as long as nothing has changed about themselves', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], 'EU'), place(3, [0], 'NA')];
    const even = { rses: [1, 2], doubted: false };
    expect(drift(sites, even, [2], ['continent'], 1)).toEqual({});
  });

  it('by what keeps most of them: one goes where two could', () => {
    // Beside 1 there is no place for the second part: it goes, though it is first.
    const sites = [
      place(1, [0, 1], 'EU'),
      place(2, [1], 'EU'),
      place(3, [1], 'NA'),
      place(4, [0], 'AS'),
    ];
    expect(Object.keys(drift(sites, { rses: [1, 2] }, [1, 1], ['continent']))).toEqual(['2']);
  });

  it('by nothing of the others where several datasets of a container have the file', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], 'EU'), place(3, [0], null)];
    expect(Object.keys(drift(sites, { rses: [1, 2, 3] }, [1], ['continent']))).toEqual(['3']);
  });
});

describe('whatever changes', () => {
  const value = fc.constantFrom('EU', 'NA', 'AS', null);
  const sites = fc
    .array(fc.tuple(fc.subarray([0, 1]), value, value), { minLength: 2, maxLength: 8 })
    .map((all) => all.map(([parts, a, b], n) => place(n, parts, a, b)));
  const wish = fc.tuple(
    fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 2, maxLength: 2 }),
    fc.subarray(['continent', 'site']),
    fc.constantFrom(null, 1, 2),
  );

  it('a fresh placement has not drifted', () => {
    fc.assert(
      fc.property(sites, wish, fc.boolean(), (all, [copies, distinct, maxSkew], doubted) => {
        const rules = bindConstraints(asked(copies, distinct, maxSkew), all);
        const choice = chooseCopies(
          all.map(({ rseId }) => rseId),
          rules,
        );
        if (typeof choice === 'string') return;
        expect([...driftOf({ rses: choice.chosen, doubted }, rules)]).toEqual([]);
      }),
    );
  });

  it('those that stay contradict each other in nothing, and go on with others where there is a way', () => {
    fc.assert(
      fc.property(
        sites,
        wish,
        fc.uniqueArray(fc.nat({ max: 9 }), { minLength: 1, maxLength: 4 }),
        (all, [copies, distinct, maxSkew], rses) => {
          const rules = bindConstraints(asked(copies, distinct, maxSkew), all);
          const gone = driftOf({ rses, doubted: true }, rules);
          const kept = rses.filter((rseId) => !gone.has(rseId));
          const places = kept.flatMap((rseId) => rules.places.get(rseId) ?? []);
          expect(places).toHaveLength(kept.length);
          if (kept.length > rules.copies) return;
          expect(isConsistent(places, rules)).toBe(true);
          const apart = [...gone.values()].some(
            (why) => why && why.kind !== 'weight' && !('value' in why && why.value === null),
          );
          if (!apart) return;
          const others = all.map(({ rseId }) => rseId).filter((rseId) => !kept.includes(rseId));
          const way = chooseCopies([...kept, ...others], rules);
          if (typeof way !== 'string') expect(way.chosen).toEqual(expect.arrayContaining(kept));
        },
      ),
    );
  });
});
