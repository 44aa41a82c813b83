import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  accountUsage,
  addAccount,
  addAccountUsage,
  foldAccountUsage,
  lockQuota,
  quotaOf,
  setGlobalLimit,
  setLocalLimit,
  UNLIMITED,
} from '../../src/accounts/index.js';
import { quotaAt } from '../../src/accounts/quota-left.js';
import { execute, only, sql } from '../../src/db/index.js';
import { addRse, setRseAttribute } from '../../src/rses/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
let near: number;
let far: number;
let account: number;
let serial = 0;
beforeAll(async () => {
  test = await testDatabase();
  [near, far] = await test.db.tx(async (tx) => {
    const [a, b] = [await addRse(tx, 'NEAR', {}), await addRse(tx, 'FAR', {})];
    for (const rse of [a, b]) await setRseAttribute(tx, rse, 'tier', '1');
    return [a.id, b.id];
  });
});
afterAll(() => test.close());
beforeEach(async () => {
  const name = `user${++serial}`;
  account = await test.db.tx((tx) => addAccount(tx, { name, type: 'U', email: null }));
});

const charge = (rseId: number, bytes: bigint) =>
  test.db.tx((tx) =>
    execute(
      tx,
      addAccountUsage(
        sql`SELECT ${account}::int AS account_id, ${rseId}::int AS rse_id, 1::bigint AS files,
          ${bytes}::bigint AS bytes`,
      ),
    ),
  );
const local = (rseId: number, bytes: bigint) =>
  test.db.tx((tx) => setLocalLimit(tx, account, { rseId, bytes }));
const global = (expression: string, bytes: bigint) =>
  test.db.tx((tx) => setGlobalLimit(tx, account, { expression, bytes }));
const left = async (rseId: number) =>
  (await test.db.read((tx) => quotaOf(tx, account, [near, far]))).get(rseId)?.left;

describe('what an account may still put', () => {
  it('is nothing where it has no limit', async () => {
    expect(await left(near)).toBe(0n);
  });

  it('is its limit less its charge, folded or not', async () => {
    await local(near, 1000n);
    await charge(near, 300n);
    expect(await left(near)).toBe(700n);
    await test.db.tx((tx) => foldAccountUsage(tx, 1000));
    expect(await left(near)).toBe(700n);
    expect(await test.db.read((tx) => accountUsage(tx, account))).toEqual(
      new Map([[near, { rseId: near, bytes: 300n, files: 1n }]]),
    );
  });

  it('is without bound where the limit is', async () => {
    await local(near, UNLIMITED);
    await charge(near, 300n);
    expect(await left(near)).toBeNull();
  });

  it('is cut by a limit over several storage elements, by what all of them hold', async () => {
    await local(near, UNLIMITED);
    await local(far, 500n);
    await charge(far, 400n);
    await global('tier=1', 1000n);
    expect(await left(near)).toBe(600n);
    expect(await left(far)).toBe(100n);
  });

  it('is not cut by a limit over others, nor by one that names nothing any more', async () => {
    await local(near, 500n);
    await global('FAR', 1n);
    await global('tier=9', 0n);
    expect(await left(near)).toBe(500n);
  });
});

it('the tightest of all limits decides', () => {
  const ceiling = fc.record({
    limit: fc.option(fc.bigInt({ min: 0n, max: 1000n })),
    used: fc.bigInt({ min: 0n, max: 1000n }),
  });
  fc.assert(
    fc.property(ceiling, fc.array(ceiling, { maxLength: 4 }), (own, over) => {
      const { left: rest } = quotaAt(own, over);
      const bounded = [own, ...over].filter(({ limit }) => limit !== null);
      if (bounded.length === 0) return rest === null;
      const rests = bounded.map(({ limit, used }) => Number((limit ?? 0n) - used));
      return rest !== null && Number(rest) === Math.min(...rests);
    }),
  );
});

it('two that decide over one quota wait for each other', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let locked = (): void => undefined;
  const hasLock = new Promise<void>((resolve) => (locked = resolve));
  const first = test.db.tx(async (tx) => {
    await lockQuota(tx, account);
    locked();
    await held;
  });
  await hasLock;
  const isFree = await test.db.read((tx) =>
    only<{ free: boolean }>(tx, sql`SELECT pg_try_advisory_xact_lock(7402612, ${account}) AS free`),
  );
  expect(isFree.free).toBe(false);
  release();
  await first;
  await test.db.tx((tx) => lockQuota(tx, account));
});
