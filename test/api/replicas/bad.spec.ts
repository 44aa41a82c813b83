import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { addProtocol, findRse } from '../../../src/rses/index.js';
import { type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

let w: World;
let root: Call;
let alice: Call;
const ODD = 'https://odd.example:443/data/here/there/f5';
const pfn = (scope: string, name: string) => `https://flat.example:443/data/${scope}/${name}`;

beforeAll(async () => {
  w = await world();
  ({ root, alice } = w);
  await shelf(w.api.db, 'FLAT', { scheme: 'https', attributes: { lfn2pfn_algorithm: 'identity' } });
  await shelf(w.api.db, 'HASHED', { scheme: 'https' });
  await shelf(w.api.db, 'ODD', { scheme: 'https', deterministic: false });
  const names = ['f1', 'f2', 'f3', 'f4', 'deep/er/f6', 'f7', 'f8', 'f9'];
  await add('FLAT', ...names.map((name) => file(name)));
  await add('FLAT', file('u1', { scope: 'user.alice' }));
  await add('HASHED', file('u1', { scope: 'user.alice' }), file('f1'));
  await add('ODD', file('f5', { pfn: ODD }));
});
afterAll(() => w.close());

const add = (rse: string, ...files: object[]) => ok(root('POST', '/replicas', { rse, files }));
const bad = (replicas: unknown, more: object = {}, call = root) =>
  call('POST', '/replicas/bad', { reason: 'lost disk', force: false, replicas, ...more });
const declared = async (...args: Parameters<typeof bad>) => (await ok(bad(...args))).body;
const state = async (name: string, scope = 'km3net') => {
  const dids = [{ scope, name }];
  const { body } = await ok(root('POST', '/replicas/list', { dids, all_states: true }));
  return (body as { states: Record<string, string> }[])[0]?.states;
};
const pfns = (state: string, named: string[], more: object = {}, call = root) =>
  call('POST', '/replicas/bad/pfns', {
    reason: 'why',
    pfns: named,
    state,
    expires_at: null,
    ...more,
  });
const inDays = (days: number) =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace('Z', '000');

describe('POST /replicas/bad', () => {
  it('takes physical names, and says what it could not declare, by RSE', async () => {
    expect(await declared([pfn('km3net', 'f1'), pfn('km3net', 'nothing')])).toEqual({
      FLAT: [`${pfn('km3net', 'nothing')} Unknown replica`],
    });
    expect(await state('f1')).toEqual({ FLAT: 'BAD', HASHED: 'AVAILABLE' });
    expect(await declared([pfn('km3net', 'f1')])).toEqual({
      FLAT: [`${pfn('km3net', 'f1')} Already declared`],
    });
    expect(await declared([pfn('km3net', 'f1')], { force: true })).toEqual({});
  });

  it('takes names with an RSE or the id of one', async () => {
    const { body } = await ok(root('GET', '/rses/FLAT'));
    const rse_id = (body as { id: string }).id;
    const named = [
      { scope: 'km3net', name: 'f2', rse: 'FLAT' },
      { scope: 'km3net', name: 'f3', rse_id },
      { scope: 'km3net', name: 'f3', rse: 'HASHED' },
    ];
    expect(await declared(named)).toEqual({ HASHED: ['km3net:f3 Unknown replica'] });
    expect([await state('f2'), await state('f3')]).toEqual([{ FLAT: 'BAD' }, { FLAT: 'BAD' }]);
  });

  it('finds signed names, names with slashes, scopes with dots, registered paths', async () => {
    const hashed = `/replicas/user.alice/u1`;
    const { body } = await ok(root('GET', hashed));
    const found = (body as { rses: Record<string, string[]> }[])[0]?.rses['HASHED']?.[0] ?? '';
    expect(
      await declared([
        `${pfn('km3net', 'deep/er/f6')}?authz=Bearer%20ey`,
        found,
        `${ODD}?X-Amz-Signature=ab`,
      ]),
    ).toEqual({});
    expect(await state('deep/er/f6')).toEqual({ FLAT: 'BAD' });
    expect(await state('u1', 'user.alice')).toEqual({ FLAT: 'AVAILABLE', HASHED: 'BAD' });
    expect(await state('f5')).toEqual({ ODD: 'BAD' });
  });

  it('means the copy that is there where storage elements share a place', async () => {
    await shelf(w.api.db, 'INNER', {
      scheme: 'memory',
      attributes: { lfn2pfn_algorithm: 'identity' },
    });
    const all = { read: 1, write: 1, delete: 1 };
    await w.api.db.tx(async (tx) =>
      addProtocol(tx, await findRse(tx, 'INNER'), {
        scheme: 'https',
        hostname: 'flat.example',
        port: 443,
        prefix: '/data/inner/',
        impl: 'rucio.rse.protocols.webdav.Default',
        domains: { lan: all, wan: all },
        extendedAttributes: null,
      }),
    );
    await add('INNER', file('g1'));
    expect(await declared([pfn('inner/km3net', 'g1')])).toEqual({});
    expect(await state('g1')).toEqual({ INNER: 'BAD' });
  });

  it.each([
    ['a PFN at no RSE', ['https://nowhere.example:443/data/x'], '404 ReplicaNotFound'],
    ['a text that is no PFN', ['nonsense'], '400 InvalidPath'],
    ['an RSE that is none', [{ scope: 'km3net', name: 'f1', rse: 'NONE' }], '404 RSENotFound'],
    ['both kinds at once', ['https://x/y', { scope: 'a', name: 'b' }], '400 InvalidType'],
    ['numbers', [1, 2], '400 InvalidObject'],
    ['no list', 'https://x/y', '400 InvalidObject'],
    ['an empty list', [], '400 InvalidObject'],
  ])('refuses %s', async (_, replicas, answer) => {
    expect(await refused(bad(replicas))).toBe(answer);
  });

  it('is for admins', async () => {
    expect(await refused(bad([pfn('km3net', 'f4')], {}, alice))).toBe('403 AccessDenied');
  });

  it('takes files of one RSE, and gives one list', async () => {
    const dids = ['f4', 'f4', 'none'].map((name) => ({ scope: 'km3net', name }));
    const answer = await ok(root('POST', '/replicas/bad/dids', { rse: 'FLAT', dids, reason: 'x' }));
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual(['km3net:none Unknown replica']);
    expect(await state('f4')).toEqual({ FLAT: 'BAD' });
    const body = { rse: 'FLAT', dids, reason: 'x' };
    expect(await refused(alice('POST', '/replicas/bad/dids', body))).toBe('403 AccessDenied');
  });
});

describe('POST /replicas/bad/pfns', () => {
  it('lets copies rest until a date, and changes the date', async () => {
    for (const days of [1, 29]) {
      await ok(pfns('TEMPORARY_UNAVAILABLE', [pfn('km3net', 'f7')], { expires_at: inDays(days) }));
    }
    expect(await state('f7')).toEqual({ FLAT: 'TEMPORARY_UNAVAILABLE' });
    const dids = [{ scope: 'km3net', name: 'f7' }];
    const { body } = await ok(root('POST', '/replicas/list', { dids }));
    expect(body).toMatchObject([{ name: 'f7', rses: {} }]);
    await ok(pfns('AVAILABLE', [pfn('km3net', 'f7')]));
    expect(await state('f7')).toEqual({ FLAT: 'AVAILABLE' });
  });

  it('declares BAD and SUSPICIOUS, and again without complaint', async () => {
    for (let times = 0; times < 2; times++) {
      expect((await pfns('BAD', [pfn('km3net', 'f8')])).status).toBe(201);
      expect((await pfns('suspicious', [pfn('km3net', 'f9')], {}, alice)).status).toBe(201);
    }
    expect([await state('f8'), await state('f9')]).toEqual([
      { FLAT: 'BAD' },
      { FLAT: 'AVAILABLE' },
    ]);
  });

  it('is all or nothing', async () => {
    const named = [pfn('km3net', 'f9'), pfn('km3net', 'none')];
    expect(await refused(pfns('BAD', named))).toBe('404 ReplicaNotFound');
    expect(await state('f9')).toEqual({ FLAT: 'AVAILABLE' });
  });

  it.each([
    ['a state that is none', 'BROKEN', {}, '400 ValueError'],
    ['a rest without an end', 'TEMPORARY_UNAVAILABLE', {}, '400 InputValidationError'],
    ['an end of BAD', 'BAD', { expires_at: inDays(1) }, '400 InputValidationError'],
    [
      'a rest that is over',
      'TEMPORARY_UNAVAILABLE',
      { expires_at: inDays(-1) },
      '400 InputValidationError',
    ],
    [
      'a rest of 31 days',
      'TEMPORARY_UNAVAILABLE',
      { expires_at: inDays(31) },
      '400 InputValidationError',
    ],
    ['a date that is none', 'TEMPORARY_UNAVAILABLE', { expires_at: 'soon' }, '400 InvalidObject'],
  ])('refuses %s', async (_, state, more, answer) => {
    expect(await refused(pfns(state, [pfn('km3net', 'f9')], more))).toBe(answer);
  });

  it.each(['BAD', 'TEMPORARY_UNAVAILABLE', 'AVAILABLE'])(
    'lets nobody but admins say %s',
    async (said) => {
      const more = said === 'TEMPORARY_UNAVAILABLE' ? { expires_at: inDays(1) } : {};
      expect(await refused(pfns(said, [pfn('km3net', 'f9')], more, alice))).toBe(
        '403 AccessDenied',
      );
    },
  );
});

describe('POST /replicas/suspicious', () => {
  const suspect = (call: Call, ...named: string[]) =>
    call('POST', '/replicas/suspicious', { pfns: named, reason: 'slow' });
  const listed = async (query: string) =>
    (
      (await ok(root('GET', `/replicas/suspicious${query}`))).body as {
        name: string;
        cnt: number;
      }[]
    ).map(({ name, cnt }) => `${name} ${cnt}`);

  it('is for everybody, and lists what was suspected how often', async () => {
    const answer = await suspect(alice, pfn('km3net', 'f7'), pfn('km3net', 'none'));
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ FLAT: [`${pfn('km3net', 'none')} Unknown replica`] });
    expect(await listed('?rse_expression=FLAT')).toEqual(['f9 2', 'f7 1']);
    expect(await listed('?nattempts=1')).toEqual(['f9 2']);
    expect(await listed('?rse_expression=HASHED')).toEqual([]);
    expect(await listed('?younger_than=2099-01-01T00:00:00')).toEqual([]);
    expect(await refused(root('GET', '/replicas/suspicious?rse_expression=NONE'))).toBe(
      '400 InvalidRSEExpression',
    );
  });

  it('forgets those that are bad by now', async () => {
    await ok(pfns('BAD', [pfn('km3net', 'f9')]));
    expect(await listed('')).toEqual(['f7 1']);
  });
});

describe('GET /replicas/bad/states and summary', () => {
  it('give what was declared, by state, RSE and date', async () => {
    const { body } = await ok(root('GET', '/replicas/bad/states?state=B&rse=ODD'));
    expect(body).toEqual([
      expect.objectContaining({ scope: 'km3net', name: 'f5', rse: 'ODD', state: 'BAD' }),
    ]);
    const lines = await ok(root('GET', '/replicas/bad/states?state=B&rse=ODD&list_pfns=True'));
    expect(lines.body).toEqual([ODD]);
    const few = await ok(root('GET', '/replicas/bad/states?state=B&limit=2'));
    expect(few.body).toHaveLength(2);
    const none = await ok(root('GET', `/replicas/bad/states?younger_than=2099-01-01T00:00:00.0`));
    expect(none.body === '' || (none.body as unknown[]).length === 0).toBe(true);
    expect(await refused(root('GET', '/replicas/bad/states?state=X'))).toBe('400 ValueError');
  });

  it('sum them up by incident', async () => {
    const day = new Date().toISOString().slice(0, 10);
    const { body } = await ok(
      root('GET', `/replicas/bad/summary?rse_expression=ODD&from_date=${day}`),
    );
    expect(body).toEqual([
      expect.objectContaining({
        rse: 'ODD',
        reason: 'lost disk',
        BAD: 1,
        created_at: `${new Date(day).toUTCString().slice(0, -3)}UTC`,
      }),
    ]);
    const before = await ok(root('GET', `/replicas/bad/summary?to_date=${day}`));
    expect(before.text).toBe('');
  });
});

describe('POST /replicas/quarantine', () => {
  const quarantine = (body: object, call = root) => call('POST', '/replicas/quarantine', body);
  const dark = () =>
    w.api.db.read((tx) =>
      rows<{ path: string; scope: string | null; account: string }>(
        tx,
        sql`SELECT q.path, q.scope, a.name AS account FROM quarantined_replicas q
              JOIN accounts a ON a.id = q.account_id ORDER BY path`,
      ),
    );

  it('keeps what is at a storage and not in the catalogue, once', async () => {
    const replicas = [
      { path: 'km3net/dark1', scope: 'km3net', name: 'dark1' },
      { path: '/any//where/dark2' },
      { path: '/km3net/f7' },
    ];
    for (let times = 0; times < 2; times++) {
      expect((await quarantine({ rse: 'FLAT', rse_id: null, replicas })).status).toBe(200);
    }
    await ok(quarantine({ rse: 'ODD', replicas: [{ path: 'here/there/f5' }] }));
    expect(await dark()).toEqual([
      { path: '/any/where/dark2', scope: null, account: 'root' },
      { path: '/km3net/dark1', scope: 'km3net', account: 'root' },
    ]);
  });

  it.each([
    ['a path that climbs', { rse: 'FLAT', replicas: [{ path: '../../etc/x' }] }, '400 InvalidPath'],
    ['an RSE that is none', { rse: 'NONE', replicas: [{ path: 'x' }] }, '404 RSENotFound'],
    ['an id that is none', { rse_id: 'ab', replicas: [{ path: 'x' }] }, '404 RSENotFound'],
    ['no RSE', { replicas: [{ path: 'x' }] }, '400 ValueError'],
    ['a replica without a path', { rse: 'FLAT', replicas: [{ name: 'x' }] }, '400 InvalidObject'],
  ])('refuses %s', async (_, body, answer) => {
    expect(await refused(quarantine(body))).toBe(answer);
  });

  it('is for admins', async () => {
    expect(await refused(quarantine({ rse: 'FLAT', replicas: [{ path: 'x' }] }, alice))).toBe(
      '403 AccessDenied',
    );
  });
});

it('POST /replicas/dids tells the files behind physical names', async () => {
  const asked = {
    rse: null,
    pfns: [`${ODD}?x=y`, pfn('km3net', 'deep/er/f6'), pfn('km3net', 'none')],
  };
  const { body } = await ok(alice('POST', '/replicas/dids', asked));
  expect(body).toEqual([
    { [`${ODD}?x=y`]: { scope: 'km3net', name: 'f5' } },
    { [pfn('km3net', 'deep/er/f6')]: { scope: 'km3net', name: 'deep/er/f6' } },
  ]);
  const other = { rse: 'HASHED', pfns: [ODD] };
  expect(await refused(alice('POST', '/replicas/dids', other))).toBe('404 ReplicaNotFound');
});
