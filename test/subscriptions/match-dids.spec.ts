import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DescribedDid, matchDids, parseFilter } from '../../src/subscriptions/index.js';
import { DidType } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let base: TestDatabase;
beforeAll(async () => {
  base = await testDatabase();
});
afterAll(() => base.close());

interface Said {
  readonly name: string;
  readonly scope: string;
  readonly account: string;
  readonly type: DidType;
  readonly size: number | null;
  /** Undefined: there is no such key. */
  readonly detector: string | undefined;
}

const didOf = (said: Said, at: number): DescribedDid => {
  const { name, scope, detector } = said;
  const texts: Record<string, string | undefined> = { name, scope, detector };
  return {
    ...said,
    id: BigInt(at),
    avgFileSize: said.size,
    texts: (key) => [texts[key] ?? []].flat(),
  };
};

const word = fc.string({ unit: fc.constantFrom('a', 'b', '1'), minLength: 1, maxLength: 3 });
const pattern = fc.oneof(
  word,
  word.map((text) => `${text}$`),
  word.map((text) => `.*${text}`),
  fc.tuple(word, word).map(([one, other]) => `${one}|${other}`),
  fc.constant('[ab]+1?$'),
);
const said: fc.Arbitrary<Said> = fc.record({
  name: word,
  scope: word,
  account: fc.constantFrom('online', 'shore'),
  type: fc.constantFrom(...Object.values(DidType)),
  size: fc.option(fc.integer({ min: 0, max: 9 })),
  detector: fc.option(word, { nil: undefined }),
});
const wish = fc.record(
  {
    pattern,
    excluded_pattern: pattern,
    scope: fc.array(pattern, { maxLength: 3 }),
    detector: fc.oneof(pattern, fc.array(pattern, { maxLength: 3 })),
    account: fc.array(fc.constantFrom('online', 'shore'), { maxLength: 2 }),
    did_type: fc.array(fc.constantFrom('DATASET', 'CONTAINER', 'FILE'), { maxLength: 3 }),
    min_avg_file_size: fc.integer({ min: 0, max: 9 }),
    max_avg_file_size: fc.integer({ min: 0, max: 9 }),
    mood: fc.array(pattern, { maxLength: 1 }),
  },
  { requiredKeys: [] },
);

const TYPES: Readonly<Record<string, DidType>> = DidType;

/** Said once more, one DID and one key at a time, with another engine. */
function wanted(filter: Readonly<Record<string, unknown>>, did: Said): boolean {
  const fits = (patterns: unknown, text: string | undefined) =>
    text !== undefined &&
    [patterns].flat().some((one) => new RegExp(`^(?:${String(one)})`).test(text));
  const types = (filter['did_type'] as string[] | undefined) ?? ['DATASET', 'CONTAINER'];
  if (!types.some((name) => TYPES[name] === did.type)) return false;
  return Object.entries(filter).every(([key, value]) => {
    if (key === 'pattern') return fits(value, did.name);
    if (key === 'excluded_pattern') return !fits(value, did.name);
    if (key === 'account') return (value as string[]).includes(did.account);
    if (key === 'min_avg_file_size') return did.size === null || did.size >= (value as number);
    if (key === 'max_avg_file_size') return did.size === null || did.size <= (value as number);
    if (key === 'did_type') return true;
    return fits(value, { scope: did.scope, detector: did.detector }[key]);
  });
}

describe('matching', () => {
  it('in sets is the same as one by one', async () => {
    const lake = fc.array(said, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(wish, { minLength: 1, maxLength: 5 }),
        lake,
        async (wishes, dids) => {
          const matched = await base.db.read((tx) =>
            matchDids(tx, wishes.map(parseFilter), dids.map(didOf)),
          );
          expect(matched.map((found) => found.map(({ id }) => Number(id)))).toEqual(
            wishes.map((filter) =>
              [...dids.keys()].filter((at) => wanted(filter, dids[at] as Said)),
            ),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
