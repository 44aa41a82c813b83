import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { XMLParser } from 'fast-xml-parser';
import { addProtocol, changeRse, findRse } from '../../../src/rses/index.js';
import { type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

interface Row {
  name: string;
  pfns: Record<string, { rse: string; domain: string; priority: number; client_extract: boolean }>;
  rses: Record<string, string[]>;
  states: Record<string, string>;
  parents?: string[];
}

let w: World;
let root: Call;
beforeAll(async () => {
  w = await world();
  ({ root } = w);
  const { db } = w.api;
  await shelf(db, 'DISK', { scheme: 'https', attributes: { site: 'MARSEILLE' } });
  await shelf(db, 'FAR', { scheme: 'https' });
  await shelf(db, 'TAPE', { scheme: 'https', type: 'T' });
  await shelf(db, 'MOUNT', { scheme: 'file' });
  await db.tx(async (tx) => {
    await changeRse(tx, await findRse(tx, 'DISK'), { latitude: 43.3, longitude: 5.4 });
    await changeRse(tx, await findRse(tx, 'FAR'), { latitude: -33.9, longitude: 18.4 });
    await addProtocol(tx, await findRse(tx, 'DISK'), {
      scheme: 'root',
      hostname: 'disk.example',
      port: 1094,
      prefix: '//data/',
      impl: 'rucio.rse.protocols.xrootd.Default',
      domains: { wan: { read: 2 } },
      extendedAttributes: null,
    });
  });
  const add = (rse: string, ...names: string[]) =>
    ok(root('POST', '/replicas', { rse, files: names.map((name) => file(name)) }));
  await add('DISK', 'f1', 'f2', 'f3', 'run.zip');
  await add('FAR', 'f1');
  await add('TAPE', 'f1');
  await add('MOUNT', 'run.zip');
  await ok(root('POST', '/replicas', { rse: 'DISK', files: [file('f4', { state: 'C' })] }));
  for (const [name, type] of [
    ['run', 'DATASET'],
    ['all', 'CONTAINER'],
  ]) {
    await ok(root('POST', `/dids/km3net/${name}`, { type }));
  }
  const attach = (parent: string, ...names: string[]) =>
    ok(
      root('POST', `/dids/km3net/${parent}/dids`, {
        dids: names.map((name) => ({ scope: 'km3net', name })),
      }),
    );
  await attach('run', 'f1', 'f2', 'f4');
  await attach('all', 'run');
  await ok(root('POST', '/dids/km3net/run.zip/dids', { dids: [file('inside', { bytes: 10 })] }));
});
afterAll(() => w.close());

const named = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name }));
const list = async (names: string[], more: object = {}): Promise<Row[]> =>
  (await ok(root('POST', '/replicas/list', { dids: named(...names), ...more }))).body as Row[];
const order = async (more: object = {}) => {
  const [row] = await list(['f1'], more);
  return Object.values(row?.pfns ?? {})
    .sort((a, b) => a.priority - b.priority)
    .map(({ rse }) => rse);
};

describe('POST /replicas/list', () => {
  it('leaves files without a fitting copy out, but not those asked for by name', async () => {
    expect((await list(['all'])).map(({ name }) => name)).toEqual(['f1', 'f2']);
    expect((await list(['f4'])).map(({ pfns, states }) => [pfns, states])).toEqual([[{}, {}]]);
    const [copying] = await list(['f4'], { all_states: true });
    expect(copying).toMatchObject({ states: { DISK: 'COPYING' } });
    expect(Object.keys(copying?.rses ?? {})).toEqual(['DISK']);
  });

  it('puts the near network first, then disk before tape, in the same order everywhere', async () => {
    expect(await order()).toEqual(['DISK', 'FAR', 'TAPE']);
    const near = { client_location: { site: 'MARSEILLE' } };
    const [row] = await list(['f1'], near);
    const [, first] = Object.entries(row?.pfns ?? {}).find(([, { rse }]) => rse === 'DISK') ?? [];
    expect(first).toMatchObject({ domain: 'lan', priority: 1 });
  });

  it('puts the nearest first for who says where they are', async () => {
    const cape = { client_location: { latitude: -34, longitude: 18 }, sort: 'geoip' };
    expect(await order(cape)).toEqual(['FAR', 'DISK', 'TAPE']);
    expect((await order({ sort: 'random' })).sort()).toEqual(['DISK', 'FAR', 'TAPE']);
  });

  it('gives the best protocol of an RSE, or the best of each scheme asked for', async () => {
    const [best] = await list(['f2']);
    expect(best?.rses['DISK']).toHaveLength(1);
    const [both] = await list(['f2'], { schemes: ['https', 'root'] });
    expect(both?.rses['DISK']?.map((pfn) => pfn.split(':')[0])).toEqual(['https', 'root']);
    expect(both?.rses['DISK']?.[1]).toMatch(/^root:\/\/disk\.example:1094\/\/data\/km3net\//);
    const [lan] = await list(['f2'], { domain: 'all' });
    expect(Object.values(lan?.pfns ?? {}).map(({ domain }) => domain)).toEqual(['wan']);
  });

  it('passes over an RSE that cannot be read, unless the client does not mind', async () => {
    await ok(root('PUT', '/rses/FAR', { availability_read: false }));
    expect(await order({ ignore_availability: false })).toEqual(['DISK', 'TAPE']);
    expect(await order({ ignore_availability: true })).toContain('FAR');
    await ok(root('PUT', '/rses/FAR', { availability_read: true }));
  });

  it('tells what is above a file', async () => {
    const [row] = await list(['all'], { resolve_parents: true });
    expect(row?.parents).toEqual(['km3net:run', 'km3net:all']);
  });

  it('reaches members of archives through the archive', async () => {
    const [row] = await list(['inside'], { resolve_archives: true });
    const [pfn = '', facts] = Object.entries(row?.pfns ?? {})[0] ?? [];
    expect(pfn).toMatch(/run\.zip\?xrdcl\.unzip=inside$/);
    expect(facts).toMatchObject({ domain: 'zip', client_extract: true });
    const [by] = await list(['inside'], { resolve_archives: true, schemes: ['root'] });
    expect(Object.values(by?.pfns ?? {})).toMatchObject([{ domain: 'zip', client_extract: false }]);
    const [at] = await list(['inside'], { resolve_archives: true, schemes: ['file'] });
    expect(Object.keys(at?.pfns ?? {})).toEqual([expect.stringMatching(/^file:.*\/run\.zip$/)]);
    expect(await list(['inside'])).toMatchObject([{ pfns: {} }]);
  });

  it('draws as many rows at random as asked for', async () => {
    const rows = await list(['all'], { nrandom: 1 });
    expect(rows).toHaveLength(1);
    expect(['f1', 'f2', 'f4']).toContain(rows[0]?.name);
  });

  it.each([
    [
      'an expression that matches nothing',
      { rse_expression: 'none=1' },
      '400 InvalidRSEExpression',
    ],
    ['an order that nobody knows', { sort: 'colour' }, '400 SortingAlgorithmNotSupported'],
    ['schemes that are no list', { schemes: 'https' }, '400 InvalidObject'],
    ['a date that is none', { updated_after: 'yesterday' }, '400 InvalidObject'],
    ['DIDs without names', { dids: [{ scope: 'km3net' }] }, '400 InvalidObject'],
  ])('refuses %s', async (_, more, refusal) => {
    const body = { dids: named('f1'), ...more };
    expect(await refused(root('POST', '/replicas/list', body))).toBe(refusal);
  });

  it('is a metalink for who asks for one: every scheme, in the order to try', async () => {
    const Accept = 'application/metalink4+xml';
    const body = { dids: named('f1'), resolve_parents: true };
    const answer = await ok(root('POST', '/replicas/list', body, { Accept }));
    expect(answer.headers['content-type']).toBe(Accept);
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
    const { metalink } = parser.parse(answer.text) as {
      metalink: { file: { identity: string; parents: { did: string[] }; url: object[] } };
    };
    expect(metalink.file.identity).toBe('km3net:f1');
    expect(metalink.file.parents.did).toEqual(['km3net:run', 'km3net:all']);
    expect(metalink.file.url).toMatchObject([
      { location: 'DISK', priority: '1' },
      { location: 'FAR' },
      { location: 'DISK', domain: 'wan' },
      { location: 'TAPE', priority: '4' },
    ]);
  });

  it('is neither for who wants something else', async () => {
    const body = { dids: named('f1') };
    expect(await refused(root('POST', '/replicas/list', body, { Accept: 'text/html' }))).toBe(
      '406 UnsupportedRequestedContentType',
    );
  });
});

describe('dataset replicas', () => {
  it('are counted when they are read', async () => {
    const { body } = await ok(root('GET', '/replicas/km3net/run/datasets?deep=True'));
    expect(body).toMatchObject([
      { rse: 'DISK', length: 3, available_length: 2, available_bytes: 200, state: 'UNAVAILABLE' },
      { rse: 'FAR', length: 3, available_length: 1 },
      { rse: 'TAPE', bytes: 300 },
    ]);
    const at = await ok(root('GET', '/replicas/rse/FAR'));
    expect(at.body).toMatchObject([{ name: 'run', rse: 'FAR', available_length: 1 }]);
  });
});
