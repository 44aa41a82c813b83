import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addDescribedDids,
  addKey,
  addValue,
  deleteMetadata,
  insertDescribedFiles,
  listKeys,
  listValues,
  type Meta,
  setMetadata,
} from '../../src/metadata/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { metadataCalls, NOW, refusal } from './metadata-calls.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
});
afterAll(() => base.close());

const { set: setAll, read } = metadataCalls(() => a);
const set = (name: string, meta: Meta, recursive = false) => setAll({ [name]: meta }, recursive);

describe('setting metadata', () => {
  it('puts built-in keys in their columns and others beside them', async () => {
    await a.dataset('run1');
    await set('run1', {
      datatype: 'RAW',
      run_number: '25291',
      detector: 'D0ARCA030',
      zenith: 20.5,
    });
    expect(await read('run1')).toMatchObject({
      datatype: 'RAW',
      run_number: 25291n,
      detector: 'D0ARCA030',
      zenith: 20.5,
    });
  });

  it('leaves what is not named, and clears what is null', async () => {
    await set('run1', { datatype: null, zenith: 21 });
    expect(await read('run1')).toMatchObject({ datatype: null, run_number: 25291n, zenith: 21 });
  });

  it('turns a lifetime into a moment, also one that is over', async () => {
    await set('run1', { lifetime: 3600 });
    expect((await a.did('run1')).expiredAt).toEqual(new Date('2026-11-21T13:00:00Z'));
    await set('run1', { lifetime: -86_400 });
    expect((await a.did('run1')).expiredAt).toEqual(new Date('2026-11-20T12:00:00Z'));
    await set('run1', { lifetime: null });
    expect((await a.did('run1')).expiredAt).toBeNull();
  });

  it.each<[string, Meta, string]>([
    ['a reserved key', { did_type: 'FILE' }, 'AccessDenied'],
    ['an expiry by its column', { expired_at: null }, 'AccessDenied'],
    ['a key with a dot', { 'a.b': 1 }, 'InvalidMetadata'],
    ['no key', { '': 1 }, 'InvalidMetadata'],
    ['a number that is text', { run_number: 'many' }, 'InvalidValueForKey'],
    ['a number beyond eight bytes', { run_number: '9223372036854775808' }, 'InvalidValueForKey'],
    ['a lifetime that is text', { lifetime: 'long' }, 'InvalidValueForKey'],
    ['a lifetime without an end', { lifetime: 1e300 }, 'InvalidValueForKey'],
    ['a GUID that is none', { guid: 'me' }, 'InvalidValueForKey'],
    ['text that is a list', { project: ['a'] }, 'InvalidValueForKey'],
  ])('refuses %s', async (_, meta, fact) => {
    expect(await refusal(set('run1', meta))).toBe(fact);
  });

  it('reaches everything below where it is told to', async () => {
    await a.container('year');
    await a.files('f1', 'f2');
    await a.attach('run1', 'f1', 'f2');
    await a.attach('year', 'run1');
    await set('year', { campaign: 'arca', stage: 3 }, true);
    for (const name of ['year', 'run1', 'f1', 'f2']) {
      expect(await read(name)).toMatchObject({ campaign: 'arca', stage: 3 });
    }
  });

  it('changes several DIDs or none', async () => {
    const dids = [await a.did('f1'), await a.did('f2')];
    const change = (...metas: Meta[]) =>
      a.db.tx((tx) =>
        setMetadata(
          tx,
          dids.map((did, at) => ({ did, meta: metas[at] ?? {} })),
          { now: NOW },
        ),
      );
    await change({ shower: 1, run_number: 7 }, { shower: 2, version: 'v2' });
    expect(await read('f1')).toMatchObject({ shower: 1, run_number: 7n, version: null });
    expect(await read('f2')).toMatchObject({ shower: 2, run_number: null, version: 'v2' });
    expect(await refusal(change({ shower: 9 }, { guid: 'me' }))).toBe('InvalidValueForKey');
    expect(await read('f1')).toMatchObject({ shower: 1 });
  });
});

describe('what a DID inherits', () => {
  it('is what the nearest one above says, where it says nothing itself', async () => {
    await set('year', { detector: 'above', season: 'winter', project: 'km3net' });
    const f1 = await read('f1', true);
    expect(f1).toMatchObject({ detector: 'D0ARCA030', season: 'winter', project: 'km3net' });
    expect(f1).toMatchObject({ run_number: 7n });
    expect((await read('f2', true))['run_number']).toBe(25291n);
  });
});

describe('deleting a key', () => {
  const remove = async (name: string, key: string) => {
    const did = await a.did(name);
    await a.db.tx((tx) => deleteMetadata(tx, did, key, NOW));
  };

  it('takes an own key away, empties a built-in one, and knows what is not there', async () => {
    await remove('run1', 'zenith');
    await remove('run1', 'run_number');
    const left = await read('run1');
    expect(left).not.toHaveProperty('zenith');
    expect(left).toMatchObject({ run_number: null, detector: 'D0ARCA030' });
    expect(await refusal(remove('run1', 'zenith'))).toBe('KeyNotFound');
    expect(await refusal(remove('run1', 'bytes'))).toBe('AccessDenied');
  });
});

describe('conventions', () => {
  beforeAll(async () => {
    await a.db.tx(async (tx) => {
      await addKey(tx, { key: 'datatype', keyType: 'DATASET' });
      await addValue(tx, 'datatype', 'RAW');
      await addKey(tx, { key: 'string_count', keyType: 'A', valueType: "<class 'int'>" });
      await addKey(tx, { key: 'site', keyType: 'all', valueRegexp: '(ARCA|ORCA)$' });
    });
  });

  it('list keys and values', async () => {
    expect(await a.db.read((tx) => listKeys(tx))).toEqual(['datatype', 'site', 'string_count']);
    expect(await a.db.read((tx) => listValues(tx, 'datatype'))).toEqual(['RAW']);
    expect(await a.db.read((tx) => listValues(tx, 'nothing'))).toEqual([]);
  });

  it.each([
    ['a key twice', { key: 'site', keyType: 'ALL' }, 'Duplicate'],
    ['a key type that does not exist', { key: 'x', keyType: 'HEAP' }, 'UnsupportedKeyType'],
    [
      'a value type that does not exist',
      { key: 'x', keyType: 'A', valueType: 'blob' },
      'UnsupportedValueType',
    ],
    ['an expression that is none', { key: 'x', keyType: 'A', valueRegexp: '(' }, 'InvalidObject'],
  ])('refuse %s', async (_, spec, fact) => {
    expect(await refusal(a.db.tx((tx) => addKey(tx, spec)))).toBe(fact);
  });

  it('refuse values that a key does not take', async () => {
    const add = (key: string, value: string) => refusal(a.db.tx((tx) => addValue(tx, key, value)));
    expect(await add('site', 'ICECUBE')).toBe('InvalidValueForKey');
    expect(await add('nothing', 'x')).toBe('KeyNotFound');
    expect(await add('datatype', 'RAW')).toBe('Duplicate');
    expect(await refusal(set('run1', { site: 'ICECUBE' }))).toBe('InvalidValueForKey');
    expect(await refusal(set('run1', { string_count: 'ten' }))).toBe('InvalidValueForKey');
    expect(await refusal(set('run1', { datatype: 'MC' }))).toBe('InvalidValueForKey');
    expect(await refusal(set('run1', { site: 'ORCA', string_count: 10, datatype: 'RAW' }))).toBe(
      'accepted',
    );
  });

  it('apply to the types that a key is declared for', async () => {
    expect(await refusal(set('f1', { datatype: 'MC' }))).toBe('accepted');
  });

  it('let no dataset be added with a datatype that nobody declared', async () => {
    const add = (name: string, datatype: string) =>
      a.db.tx((tx) =>
        addDescribedDids(
          tx,
          a.accountId,
          [{ scope: a.scope, name, type: 'D', meta: { datatype, stream: 'physics' } }],
          NOW,
        ),
      );
    expect(await refusal(add('odd', 'HEARSAY'))).toBe('InvalidObject');
    await add('even', 'RAW');
    expect(await read('even')).toMatchObject({ datatype: 'RAW', stream: 'physics' });
  });
});

describe('describing new files', () => {
  const register = (run_number: number) =>
    a.db.tx((tx) =>
      insertDescribedFiles(
        tx,
        a.accountId,
        ['raw1', 'raw2'].map((name) => ({
          scope: a.scope,
          name,
          bytes: 1n,
          adler32: null,
          md5: null,
          meta: { run_number, detector: name, guid: '2E1A6C1B-0F3D-4B8E-A1A2-B3C4D5E6F701' },
        })),
        NOW,
      ),
    );

  it('is done once: saying it again with other values changes nothing', async () => {
    await register(1);
    await register(2);
    expect(await read('raw2')).toMatchObject({
      run_number: 1n,
      detector: 'raw2',
      guid: '2e1a6c1b-0f3d-4b8e-a1a2-b3c4d5e6f701',
    });
  });
});
