import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addKey,
  addValue,
  deleteMetadata,
  insertDescribedFiles,
} from '../../src/metadata/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { metadataCalls, NOW, refusal } from './metadata-calls.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
  for (const name of ['year', 'empty']) await a.container(name);
  for (const name of ['run1', 'run2']) await a.dataset(name);
  await a.files('f1', 'f2', 'f3');
  await a.attach('run1', 'f1', 'f2');
  await a.attach('run2', 'f2', 'f3');
  await a.attach('year', 'run1', 'run2');
});
afterAll(() => base.close());

const declare = (
  key: string,
  spec: { keyType?: string; valueType?: string; valueRegexp?: string } = {},
  ...values: string[]
) =>
  a.db.tx(async (tx) => {
    await addKey(tx, { key, keyType: 'ALL', ...spec });
    for (const value of values) await addValue(tx, key, value);
  });
const { set, read } = metadataCalls(() => a);

describe('a declared type', () => {
  beforeAll(async () => {
    await declare('showers', { valueType: "<class 'int'>" });
    await declare('zenith', { valueType: 'float' });
    await declare('good', { valueType: 'bool' });
    await declare('since', { valueType: "<class 'datetime.datetime'>" });
    await declare('site', { valueType: 'str' });
    await declare('eol_at', { valueType: 'datetime' });
    await declare('run_number', { valueType: 'int' }, '25291', '25292');
  });

  it.each<[string, unknown, unknown]>([
    ['showers', 2500, 2500],
    ['showers', '2500', 2500],
    ['zenith', '20.5', 20.5],
    ['zenith', 20, 20],
    ['good', 'True', true],
    ['good', false, false],
    ['since', '2026-07-24T16:01:23', '2026-07-24T16:01:23'],
    ['since', 'Fri, 24 Jul 2026 16:01:23 UTC', 'Fri, 24 Jul 2026 16:01:23 UTC'],
    ['site', 'ARCA', 'ARCA'],
    ['showers', null, null],
    ['eol_at', '2026-07-24T16:01:23', new Date('2026-07-24T16:01:23Z')],
    ['run_number', '25292', 25292n],
  ])('of %s takes %j', async (key, value, kept) => {
    await set({ f1: { [key]: value } });
    expect((await read('f1'))[key]).toEqual(kept);
  });

  it.each<[string, unknown]>([
    ['showers', 'ten'],
    ['showers', 2.5],
    ['showers', true],
    ['zenith', '20 degrees'],
    ['good', 1],
    ['since', 'yesterday'],
    ['site', 5],
    ['site', ['ARCA']],
    ['run_number', 25293],
  ])('of %s refuses %j', async (key, value) => {
    expect(await refusal(set({ f1: { [key]: value } }))).toBe('InvalidValueForKey');
  });

  it('is asked of declared values too', async () => {
    expect(await refusal(a.db.tx((tx) => addValue(tx, 'showers', 'many')))).toBe(
      'InvalidValueForKey',
    );
  });
});

describe('declared values and expressions', () => {
  beforeAll(async () => {
    await declare('detector', { valueRegexp: '(?P<kind>D0(ARCA|ORCA))\\d{3}$' });
    await declare('prefix', { valueRegexp: 'v' });
    await declare('stage', { valueType: 'int' }, '1', '2');
  });

  it('are met by each value, in the words of Python', async () => {
    await set({ f1: { detector: 'D0ARCA030', prefix: 'v6.2', stage: '2' } });
    expect(await read('f1')).toMatchObject({ detector: 'D0ARCA030', prefix: 'v6.2', stage: 2 });
  });

  it.each<[string, unknown]>([
    ['detector', 'D0ARCA030b'],
    ['detector', 'xD0ARCA030'],
    ['detector', `D0ARCA${'0'.repeat(5000)}`],
    ['prefix', 'w1'],
    ['stage', 3],
  ])('refuse another %s', async (key, value) => {
    expect(await refusal(set({ f1: { [key]: value } }))).toBe('InvalidValueForKey');
  });

  it('say what would be right', async () => {
    await expect(set({ f1: { stage: 3 } })).rejects.toThrow(
      "'3' is not a value that the metadata key 'stage' takes: of the type int, one of 1, 2",
    );
  });

  it('bind new files, and one that breaks them leaves none', async () => {
    const file = (name: string, detector: string) => ({
      ...{ scope: a.scope, name, bytes: 1n, adler32: null, md5: null },
      meta: { detector },
    });
    const register = a.db.tx((tx) =>
      insertDescribedFiles(tx, a.accountId, [file('new1', 'D0ARCA030'), file('new2', 'x')], NOW),
    );
    expect(await refusal(register)).toBe('InvalidValueForKey');
    expect(await refusal(a.did('new1'))).toBe('DataIdentifierNotFound');
  });

  it('refuse expressions that PostgreSQL cannot have', async () => {
    expect(await refusal(declare('back', { valueRegexp: '(a)\\1' }))).toBe('InvalidObject');
    expect(await refusal(declare('open', { valueRegexp: '[a' }))).toBe('InvalidObject');
  });

  it('cost a moment, however they are written', async () => {
    await declare('evil', { valueRegexp: '(a+)+$' });
    expect(await refusal(set({ f1: { evil: `${'a'.repeat(60)}b` } }))).toBe('InvalidValueForKey');
  });

  it('are no hindrance to taking a key away', async () => {
    const did = await a.did('f1');
    await a.db.tx((tx) => deleteMetadata(tx, did, 'detector', NOW));
    await a.db.tx((tx) => deleteMetadata(tx, did, 'run_number', NOW));
    expect(await read('f1')).toMatchObject({ run_number: null });
    expect(await read('f1')).not.toHaveProperty('detector');
  });
});

describe('metadata of several trees at once', () => {
  it('reach everything below each, in the order in which they are said', async () => {
    await set(
      {
        run1: { season: 'winter', version: 'v1', only: 1 },
        run2: { season: 'spring', version: 'v2' },
        empty: { season: 'none' },
      },
      true,
    );
    expect(await read('run1')).toMatchObject({ season: 'winter', version: 'v1', only: 1 });
    expect(await read('f1')).toMatchObject({ season: 'winter', version: 'v1', only: 1 });
    expect(await read('f2')).toMatchObject({ season: 'spring', version: 'v2', only: 1 });
    expect(await read('f3')).toMatchObject({ season: 'spring', version: 'v2' });
    expect(await read('empty')).toMatchObject({ season: 'none' });
    expect(await read('year')).not.toHaveProperty('season');
  });

  it('keep a convention of what may be below', async () => {
    await declare('format', { keyType: 'FILE' }, 'root', 'hdf5');
    const format = (name: string, recursive: boolean) =>
      refusal(set({ [name]: { format: 'fits' } }, recursive));
    expect(await format('run1', false)).toBe('accepted');
    expect(await format('run1', true)).toBe('InvalidValueForKey');
    expect(await format('year', true)).toBe('InvalidValueForKey');
    await declare('kind', { keyType: 'CONTAINER' }, 'year');
    expect(await refusal(set({ run1: { kind: 'decade' } }, true))).toBe('accepted');
  });
});
