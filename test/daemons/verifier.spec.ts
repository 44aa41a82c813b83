import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verifier } from '../../src/daemons/verifier.js';
import { only, rows, sql } from '../../src/db/index.js';
import { type StorageDriver, StorageRegistry } from '../../src/protocols/index.js';
import { askVerifications, touchCopies } from '../../src/replicas/index.js';
import { StorageCause } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Harbour, harbour } from '../support/harbour.js';

let base: TestDatabase;
let a: Harbour;
beforeEach(async () => {
  base = await testDatabase();
  a = await harbour(base.db);
  await a.quay('A-DISK');
  await a.quay('B-DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const OPTIONS = { allowPrivate: true, attemptsMax: 1 };
const verify = (storages = new StorageRegistry(OPTIONS)) => a.shift(verifier(a.config, storages));

/** Storages that tell the digest of an earlier file. */
class StaleStorages extends StorageRegistry {
  override driver(...args: Parameters<StorageRegistry['driver']>): StorageDriver {
    const driver = super.driver(...args);
    const stat: StorageDriver['stat'] = async (...asked) => {
      const entry = await driver.stat(...asked);
      return entry && { ...entry, adler32: '00000001' };
    };
    return Object.assign(Object.create(driver) as StorageDriver, { stat });
  }
}
const copy = (name: string, rse: string) => ({ scope: a.scope, name, rse });
const doubt = (name: string, rse: string) =>
  base.db.tx((tx) => askVerifications(tx, [copy(name, rse)], a.now));
const verifiedAt = async (name: string) => {
  const { at } = await base.db.read((tx) =>
    only<{ at: Date | null }>(
      tx,
      sql`SELECT verified_at AS at FROM replicas r JOIN dids d ON d.id = r.did_id WHERE d.name = ${name} LIMIT 1`,
    ),
  );
  return at;
};
const declared = () =>
  base.db.read((tx) =>
    rows<{ state: string; cause: string; reason: string }>(
      tx,
      sql`SELECT state, cause, reason FROM bad_replicas ORDER BY id`,
    ),
  );

describe('a copy that somebody read in vain', () => {
  it('is dated where it is whole, and not looked at again for an hour', async () => {
    await a.file('f1', 'events', 'A-DISK');
    expect(await doubt('f1', 'A-DISK')).toBe(1);
    expect(await doubt('f1', 'A-DISK')).toBe(0);
    expect(await verify()).toMatchObject({ seen: 1, done: 1 });
    expect(await verify()).toEqual(IDLE);
    expect(await verifiedAt('f1')).toEqual(a.now);
    expect(await doubt('f1', 'A-DISK')).toBe(0);
    a.pass(3601);
    expect(await doubt('f1', 'A-DISK')).toBe(1);
    expect(await declared()).toEqual([]);
  });

  it('is bad where our own read gives other bytes, with what was found', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'A-DISK' });
    a.damage('A-DISK', 'f1', 'eventz');
    await doubt('f1', 'A-DISK');
    await verify();
    expect(await a.replicas()).toEqual(['f1@A-DISK D 1', 'f1@B-DISK A 0']);
    expect(await declared()).toEqual([
      {
        state: 'B',
        cause: 'SOURCE_CHECKSUM',
        reason: 'SOURCE_CHECKSUM: has the adler32 08f2029d instead of 08eb0296',
      },
    ]);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R', replicating: 1 });
  });

  it('is whole where only the digest of the storage is stale', async () => {
    await a.file('f1', 'events', 'A-DISK');
    await doubt('f1', 'A-DISK');
    await verify(new StaleStorages(OPTIONS));
    expect(await declared()).toEqual([]);
    expect(await verifiedAt('f1')).toEqual(a.now);
  });

  it('is bad where its size is another one', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    a.damage('A-DISK', 'f1', 'even');
    await doubt('f1', 'A-DISK');
    await verify();
    expect(await declared()).toMatchObject([{ state: 'B', cause: 'SOURCE_SIZE' }]);
  });

  it('is only suspicious where nothing is there: a lost mount misses everything', async () => {
    await a.file('f1', 'events', 'A-DISK');
    a.storage('A-DISK').files.clear();
    await doubt('f1', 'A-DISK');
    await verify();
    expect(await declared()).toMatchObject([{ state: 'S', cause: 'SOURCE_MISSING' }]);
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0']);
    expect(await verify()).toEqual(IDLE);
  });

  it('stays undecided where the storage tells no digest', async () => {
    await a.file('f1', 'events', 'A-DISK');
    a.storage('A-DISK').hidesChecksums = true;
    await doubt('f1', 'A-DISK');
    expect(await verify()).toMatchObject({ done: 1 });
    expect(await verifiedAt('f1')).toBeNull();
    expect(await declared()).toEqual([]);
  });

  it('is looked at again where the storage could not be asked, but not for ever', async () => {
    await a.file('f1', 'events', 'A-DISK');
    await doubt('f1', 'A-DISK');
    for (let attempt = 1; attempt <= 5; attempt++) {
      a.storage('A-DISK').failNext('stat', StorageCause.CONNECTION);
      expect(await verify()).toMatchObject({ seen: 1, failed: 1 });
      expect(await verify()).toEqual(IDLE);
      a.pass(3600);
    }
    expect(await verify()).toEqual(IDLE);
    expect(await declared()).toEqual([]);
  });

  it('is nothing where it is no copy, or bad already', async () => {
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.declareBad('A-DISK', 'f1');
    expect(await doubt('f1', 'A-DISK')).toBe(0);
    expect(await doubt('f2', 'A-DISK')).toBe(0);
    await doubt('f1', 'B-DISK');
    await a.declareBad('B-DISK', 'f1');
    expect(await verify()).toEqual(IDLE);
  });
});

it('a copy that somebody read is accessed now, at most once an hour', async () => {
  await a.file('f1', 'events', 'A-DISK');
  const touch = () => base.db.tx((tx) => touchCopies(tx, [copy('f1', 'A-DISK')], a.now));
  expect(await touch()).toBe(0);
  a.pass(3601);
  expect(await touch()).toBe(1);
  expect(await touch()).toBe(0);
});
