import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { undertaker } from '../../../src/daemons/undertaker.js';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { createLog } from '../../../src/log/index.js';
import { field, file, ok, refused, type World, world } from './world.js';

const FILES = ['f1', 'f2', 'f3', 'f4', 'f5'];

let w: World;
beforeAll(async () => {
  w = await world();
  const dids = FILES.map((name) => file(name));
  await ok(w.root('POST', '/dids/km3net/run1', { type: 'DATASET', rse: 'SHORE-DISK', dids }));
});
afterAll(() => w.close());

const sampled = (output: string, nbfiles: unknown) => ({
  input_scope: 'km3net',
  input_name: 'run1',
  output_scope: 'km3net',
  output_name: output,
  nbfiles,
});

describe('a sample', () => {
  it('is a new dataset of so many files of another', async () => {
    expect((await ok(w.root('POST', '/dids/sample', sampled('few', '2')))).status).toBe(201);
    const names = field(await w.root('GET', '/dids/km3net/few/dids'), 'name') as string[];
    expect(new Set(names).size).toBe(2);
    expect(FILES).toEqual(expect.arrayContaining(names));
    expect((await w.root('GET', '/dids/km3net/few')).body).toMatchObject({ length: 2, bytes: 200 });
  });

  it('has all files where there are fewer, and may be asked for by a path', async () => {
    await ok(w.root('POST', '/dids/km3net/run1/km3net/all/10/sample'));
    expect(field(await w.root('GET', '/dids/km3net/all/dids'), 'name')).toEqual(FILES);
    await ok(w.root('POST', '/dids/km3net/run1/km3net/%2Fnone%2F1/0/sample'));
    expect((await w.root('GET', '/dids/km3net/%2Fnone%2F1/dids')).body).toEqual([]);
  });

  it.each<[object, string]>([
    [sampled('run1', '1'), '409 DataIdentifierAlreadyExists'],
    [sampled('other', 'two'), '400 InvalidObject'],
    [sampled('other', -1), '400 InvalidObject'],
    [sampled('no name', 1), '400 InvalidObject'],
    [{ ...sampled('other', 1), input_name: 'nothing' }, '404 DataIdentifierNotFound'],
    [{ ...sampled('other', 1), output_scope: 'nowhere' }, '404 ScopeNotFound'],
    [{ input_scope: 'km3net' }, '400 KeyError'],
  ])('%j is %s', async (body, fact) => {
    expect(await refused(w.root('POST', '/dids/sample', body))).toBe(fact);
  });

  it('is drawn into scopes of one’s own, from whatever there is', async () => {
    const body = sampled('mine', 1);
    expect(await refused(w.alice('POST', '/dids/sample', body))).toBe('403 AccessDenied');
    await ok(w.alice('POST', '/dids/sample', { ...body, output_scope: 'user.alice' }));
    expect((await w.root('GET', '/dids/user.alice/mine')).body).toMatchObject({
      account: 'alice',
      length: 1,
    });
  });
});

describe('what has expired', () => {
  const names = [{ scope: 'km3net', name: 'short' }];
  const bury = async () => {
    const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
    const now = new Date(Date.now() + 60_000);
    const { signal } = new AbortController();
    const rest = { log: createLog('silent'), signal, batch: 100, worker: 'story' };
    await undertaker(config).reconcile({ db: w.api.db, now, ...rest });
  };

  it('comes back by an admin, with its metadata and content, before and after it was erased', async () => {
    const meta = { datatype: 'RAW', detector: 'ARCA' };
    const dids = [{ scope: 'km3net', name: 'f1' }];
    const body = { type: 'DATASET', lifetime: -1, meta, dids };
    await ok(w.root('POST', '/dids/km3net/short', body));
    expect(await refused(w.alice('POST', '/dids/resurrect', names))).toBe('403 AccessDenied');
    expect((await ok(w.root('POST', '/dids/resurrect', names))).status).toBe(201);
    await bury();
    await ok(w.root('POST', '/dids/km3net/short/meta/lifetime', { value: -1 }));
    await bury();
    expect(await refused(w.root('GET', '/dids/km3net/short'))).toBe('404 DataIdentifierNotFound');
    await ok(w.root('POST', '/dids/resurrect', names));
    expect((await w.root('GET', '/dids/km3net/short')).body).toMatchObject({
      length: 1,
      bytes: 100,
      expired_at: null,
    });
    expect((await w.root('GET', '/dids/km3net/short/meta?plugin=ALL')).body).toMatchObject(meta);
  });

  it.each<[unknown, string]>([
    [names, '404 DataIdentifierNotFound'],
    [[{ scope: 'km3net', name: 'never' }], '404 DataIdentifierNotFound'],
    [{ dids: names }, '400 TypeError'],
    [[{ scope: 'km3net' }], '400 InvalidObject'],
  ])('POST resurrect %j is %s', async (body, fact) => {
    expect(await refused(w.root('POST', '/dids/resurrect', body))).toBe(fact);
  });
});
