import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { darkReaper } from '../../../src/daemons/reaper/dark-reaper.js';
import { rows, sql } from '../../../src/db/index.js';
import { StorageRegistry } from '../../../src/protocols/index.js';
import { claimDark, grantUpload, quarantineFiles } from '../../../src/replicas/index.js';
import {
  addProtocol,
  changeRse,
  findRse,
  pathOf,
  protocolsOf,
  setRseAttribute,
} from '../../../src/rses/index.js';
import { StorageCause } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Dock, dock } from './dock.js';

const DAY = 86_400;
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

let base: TestDatabase;
let a: Dock;
beforeEach(async () => {
  base = await testDatabase();
  a = await dock(base.db);
  await a.quay('DISK');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const storages = new StorageRegistry({ allowPrivate: true, attemptsMax: 1 });
const sweep = () => a.shift(darkReaper(a.config, storages));
/** Where a file of that name would be. */
const place = (name: string) => `/${pathOf('hash', a.scope, name)}`;
const stand = (path: string, modifiedAt = new Date(a.now.getTime() - 1000)) => {
  a.storage('DISK').put(`/data${path}`, 'dark');
  const file = a.storage('DISK').files.get(`/data${path}`);
  if (file) file.modifiedAt = modifiedAt;
};
const standing = () => a.storage('DISK').list();
const quarantine = (...paths: string[]) =>
  base.db.tx(async (tx) =>
    quarantineFiles(
      tx,
      await findRse(tx, 'DISK'),
      paths.map((path) => ({ path, scope: null, name: null })),
      { accountId: a.accountId, now: a.now },
    ),
  );
const quarantined = async () =>
  (
    await base.db.read((tx) =>
      rows<{ path: string }>(tx, sql`SELECT path FROM quarantined_replicas ORDER BY path`),
    )
  ).map(({ path }) => path);
const rested = () => a.pass(a.config.replicas.quarantineSeconds + 1);

describe('the dark-reaper', () => {
  it('deletes what has been in quarantine long enough, and says so in the audit', async () => {
    stand('/dark/one');
    stand('/dark/two');
    await quarantine('/dark/one', '/dark/two');
    a.pass(6 * DAY);
    expect(await sweep()).toEqual(IDLE);
    a.pass(2 * DAY);
    expect(await sweep()).toEqual({ seen: 2, done: 2, failed: 0, more: false });
    expect([standing(), await quarantined()]).toEqual([[], []]);
    const said = await base.db.read((tx) =>
      rows<{ change: object }>(
        tx,
        sql`SELECT change FROM audit WHERE action = 'quarantine.delete'`,
      ),
    );
    expect(said).toEqual([{ change: { paths: ['/dark/one', '/dark/two'] } }]);
    expect(await sweep()).toEqual(IDLE);
  });

  it('deletes nothing that a copy of the catalogue names by now, in whatever state', async () => {
    await a.quay('SHORE');
    await a.file('coming', 'light', 'SHORE');
    stand(place('coming'));
    await quarantine(place('coming'));
    await a.rule('coming', { rseExpression: 'DISK' });
    expect(await a.replicas()).toContain('coming@DISK C 1');
    rested();
    expect(await sweep()).toMatchObject({ seen: 1, done: 1 });
    expect(standing()).toHaveLength(1);
    expect(await quarantined()).toEqual([]);
  });

  it('deletes nothing that somebody was given a URL to write, or has written since', async () => {
    stand('/granted');
    await quarantine('/granted', '/changed');
    stand('/changed', new Date(a.now.getTime() + 5000));
    const { id: rseId } = await base.db.read((tx) => findRse(tx, 'DISK'));
    const grant = { accountId: a.accountId, expiresAt: a.now, now: a.now, takesOver: false };
    await base.db.tx((tx) => grantUpload(tx, { rseId, path: '/granted' }, grant));
    rested();
    await sweep();
    expect(standing()).toEqual(['/data/changed', '/data/granted']);
    expect(await quarantined()).toEqual([]);
  });

  it.each(['hash', 'identity'])(
    'deletes nothing whose name has repeated slashes (%s)',
    async (algorithm) => {
      await base.db.tx(async (tx) =>
        setRseAttribute(tx, await findRse(tx, 'DISK'), 'lfn2pfn_algorithm', algorithm),
      );
      const path = `/${pathOf(algorithm, a.scope, '//run//f1')}`.replace(/\/+/g, '/');
      stand(path);
      await a.copies('DISK', ['//run//f1']);
      await quarantine(path, '/dark');
      expect(await quarantined()).toEqual(['/dark']);
    },
  );

  it('deletes nothing that is the copy of another RSE at the same storage', async () => {
    await a.rse('INNER', { attributes: { lfn2pfn_algorithm: 'identity' } });
    const all = { read: 1, write: 1, delete: 1 };
    await base.db.tx(async (tx) => {
      const { id } = await findRse(tx, 'DISK');
      const [outer] = (await protocolsOf(tx, [id])).get(id) ?? [];
      await addProtocol(tx, await findRse(tx, 'INNER'), {
        scheme: 'memory',
        hostname: outer?.hostname ?? '',
        port: 0,
        prefix: '/data/inner/',
        impl: 'memory',
        domains: { lan: all, wan: all },
        extendedAttributes: null,
      });
    });
    stand('/inner/km3net/known');
    stand('/inner/km3net/later');
    await a.copies('INNER', ['known']);
    await quarantine('/inner/km3net/known', '/inner/km3net/later');
    expect(await quarantined()).toEqual(['/inner/km3net/later']);
    await a.copies('INNER', ['later']);
    rested();
    await sweep();
    expect(standing()).toHaveLength(2);
  });

  it('deletes nothing where nobody can tell which file a path is', async () => {
    stand('/dark');
    await quarantine('/dark');
    rested();
    await base.db.tx(async (tx) =>
      setRseAttribute(tx, await findRse(tx, 'DISK'), 'lfn2pfn_algorithm', 'of-somebody'),
    );
    await sweep();
    expect(standing()).toEqual(['/data/dark']);
    await expect(quarantine('/more')).rejects.toThrow('does not tell which file a path is');
  });

  it('forgets what is gone already', async () => {
    await quarantine('/gone');
    rested();
    expect(await sweep()).toMatchObject({ done: 1 });
    expect(await quarantined()).toEqual([]);
  });

  it('tries again later where the storage fails, and leaves an RSE alone that fails on and on', async () => {
    const paths = Array.from({ length: 40 }, (_, at) => `/dark/${at}`);
    paths.forEach((path) => stand(path));
    await quarantine(...paths);
    rested();
    a.storage('DISK').failNext('remove', StorageCause.CONNECTION, 40);
    expect(await sweep()).toMatchObject({ seen: 40, done: 0 });
    expect(standing()).toHaveLength(40);
    expect(await sweep()).toEqual(IDLE);
    a.storage('DISK').clear();
    paths.forEach((path) => stand(path, new Date(0)));
    a.pass(a.config.reaper.retrySeconds + 60);
    expect(await sweep()).toMatchObject({ seen: 40, done: 40 });
    expect(standing()).toEqual([]);
  });

  it('leaves an RSE alone that allows no deletion', async () => {
    stand('/dark');
    await quarantine('/dark');
    rested();
    await base.db.tx(async (tx) =>
      changeRse(tx, await findRse(tx, 'DISK'), { availabilityDelete: false }),
    );
    expect(await sweep()).toEqual(IDLE);
    expect(standing()).toEqual(['/data/dark']);
  });
});

describe('a file that is registered while it is in quarantine', () => {
  it('leaves the quarantine', async () => {
    stand(place('found'));
    await quarantine(place('found'), '/dark');
    await a.copies('DISK', ['found']);
    expect(await quarantined()).toEqual(['/dark']);
    rested();
    await sweep();
    expect(standing()).toEqual([`/data${place('found')}`]);
  });

  it('cannot be registered while it is being deleted, but when that has come to nothing', async () => {
    await quarantine(place('found'));
    rested();
    const { id: rseId } = await base.db.read((tx) => findRse(tx, 'DISK'));
    const until = new Date(a.now.getTime() + 60_000);
    await base.db.tx((tx) => claimDark(tx, rseId, { before: a.now, now: a.now, until }, 10));
    await expect(a.copies('DISK', ['found'])).rejects.toThrow('is being deleted');
    expect(await a.replicas()).toEqual([]);
    a.pass(61);
    await a.copies('DISK', ['found']);
    expect(await quarantined()).toEqual([]);
  });
});
