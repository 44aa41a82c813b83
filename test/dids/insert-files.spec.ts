import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDids, insertFiles, resolveDids } from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
});
afterAll(() => base.close());

const file = (name: string, bytes = 1n) => ({
  scope: a.scope,
  name,
  bytes,
  adler32: null,
  md5: null,
});
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('inserting file names', () => {
  it('leaves a name that exists as it is', async () => {
    await a.db.tx((tx) => insertFiles(tx, a.accountId, [file('same', 5n)]));
    await a.db.tx((tx) => insertFiles(tx, a.accountId, [file('same', 6n), file('other', 6n)]));
    expect((await a.did('same')).bytes).toBe(5n);
    expect((await a.did('other')).bytes).toBe(6n);
  });

  it('says which scope does not exist', async () => {
    await expect(
      a.db.tx((tx) => insertFiles(tx, a.accountId, [{ ...file('x'), scope: 'nowhere' }])),
    ).rejects.toMatchObject({ name: 'ScopeNotFound', fields: { scope: 'nowhere' } });
  });

  it('writes built-in metadata with the name, and leaves flags at their defaults', async () => {
    const description = { run_number: 9_007_199_254_740_993n, datatype: 'RAW', hidden: null };
    await a.db.tx((tx) =>
      insertFiles(tx, a.accountId, [{ ...file('described'), description }, file('plain')]),
    );
    expect(await a.did('described')).toMatchObject({ bytes: 1n, purgeReplicas: true });
  });

  it('resolves every name of a batch that another session is registering at the same moment', async () => {
    const wanted = names('raced', 50);
    const first = await hold(a.db, async (tx) => {
      await insertFiles(
        tx,
        a.accountId,
        wanted.map((name) => file(name)),
      );
    });
    const second = a.db.tx(async (tx) => {
      const backwards = wanted.toReversed();
      await insertFiles(
        tx,
        a.accountId,
        backwards.map((name) => file(name)),
      );
      return await resolveDids(
        tx,
        backwards.map((name) => ({ scope: a.scope, name })),
      );
    });
    await someoneWaits(base.url);
    await first.release();
    expect((await second).map(({ name }) => name)).toEqual(wanted.toReversed());
  });

  it('never deadlocks, in whatever order two sessions give the same names', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(names('', 30), { minLength: 20 }),
        fc.shuffledSubarray(names('', 30), { minLength: 20 }),
        async (one, other) => {
          const prefix = `round${round++}-`;
          let attempts = 0;
          const register = (order: readonly string[]) =>
            a.db.tx(async (tx) => {
              attempts++;
              await insertFiles(
                tx,
                a.accountId,
                order.map((name) => file(prefix + name)),
              );
            });
          await Promise.all([register(one), register(other)]);
          expect(attempts).toBe(2);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('adding collections', () => {
  const dataset = (name: string) => ({ scope: a.scope, name, type: 'D' as const });

  it('gives them in the order asked', async () => {
    const made = await a.db.tx((tx) => addDids(tx, a.accountId, ['z', 'b', 'm'].map(dataset)));
    expect(made.map(({ name }) => name)).toEqual(['z', 'b', 'm']);
    expect(made[0]).toMatchObject({ isOpen: true, monotonic: false, type: 'D' });
  });

  it('adds all or none, and a name once', async () => {
    const add = (...list: string[]) => a.db.tx((tx) => addDids(tx, a.accountId, list.map(dataset)));
    await expect(add('fresh', 'z')).rejects.toMatchObject({ name: 'DataIdentifierAlreadyExists' });
    await expect(add('twin', 'twin')).rejects.toMatchObject({
      name: 'DataIdentifierAlreadyExists',
    });
    await expect(a.did('fresh')).rejects.toMatchObject({ name: 'DataIdentifierNotFound' });
    await expect(a.did('twin')).rejects.toMatchObject({ name: 'DataIdentifierNotFound' });
  });

  it('lets one of two sessions have a name, and tells the other', async () => {
    const first = await hold(a.db, async (tx) => {
      await addDids(tx, a.accountId, [dataset('wanted')]);
    });
    const second = a.db
      .tx((tx) => addDids(tx, a.accountId, [dataset('wanted')]))
      .then(
        () => 'added',
        (error: Error) => error.name,
      );
    await someoneWaits(base.url);
    await first.release();
    expect(await second).toBe('DataIdentifierAlreadyExists');
  });
});
