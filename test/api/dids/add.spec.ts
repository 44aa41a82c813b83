import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { field, file, ok, refused, type World, world } from './world.js';

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const DATASET = { type: 'DATASET' };

describe('adding a dataset', () => {
  it('does everything it asks in one go: metadata, lifetime, files, replicas', async () => {
    const body = {
      type: 'D',
      statuses: { monotonic: true },
      lifetime: 3600,
      meta: { datatype: 'RAW', run_number: 25291, detector: 'D0ARCA030' },
      rse: 'SHORE-DISK',
      dids: [file('f1', { meta: { guid: '2E1A6C1B0F3D4B8EA1A2B3C4D5E6F701', stream: 'L1' } })],
    };
    await ok(w.root('POST', '/dids/km3net/run1', body));
    const { body: did } = await w.root('GET', '/dids/km3net/run1');
    expect(did).toMatchObject({ length: 1, bytes: 100, monotonic: true, account: 'root' });
    const { body: meta } = await w.root('GET', '/dids/km3net/run1/meta?plugin=ALL');
    expect(meta).toMatchObject({ datatype: 'RAW', run_number: 25291, detector: 'D0ARCA030' });
    expect((meta as { expired_at: string }).expired_at).toMatch(/ UTC$/);
    const { body: fileMeta } = await w.root('GET', '/dids/km3net/f1/meta?plugin=ALL');
    expect(fileMeta).toMatchObject({ guid: '2e1a6c1b0f3d4b8ea1a2b3c4d5e6f701', stream: 'L1' });
  });

  it('adds its rules for what is in it', async () => {
    const rule = { account: 'root', rse_expression: 'SHORE-DISK', lifetime: 600 };
    const body = { ...DATASET, rse: 'SHORE-DISK', dids: [file('r1')], rules: [rule] };
    await ok(w.root('POST', '/dids/km3net/ruled', body));
    expect((await w.root('GET', '/dids/km3net/ruled/rules')).body).toMatchObject([
      { copies: 1, state: 'OK', locks_ok_cnt: 1, account: 'root', grouping: 'DATASET' },
    ]);
    const bad = { ...DATASET, rules: [{ ...rule, rse_expression: 'NOWHERE' }] };
    expect(await refused(w.root('POST', '/dids/km3net/unruled', bad))).toBe(
      '400 InvalidRSEExpression',
    );
    expect(await refused(w.root('GET', '/dids/km3net/unruled'))).toBe('404 DataIdentifierNotFound');
    const foreign = { ...DATASET, rules: [rule] };
    expect(await refused(w.alice('POST', '/dids/user.alice/unruled', foreign))).toBe(
      '403 AccessDenied',
    );
  });

  it('takes as many DIDs with rules as they are, different ones too, all or none', async () => {
    const rule = { account: 'root', rse_expression: 'SHORE-DISK', lifetime: 600 };
    const wish = (more: (at: number) => object) =>
      Array.from({ length: 400 }, (_, at) => ({
        scope: 'km3net',
        name: `wished${at}`,
        type: 'DATASET',
        rules: [{ ...rule, ...more(at) }],
      }));
    const bad = wish((at) => (at === 399 ? { rse_expression: 'NOWHERE' } : { comment: `${at}` }));
    expect(await refused(w.root('POST', '/dids', bad))).toBe('400 InvalidRSEExpression');
    expect(await refused(w.root('GET', '/dids/km3net/wished0'))).toBe('404 DataIdentifierNotFound');
    await ok(
      w.root(
        'POST',
        '/dids',
        wish((at) => ({ comment: `${at}` })),
      ),
    );
    expect((await w.root('GET', '/dids/km3net/wished7/rules')).body).toMatchObject([
      { comments: '7', state: 'INJECT' },
    ]);
  });

  it('leaves nothing behind when a part of it fails', async () => {
    const dids = [file('f2'), file('f1', { bytes: 99 })];
    const body = { ...DATASET, rse: 'SHORE-DISK', dids };
    expect(await refused(w.root('POST', '/dids/km3net/run2', body))).toBe(
      '412 FileConsistencyMismatch',
    );
    for (const name of ['run2', 'f2']) {
      expect(await refused(w.root('GET', `/dids/km3net/${name}`))).toBe(
        '404 DataIdentifierNotFound',
      );
    }
  });

  it.each<[string, object, string]>([
    ['a type that does not exist', { type: 'HEAP' }, '400 InvalidObject'],
    ['a file', { type: 'FILE' }, '409 UnsupportedOperation'],
    ['a body that is no object', [], '400 TypeError'],
    ['metadata that is no object', { ...DATASET, meta: [] }, '400 InvalidObject'],
    ['a reserved key', { ...DATASET, meta: { bytes: 1 } }, '403 AccessDenied'],
    ['a lifetime without end', { ...DATASET, lifetime: 1e300 }, '400 InvalidValueForKey'],
    [
      'a child without bytes',
      { ...DATASET, rse: 'SHORE-DISK', dids: [{ scope: 'km3net', name: 'f9' }] },
      '400 InvalidObject',
    ],
    [
      'an adler32 that is none',
      { ...DATASET, dids: [file('f1', { adler32: 'xyz' })] },
      '400 InvalidObject',
    ],
    [
      'an RSE that does not exist',
      { ...DATASET, rse: 'NOWHERE', dids: [file('f1')] },
      '404 RSENotFound',
    ],
  ])('refuses %s', async (_, body, fact) => {
    expect(await refused(w.root('POST', '/dids/km3net/odd', body))).toBe(fact);
    expect(await refused(w.root('GET', '/dids/km3net/odd'))).toBe('404 DataIdentifierNotFound');
  });
});

describe('whose scope it is', () => {
  it('decides who may add, attach, describe and close', async () => {
    expect(await refused(w.alice('POST', '/dids/km3net/hers', DATASET))).toBe('403 AccessDenied');
    await ok(w.alice('POST', '/dids/user.alice/mine', DATASET));
    const mine = { dids: [{ scope: 'km3net', name: 'f1' }] };
    await ok(w.alice('POST', '/dids/user.alice/mine/dids', mine));
    for (const [method, path, body] of [
      ['POST', '/dids/km3net/run1/dids', mine],
      ['DELETE', '/dids/km3net/run1/dids', mine],
      ['POST', '/dids/km3net/run1/meta/campaign', { value: 'x' }],
      ['DELETE', '/dids/km3net/run1/meta?key=detector', undefined],
      ['PUT', '/dids/km3net/run1/status', { open: false }],
    ] as const) {
      expect(await refused(w.alice(method, path, body))).toBe('403 AccessDenied');
    }
    const registering = { dids: [{ ...file('x'), scope: 'user.alice' }], rse: 'SHORE-DISK' };
    expect(await refused(w.alice('POST', '/dids/user.alice/mine/dids', registering))).toBe(
      '403 AccessDenied',
    );
  });

  it('does not let its owner open what is closed', async () => {
    await ok(w.alice('PUT', '/dids/user.alice/mine/status', { open: false }));
    expect(await refused(w.alice('PUT', '/dids/user.alice/mine/status', { open: true }))).toBe(
      '403 AccessDenied',
    );
    await ok(w.root('PUT', '/dids/user.alice/mine/status', { open: true }));
    expect(await refused(w.root('PUT', '/dids/user.alice/mine/status', { open: 'no' }))).toBe(
      '400 InvalidObject',
    );
  });
});

describe('adding many', () => {
  const many = (...names: string[]) => names.map((name) => ({ scope: 'km3net', name, ...DATASET }));

  it('is all or nothing', async () => {
    await ok(w.root('POST', '/dids', many('m1', 'm2')));
    expect(await refused(w.root('POST', '/dids', many('m3', 'm1')))).toBe(
      '409 DataIdentifierAlreadyExists',
    );
    const elsewhere = [...many('m4'), { scope: 'nowhere', name: 'm5', ...DATASET }];
    expect(await refused(w.root('POST', '/dids', elsewhere))).toBe('404 ScopeNotFound');
    const { body } = await w.root('GET', '/dids/km3net/dids/search?type=dataset&name=m*');
    expect(body).toEqual(['m1', 'm2']);
  });

  it('takes a thousand and no more', async () => {
    const names = Array.from({ length: 1001 }, (_, i) => `t${i}`);
    expect(await refused(w.root('POST', '/dids', many(...names)))).toBe('400 InvalidObject');
    await ok(w.root('POST', '/dids', many(...names.slice(1))));
  });
});

it('lists new collections', async () => {
  expect(field(await w.root('GET', '/dids/new?type=DATASET'), 'name')).toContain('m2');
  expect(field(await w.root('GET', '/dids/new?type=container'), 'name')).toEqual([]);
});
