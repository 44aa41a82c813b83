import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  deleteTransferLimit,
  type LimitKey,
  type LimitTerms,
  upsertTransferLimit,
} from '../../../src/requests/index.js';
import { TransferDirection } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Harbour, harbour } from '../../support/harbour.js';

let base: TestDatabase;
let a: Harbour;
beforeEach(async () => {
  base = await testDatabase();
  a = await harbour(base.db);
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const { SOURCE, DESTINATION } = TransferDirection;
const UNSAID = { volume: null, deadline: null, strategy: null, transfers: null, waitings: null };

const to = (rseExpression: string, activity: number | null = null): LimitKey => ({
  rseExpression,
  activity,
  direction: DESTINATION,
});
const from = (rseExpression: string): LimitKey => ({
  ...to(rseExpression),
  direction: SOURCE,
});
const limit = (key: LimitKey, maxTransfers: number) => {
  const terms: LimitTerms = { ...UNSAID, maxTransfers };
  return base.db.tx((tx) => upsertTransferLimit(tx, key, terms));
};

/** Files at A-DISK, each wanted elsewhere by a rule of its own. */
async function want(names: readonly string[], rseExpression: string, activity = 0): Promise<void> {
  for (const name of names) {
    await a.file(name, `events of ${name}`, 'A-DISK');
    await a.rule(name, { rseExpression, activity });
  }
}

/** How many requests are in each state. */
async function states(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const text of await a.requests()) {
    const state = text.split(' ').at(-1) ?? '';
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

describe('a limit at a destination', () => {
  it('lets so many begin and no more until one is over', async () => {
    await limit(to('B-DISK'), 2);
    await want(['f1', 'f2', 'f3', 'f4', 'f5'], 'B-DISK');
    const crew = a.crew('one');
    expect(await crew.shift(crew.submitter)).toMatchObject({ seen: 2, done: 2 });
    expect((await crew.shift(crew.submitter)).seen).toBe(0);
    expect(await states()).toEqual({ S: 2, Q: 3 });
    await crew.moved();
    await crew.shift(crew.poller);
    expect((await crew.shift(crew.submitter)).seen).toBe(2);
    await a.settle(crew);
    expect(await states()).toEqual({});
    expect(await a.history()).toHaveLength(5);
  });

  it('counts all RSEs of its expression together', async () => {
    await limit(to('B-DISK|C-DISK'), 3);
    await want(['f1', 'f2', 'f3'], 'B-DISK');
    await want(['g1', 'g2', 'g3'], 'C-DISK');
    const crew = a.crew('one');
    await crew.shift(crew.submitter);
    expect(await states()).toEqual({ S: 3, Q: 3 });
    await a.settle(crew);
  });

  it('of an activity leaves other activities alone', async () => {
    await limit(to('B-DISK', 5), 1);
    await want(['f1', 'f2'], 'B-DISK', 5);
    await want(['g1', 'g2'], 'B-DISK', 7);
    const crew = a.crew('one');
    await crew.shift(crew.submitter);
    expect(await a.requests()).toEqual(
      expect.arrayContaining(['g1@B-DISK S', 'g2@B-DISK S', 'f1@B-DISK S', 'f2@B-DISK Q']),
    );
    await a.settle(crew);
  });

  it('of nothing stops transfers, and its end lets them go', async () => {
    await limit(to('*'), 0);
    await want(['f1'], 'B-DISK');
    await a.settle();
    expect(await states()).toEqual({ Q: 1 });
    await base.db.tx((tx) => deleteTransferLimit(tx, to('*')));
    await a.settle();
    expect(a.content('B-DISK', 'f1')).toBe('events of f1');
  });

  it('holds for two workers who look at the same moment', async () => {
    await limit(to('B-DISK'), 3);
    await want(['f1', 'f2', 'f3', 'f4', 'f5', 'f6'], 'B-DISK');
    const crews = [a.crew('one'), a.crew('two'), a.crew('three')];
    await Promise.all(crews.map((crew) => crew.shift(crew.submitter)));
    expect(await states()).toEqual({ S: 3, Q: 3 });
    for (const crew of crews) {
      await crew.moved();
      await crew.shift(crew.poller);
    }
    await a.settle();
  });
});

describe('a limit at a source', () => {
  it('lets others wait without counting an attempt', async () => {
    await limit(from('A-DISK'), 1);
    await want(['f1', 'f2', 'f3'], 'B-DISK');
    const crew = a.crew('one');
    expect(await crew.shift(crew.submitter)).toMatchObject({ seen: 3, done: 1, failed: 0 });
    expect(await states()).toEqual({ S: 1, W: 2 });
    for (let round = 0; round < 3; round++) {
      await a.settle(crew);
      a.pass(60);
    }
    expect(await states()).toEqual({});
    expect((await a.history()).map(({ state, attempt }) => [state, attempt])).toEqual([
      ['D', 0],
      ['D', 0],
      ['D', 0],
    ]);
  });

  it('sends the next transfer to another copy', async () => {
    await limit(from('A-DISK'), 1);
    await a.distance('A-DISK', 'B-DISK', 1);
    await a.distance('C-DISK', 'B-DISK', 9);
    for (const name of ['f1', 'f2']) await a.file(name, `events of ${name}`, 'C-DISK');
    await want(['f1', 'f2'], 'B-DISK');
    await a.settle();
    expect((await a.history()).map(({ source }) => source).sort()).toEqual(['A-DISK', 'C-DISK']);
  });

  it('holds for two workers who look at the same moment', async () => {
    await limit(from('A-DISK'), 2);
    await want(['f1', 'f2', 'f3', 'f4', 'f5'], 'B-DISK');
    await limit(to('B-DISK'), 3);
    const crews = [a.crew('one'), a.crew('two')];
    await Promise.all(crews.map((crew) => crew.shift(crew.submitter)));
    await Promise.all(crews.map((crew) => crew.shift(crew.submitter)));
    expect((await states())['S']).toBe(2);
    for (const crew of crews) {
      await crew.moved();
      await crew.shift(crew.poller);
    }
    for (let round = 0; round < 4; round++) {
      await a.settle();
      a.pass(60);
    }
    expect(await states()).toEqual({});
  });
});
