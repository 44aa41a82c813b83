import fc from 'fast-check';

/** One storage element of a lake that is made up. */
export interface RsePlan {
  readonly tier: 1 | 2;
  readonly region: 'a' | 'b';
  /** Deletes what it may at once. */
  readonly greedy: boolean;
  /** Seconds; a registration there is a cached copy. Null: no such attribute. */
  readonly tombstoneDelay: number | null;
}

/** A small lake, and the bounds the judge works within there. */
export interface LakePlan {
  readonly rses: readonly RsePlan[];
  /** Bytes that the second account may put at each RSE; null is unlimited. */
  readonly quota: number | null;
  /** Locks in one transaction: so few that rules come in slices. */
  readonly sliceLocks: number;
  readonly synchronousLocksMax: number;
}

const rse: fc.Arbitrary<RsePlan> = fc.record(
  {
    tier: fc.constantFrom(1 as const, 2 as const),
    region: fc.constantFrom('a' as const, 'b' as const),
    greedy: fc.boolean(),
    tombstoneDelay: fc.constantFrom(null, null, null, 7200),
  },
  { noNullPrototype: true },
);

export const lakePlans: fc.Arbitrary<LakePlan> = fc.record(
  {
    rses: fc.array(rse, { minLength: 2, maxLength: 5 }),
    quota: fc.constantFrom(null, null, 60, 400),
    sliceLocks: fc.constantFrom(2, 3, 7, 10_000),
    synchronousLocksMax: fc.constantFrom(1, 6, 10_000),
  },
  { noNullPrototype: true },
);

/** The name of the RSE with this number. */
export const rseName = (at: number): string => `RSE${at}`;

/** Expressions over a lake of so many RSEs. Some of them name none. */
export const expressionsOf = (rses: number): readonly string[] => {
  const names = Array.from({ length: rses }, (_, at) => rseName(at));
  const pairs = names.map((name, at) => `${name}|${names[(at + 1) % rses]}`);
  return [
    '*',
    'tier=1',
    'tier=2',
    'region=a',
    'tier=1&region=b',
    `*\\${names[0]}`,
    ...names,
    ...pairs,
  ];
};
