import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rendezvousScore } from '../../src/rules/rendezvous.js';
import { bindConstraints, type SitePlace } from '../../src/rules/site-constraints.js';
import { type Choice, chooseCopies } from '../../src/rules/solve-placement.js';
import { asked, place } from './asked-placement.js';

const choose = (sites: readonly SitePlace[], ...[copies, ...rest]: Parameters<typeof asked>) =>
  chooseCopies(
    sites.map(({ rseId }) => rseId),
    bindConstraints(asked(copies, ...rest), sites),
  );

describe('a placement with constraints', () => {
  it('has as many copies of each part as that asks for', () => {
    const sites = [place(1, [0]), place(2, [0]), place(3, [0]), place(4, [1])];
    expect(choose(sites, [2, 1])).toEqual({ chosen: [1, 2, 4], parts: [0, 0, 1] });
  });

  it('gives an RSE that two parts name to the part that needs it', () => {
    const sites = [place(1, [0, 1]), place(2, [0])];
    expect(choose(sites, [1, 1])).toEqual({ chosen: [1, 2], parts: [1, 0] });
  });

  it('has no value of an attribute twice, whichever RSE is best', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], 'EU'), place(3, [0], 'NA')];
    expect(choose(sites, [2], ['continent'])).toMatchObject({ chosen: [1, 3] });
  });

  it('passes over the best RSE where the others would have no place beside it', () => {
    const sites = [place(1, [0], 'EU'), place(2, [0], 'NA'), place(3, [1], 'EU')];
    expect(choose(sites, [1, 1], ['continent'])).toMatchObject({ chosen: [2, 3] });
  });

  it('keeps two attributes apart at once', () => {
    const sites = [
      place(1, [0], 'EU', 'KM3'),
      place(2, [0], 'NA', 'KM3'),
      place(3, [0], 'EU', 'CTA'),
      place(4, [0], 'NA', 'VIR'),
    ];
    expect(choose(sites, [2], ['continent', 'site'])).toMatchObject({ chosen: [1, 4] });
  });

  it('is even over the values within maxSkew, those without a copy counted', () => {
    const sites = [
      place(1, [0], 'EU'),
      place(2, [0], 'EU'),
      place(3, [0], 'EU'),
      place(4, [0], 'NA'),
    ];
    expect(choose(sites, [3], ['continent'], 1)).toMatchObject({ chosen: [1, 2, 4] });
    expect(choose(sites.slice(0, 3), [3], ['continent'], 1)).toMatchObject({ chosen: [1, 2, 3] });
    expect(choose(sites, [4], ['continent'], 1)).toBe('infeasible');
  });

  it('passes over RSEs without the attribute', () => {
    const sites = [place(1, [0], null), place(2, [0], 'EU')];
    expect(choose(sites, [1], ['continent'])).toMatchObject({ chosen: [2] });
    expect(choose(sites, [2], ['continent'])).toBe('infeasible');
  });

  it('is found or refused at once among a thousand RSEs', () => {
    const sites = Array.from({ length: 1000 }, (_, n) =>
      place(n, [n % 3], `c${n % 12}`, `s${n % 40}`),
    );
    const twelve = choose(sites, [4, 4, 4], ['continent', 'site']);
    expect(new Set((twelve as Choice).chosen.map((n) => n % 12)).size).toBe(12);
    expect(choose(sites, [5, 4, 4], ['continent', 'site'])).toBe('infeasible');
  });

  it('is given up where the search would take for ever', () => {
    const score = ({ rseId }: SitePlace) =>
      rendezvousScore(5n, { seed: BigInt(rseId + 1) * 7919n, weight: 1 });
    const sites = Array.from({ length: 1000 }, (_, n) => place(n, [0], `x${n % 6}`, `y${n % 60}`));
    sites.sort((one, other) => score(one) - score(other));
    expect(choose(sites, [100], ['x', 'y'], 3)).toBe('undecided');
  });
});

interface Instance {
  readonly copies: readonly number[];
  readonly attributes: number;
  readonly maxSkew: number | null;
  readonly sites: readonly SitePlace[];
}

const anyInstance: fc.Arbitrary<Instance> = fc
  .record({
    copies: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    attributes: fc.integer({ min: 0, max: 3 }),
    maxSkew: fc.constantFrom(null, null, 0, 1, 2),
    size: fc.integer({ min: 1, max: 8 }),
  })
  .filter(({ copies }) => copies.reduce((a, b) => a + b, 0) <= 5)
  .chain(({ copies, attributes, maxSkew, size }) => {
    const values = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', null), {
      minLength: attributes,
      maxLength: attributes,
    });
    const site = fc.record({
      parts: fc.subarray(copies.map((_, at) => at)),
      values,
      writable: fc.constant(true),
    });
    return fc.array(site, { minLength: size, maxLength: size }).map((sites) => ({
      copies,
      attributes,
      maxSkew: attributes > 0 ? maxSkew : null,
      sites: sites.map((it, n) => ({ ...it, rseId: n + 1, name: `RSE-${n + 1}` })),
    }));
  });

/** Every set of so many, the lexicographically first first. */
function* subsets<T>(of: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) yield [];
  for (let at = from; size > 0 && at <= of.length - size; at++) {
    for (const rest of subsets(of, size - 1, at + 1)) yield [of[at] as T, ...rest];
  }
}

/** By trying everything: whether the places can be shared out to the parts. */
function sharesOut(places: readonly SitePlace[], left: readonly number[]): boolean {
  const [first, ...rest] = places;
  if (!first) return left.every((count) => count === 0);
  return first.parts.some(
    (part) =>
      (left[part] ?? 0) > 0 &&
      sharesOut(
        rest,
        left.map((count, at) => (at === part ? count - 1 : count)),
      ),
  );
}

function isValid(chosen: readonly SitePlace[], { copies, attributes, maxSkew, sites }: Instance) {
  if (chosen.some(({ values }) => values.includes(null))) return false;
  const usable = sites.filter(({ parts, values }) => parts.length > 0 && !values.includes(null));
  for (let attribute = 0; attribute < attributes; attribute++) {
    const count = (value: unknown) => chosen.filter((it) => it.values[attribute] === value).length;
    const counts = [...new Set(usable.map((it) => it.values[attribute]))].map(count);
    const [most, least] = [Math.max(...counts), Math.min(...counts)];
    if (maxSkew === null ? most > 1 : most - least > maxSkew) return false;
  }
  return sharesOut(chosen, copies);
}

const bruteForce = (instance: Instance): number[] | undefined => {
  const size = instance.copies.reduce((a, b) => a + b, 0);
  for (const chosen of subsets(instance.sites, size)) {
    if (isValid(chosen, instance)) return chosen.map(({ rseId }) => rseId);
  }
  return undefined;
};

describe('whatever the RSEs', () => {
  const solve = ({ copies, attributes, maxSkew, sites }: Instance) =>
    choose(
      sites,
      copies,
      Array.from({ length: attributes }, (_, n) => `attribute${n}`),
      maxSkew,
    );

  it('the constraints hold whenever they can be met, by the best RSEs that meet them', () => {
    let met = 0;
    fc.assert(
      fc.property(anyInstance, (instance) => {
        const best = bruteForce(instance);
        const found = solve(instance);
        if (best === undefined) return expect(found).toBe('infeasible');
        met += 1;
        expect((found as Choice).chosen).toEqual(best);
        const perPart = instance.copies.map(
          (_, at) => (found as Choice).parts.filter((part) => part === at).length,
        );
        expect(perPart).toEqual(instance.copies);
      }),
      { numRuns: 5000, seed: 20261121 },
    );
    expect(met).toBeGreaterThan(500);
  });

  it('one that was not chosen can go without changing anything, unless maxSkew counts its value', () => {
    fc.assert(
      fc.property(anyInstance, fc.nat(7), (instance, at) => {
        const found = solve({ ...instance, maxSkew: null });
        const gone = instance.sites[at % instance.sites.length];
        if (typeof found === 'string' || found.chosen.includes(gone?.rseId ?? -1)) return;
        const sites = instance.sites.filter((it) => it !== gone);
        expect(solve({ ...instance, maxSkew: null, sites })).toMatchObject({
          chosen: found.chosen,
        });
      }),
    );
  });
});
