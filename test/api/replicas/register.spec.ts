import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

let w: World;
let root: Call;
let alice: Call;
beforeAll(async () => {
  w = await world();
  ({ root, alice } = w);
  await shelf(w.api.db, 'DISK', { scheme: 'https' });
  await shelf(w.api.db, 'FLAT', { scheme: 'https', attributes: { lfn2pfn_algorithm: 'identity' } });
  await shelf(w.api.db, 'ODD', { scheme: 'https', deterministic: false });
});
afterAll(() => w.close());

const hers = (name: string, more: object = {}) => ({ ...file(name, more), scope: 'user.alice' });
const add = (call: Call, rse: string, ...files: object[]) =>
  call('POST', '/replicas', { rse, files });
const states = async (...names: string[]) => {
  const dids = names.map((name) => ({ scope: 'user.alice', name }));
  const { body } = await ok(alice('POST', '/replicas/list', { dids, all_states: true }));
  return (body as { states: object }[]).map((row) => row.states);
};

describe('who may register replicas', () => {
  it('is nobody without quota or attribute, then whoever has one of them', async () => {
    expect(await refused(add(alice, 'DISK', hers('q')))).toBe('403 AccessDenied');
    await ok(root('POST', '/accounts/alice/limits/local/DISK', { bytes: 1 }));
    expect((await add(alice, 'DISK', hers('q'))).status).toBe(201);
    expect(
      await refused(add(alice, 'ODD', hers('q', { pfn: 'https://odd.example:443/data/q' }))),
    ).toBe('403 AccessDenied');
    await ok(root('POST', '/accounts/alice/attr/register-ODD', { value: 'true' }));
    const at = { pfn: 'https://odd.example:443/data/here/q' };
    expect((await add(alice, 'ODD', hers('q', at))).status).toBe(201);
    await ok(root('POST', '/accounts/alice/limits/local/FLAT', { bytes: -1 }));
  });

  it('may give new names in own scopes only, and add copies of what exists anywhere', async () => {
    expect(await refused(add(alice, 'DISK', file('foreign')))).toBe('403 AccessDenied');
    await ok(add(root, 'SHORE-DISK', file('foreign')));
    expect((await add(alice, 'DISK', file('foreign'))).status).toBe(201);
  });

  it('deletes nothing: that is for admins', async () => {
    const body = { rse: 'DISK', files: [{ scope: 'user.alice', name: 'q' }] };
    expect(await refused(alice('DELETE', '/replicas', body))).toBe('403 AccessDenied');
    const replicas = [{ rse: 'DISK', scope: 'user.alice', name: 'q' }];
    expect(await refused(alice('POST', '/replicas/tombstone', { replicas }))).toBe(
      '403 AccessDenied',
    );
    expect(await refused(alice('POST', '/replicas/bad', { replicas, reason: 'x' }))).toBe(
      '403 AccessDenied',
    );
  });
});

describe('POST /replicas', () => {
  it('takes what an upload sends: a copy still to be written, then written', async () => {
    await ok(
      add(alice, 'DISK', hers('up', { state: 'C', md5: '0'.repeat(32), meta: { guid: null } })),
    );
    expect(await states('up')).toEqual([{ DISK: 'COPYING' }]);
    const whole = { ...hers('up', { state: 'A' }), meta: {}, pfn: 'x', rse_id: 'y', anything: 1 };
    await ok(alice('PUT', '/replicas', { rse: 'DISK', files: [whole] }));
    expect(await states('up')).toEqual([{ DISK: 'AVAILABLE' }]);
  });

  it.each([
    ['a scope with a blank', { scope: 'a b' }],
    ['a name that climbs', { name: '../x' }],
    ['no size', { bytes: undefined }],
    ['a size in words', { bytes: '100' }],
    ['a negative size', { bytes: -1 }],
    ['a size with a fraction', { bytes: 1.5 }],
    ['a checksum that is none', { adler32: 'xyz' }],
    ['a state that cannot be new', { state: 'B' }],
    ['a key that nobody knows', { colour: 'red' }],
  ])('refuses %s', async (_, change) => {
    expect(await refused(add(root, 'DISK', file('bad', change)))).toBe('400 InvalidObject');
  });

  it('refuses more than 1,000 files, and none', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => file(`many-${i}`));
    expect(await refused(add(root, 'DISK', ...many))).toBe('400 InvalidObject');
    expect(await refused(add(root, 'DISK'))).toBe('400 InvalidObject');
  });

  it('refuses an RSE that takes no writes, unless the client does not mind', async () => {
    await ok(root('PUT', '/rses/SHORE-DISK', { availability_write: false }));
    expect(await refused(add(root, 'SHORE-DISK', file('late')))).toBe(
      '503 ResourceTemporaryUnavailable',
    );
    const body = { rse: 'SHORE-DISK', files: [file('late')], ignore_availability: true };
    expect((await root('POST', '/replicas', body)).status).toBe(201);
    await ok(root('PUT', '/rses/SHORE-DISK', { availability_write: true }));
  });

  it('keeps the path of a physical name where the RSE computes none', async () => {
    await ok(add(root, 'ODD', file('deep', { pfn: 'https://odd.example:443/data/a//b/deep' })));
    const { body } = await ok(
      root('POST', '/replicas/list', { dids: [{ scope: 'km3net', name: 'deep' }] }),
    );
    expect(body).toMatchObject([{ rses: { ODD: ['https://odd.example:443/data/a/b/deep'] } }]);
    expect(await refused(add(root, 'ODD', file('lost')))).toBe('409 UnsupportedOperation');
    const elsewhere = { pfn: 'https://elsewhere.example/data/x' };
    expect(await refused(add(root, 'ODD', file('lost', elsewhere)))).toBe('400 InvalidPath');
    const climbing = { pfn: 'https://odd.example:443/data/../etc/passwd' };
    expect(await refused(add(root, 'ODD', file('lost', climbing)))).toBe('400 InvalidPath');
  });

  it('refuses names that would be one file of the storage', async () => {
    await ok(add(root, 'FLAT', file('same')));
    expect(await refused(add(root, 'FLAT', file('/same')))).toBe('400 InvalidPath');
    expect(await refused(add(root, 'FLAT', file('x'), file('/x')))).toBe('400 InvalidPath');
    expect(await refused(add(root, 'FLAT', file('a/../b')))).toBe('400 InvalidObject');
    expect((await add(root, 'DISK', file('same'), file('/same'))).status).toBe(201);
  });
});

describe('PUT /replicas', () => {
  it('makes a rule on a copy that was being written OK', async () => {
    await ok(add(alice, 'DISK', hers('ruled', { state: 'C' })));
    const rule = {
      dids: [{ scope: 'user.alice', name: 'ruled' }],
      copies: 1,
      rse_expression: 'DISK',
    };
    await ok(root('POST', '/accounts/alice/limits/local/DISK', { bytes: 1_000_000 }));
    const added = await alice('POST', '/rules/', { ...rule, account: 'alice' });
    expect(added.status).toBe(201);
    await ok(alice('PUT', '/replicas', { rse: 'DISK', files: [hers('ruled', { state: 'A' })] }));
    const [id] = added.body as string[];
    const { body } = await ok(alice('GET', `/rules/${id}`));
    expect(body).toMatchObject({ state: 'OK', locks_ok_cnt: 1 });
    await ok(alice('PUT', '/replicas', { rse: 'DISK', files: [hers('ruled', { state: 'U' })] }));
    expect((await ok(alice('GET', `/rules/${id}`))).body).toMatchObject({ state: 'STUCK' });
  });

  it('refuses copies that are not there, and states that are not for clients', async () => {
    const put = (name: string, state: string) =>
      refused(alice('PUT', '/replicas', { rse: 'DISK', files: [hers(name, { state })] }));
    expect(await put('none', 'A')).toBe('404 ReplicaNotFound');
    expect(await put('q', 'B')).toBe('409 UnsupportedOperation');
    expect(await put('q', 'X')).toBe('400 InvalidObject');
    expect(await put('q', 'D')).toBe('403 AccessDenied');
  });
});

describe('copies that go', () => {
  it('by name: hidden at once, due at once; a locked one stays', async () => {
    await ok(add(root, 'DISK', file('gone')));
    const body = { rse: 'DISK', files: [{ scope: 'km3net', name: 'gone' }] };
    await ok(root('DELETE', '/replicas', body));
    const listed = await ok(root('POST', '/replicas/list', { dids: body.files }));
    expect(listed.body).toMatchObject([{ rses: {}, states: {} }]);
    const locked = { rse: 'DISK', files: [{ scope: 'user.alice', name: 'ruled' }] };
    expect(await refused(root('DELETE', '/replicas', locked))).toBe('423 ReplicaIsLocked');
  });

  it('bad ones are told by physical name or by name, and what was not declared comes back', async () => {
    await ok(add(root, 'DISK', file('bad1'), file('bad2')));
    const { body } = await ok(
      root('POST', '/replicas/list', { dids: [{ scope: 'km3net', name: 'bad1' }] }),
    );
    const [{ rses }] = body as [{ rses: Record<string, [string]> }];
    const declare = (...replicas: unknown[]) =>
      root('POST', '/replicas/bad', { reason: 'read it', replicas });
    const pfn = rses['DISK']?.[0];
    expect((await ok(declare(pfn))).body).toEqual({});
    expect((await ok(declare(pfn))).body).toEqual({ DISK: [`${pfn} Already declared`] });
    const names = ['bad2', 'none'].map((name) => ({ scope: 'km3net', name, rse: 'DISK' }));
    expect((await ok(declare(...names))).body).toEqual({ DISK: ['km3net:none Unknown replica'] });
    expect(await refused(declare('https://nowhere.example/x'))).toBe('404 ReplicaNotFound');
    const said = await ok(root('GET', '/replicas/bad/states?state=B'));
    expect(said.body).toMatchObject([
      { name: 'bad1', rse: 'DISK', state: 'BAD' },
      { name: 'bad2' },
    ]);
    const summary = await ok(root('GET', '/replicas/bad/summary'));
    expect(summary.body).toMatchObject([{ rse: 'DISK', reason: 'read it', BAD: 2 }]);
  });

  it('suspicions change nothing and are counted', async () => {
    await ok(add(root, 'DISK', file('odd')));
    const { body } = await ok(
      root('POST', '/replicas/list', { dids: [{ scope: 'km3net', name: 'odd' }] }),
    );
    const [{ rses }] = body as [{ rses: Record<string, [string]> }];
    const pfns = [rses['DISK']?.[0]];
    for (const reason of ['slow', 'slower']) {
      await ok(alice('POST', '/replicas/suspicious', { pfns, reason }));
    }
    const found = await ok(root('GET', '/replicas/suspicious?nattempts=1'));
    expect(found.headers['content-type']).toBe('application/json');
    expect(found.body).toMatchObject([{ scope: 'km3net', name: 'odd', rse: 'DISK', cnt: 2 }]);
  });
});
