import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CAUSE_WORDS } from '../../src/explain/index.js';
import { Cause } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { office } from './office.js';

let base: TestDatabase;
let a: Court;
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
});
afterAll(() => base.close());

/** What is said of two files that are stuck, and the paths of what can be done. */
const STORIES: readonly (readonly [cause: Cause, sentence: string, ...remedies: string[]])[] = [
  [Cause.NO_SOURCE, 'no copy that can be read', 'boost_rule'],
  [Cause.FILE_LOST, 'lost: every copy is bad or gone', 'dids'],
  [Cause.SOURCE_MISSING, 'not at A-DISK, though the catalogue says so', 'replicas', 'boost_rule'],
  [Cause.SOURCE_CHECKSUM, 'checksum mismatch at A-DISK', 'replicas', 'boost_rule'],
  [Cause.SOURCE_SIZE, 'wrong size at A-DISK', 'replicas', 'boost_rule'],
  [Cause.SOURCE_REFUSED, 'A-DISK refuses to be read', 'boost_rule'],
  [Cause.DEST_CHECKSUM, 'checksum mismatch on arrival at B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.DEST_SIZE, 'wrong size on arrival at B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.DEST_EXISTS, 'another file has the name at B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.DEST_FULL, 'no space left at B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.DEST_REFUSED, 'B-DISK refuses to be written', 'boost_rule', 'rse_expression'],
  [
    Cause.DEST_MISSING,
    'gone from B-DISK after it had been written',
    'boost_rule',
    'rse_expression',
  ],
  [Cause.NOT_WRITABLE, 'B-DISK takes no writes', 'availability_write', 'rse_expression'],
  [Cause.AUTH, 'refused credentials between A-DISK and B-DISK', 'boost_rule', 'rse_expression'],
  [
    Cause.TLS,
    'a certificate is not trusted between A-DISK and B-DISK',
    'boost_rule',
    'rse_expression',
  ],
  [Cause.CONNECTION, 'connection broken between A-DISK and B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.TIMEOUT, 'no answer in time between A-DISK and B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.STALLED, 'no byte for too long between A-DISK and B-DISK', 'boost_rule', 'rse_expression'],
  [Cause.CANCELLED, 'taken out of the queue by somebody', 'boost_rule'],
  [
    Cause.STORAGE_ERROR,
    'a fault of the storage at A-DISK or B-DISK',
    'boost_rule',
    'rse_expression',
  ],
];

describe('a rule whose transfers failed', () => {
  it.each(STORIES)('by %s says: %s', async (cause, words, ...expected) => {
    const at = office(a);
    const run = `run-${cause}`;
    await a.dataset(run);
    const names = [`${run}-1`, `${run}-2`];
    await a.data(run, names, 'A-DISK');
    // Of a rule that may go to either, so that it could be moved.
    const rule = await a.rule(run, { rseExpression: 'B-DISK' });
    await a.db.tx(async (tx) => {
      const { execute, sql } = await import('../../src/db/index.js');
      await execute(
        tx,
        sql`UPDATE rules SET rse_expression = 'B-DISK|C-DISK' WHERE id = ${rule.id}`,
      );
    });
    await at.fail('B-DISK', names, { cause, source: 'A-DISK' });
    const { groups } = await at.rule(rule);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.sentence).toMatch(new RegExp(`^2 files: ${words}(;|$)`));
    expect(groups[0]?.remedies.map(({ body }) => keyOf(body))).toEqual(expected);
    expect(groups[0]?.next).not.toBe('');
  });
});

/** What a remedy's body is about. */
const keyOf = (body: object | null): string => {
  const { options, replicas, ...rest } = (body ?? {}) as { options?: object; replicas?: object };
  if (replicas) return 'replicas';
  return Object.keys(options ?? rest)[0] ?? '';
};

describe('the words of causes', () => {
  it('are there for every cause, with what Sluice does and what a person can do', () => {
    const ends = { source: 'A-DISK', destination: 'B-DISK' };
    for (const cause of Object.values(Cause)) {
      const words = CAUSE_WORDS[cause];
      const said = [words.says(ends), words.does, words.can];
      expect(said.every((text) => /^\S.{5,}[^.\s]$/.test(text))).toBe(true);
    }
  });

  it('are different for every cause', () => {
    const ends = { source: 'A-DISK', destination: 'B-DISK' };
    const said = Object.values(Cause).map((cause) => CAUSE_WORDS[cause].says(ends));
    expect(new Set(said).size).toBe(said.length);
  });
});
