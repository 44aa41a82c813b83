import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addProtocol, findRse } from '../../../src/rses/index.js';
import { type Call } from '../../support/api.js';
import { shelf } from '../../support/shelf.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

const NAMES = [
  ['km3net', 'f1'],
  ['km3net', 'run/2026/f2'],
  ['km3net', '/grid/km3net/f3'],
  ['user.alice', 'f1'],
  ['user.alice', 'deep/er/f4'],
  ['user.a.b', 'f5'],
  ['group.phys.astro', '/grid/f6'],
  ['data.2026', 'f7'],
  ['km3net', '//grid//x/f8'],
  ['user.a.b', 'y//f9'],
] as const;
const ALL = { read: 1, write: 1, delete: 1 };

let w: World;
let root: Call;
beforeAll(async () => {
  w = await world();
  ({ root } = w);
  const { db } = w.api;
  await shelf(db, 'FLAT', { scheme: 'https', attributes: { lfn2pfn_algorithm: 'identity' } });
  await shelf(db, 'HASHED', { scheme: 'https' });
  await shelf(db, 'ODD', { scheme: 'https', deterministic: false });
  await db.tx(async (tx) =>
    addProtocol(tx, await findRse(tx, 'HASHED'), {
      scheme: 'root',
      hostname: 'hashed.example',
      port: 1094,
      prefix: '//eos/km3net/',
      impl: 'rucio.rse.protocols.xrootd.Default',
      domains: { wan: ALL, lan: ALL },
      extendedAttributes: null,
    }),
  );
  for (const scope of ['user.a.b', 'group.phys.astro', 'data.2026']) {
    await ok(root('POST', `/accounts/root/scopes/${scope}`));
  }
  const files = NAMES.map(([scope, name]) => file(name, { scope }));
  for (const rse of ['FLAT', 'HASHED']) await ok(root('POST', '/replicas', { rse, files }));
  const odd = files.map((each, at) => ({ ...each, pfn: `https://odd.example:443/data/x/${at}` }));
  await ok(root('POST', '/replicas', { rse: 'ODD', files: odd }));
});
afterAll(() => w.close());

/** Every physical name that a listing gives for these files, with the file. */
async function listed(more: object): Promise<[pfn: string, did: string][]> {
  const dids = NAMES.map(([scope, name]) => ({ scope, name }));
  const { body } = await ok(root('POST', '/replicas/list', { dids, ...more }));
  return (body as { scope: string; name: string; pfns: object }[]).flatMap((row) =>
    Object.keys(row.pfns).map((pfn): [string, string] => [pfn, `${row.scope}:${row.name}`]),
  );
}
async function found(pfns: readonly string[], rse?: string): Promise<[string, string][]> {
  const { body } = await ok(root('POST', '/replicas/dids', { ...(rse && { rse }), pfns }));
  return (body as Record<string, { scope: string; name: string }>[]).flatMap((row) =>
    Object.entries(row).map(([pfn, did]): [string, string] => [pfn, `${did.scope}:${did.name}`]),
  );
}

describe('POST /replicas/dids', () => {
  it.each(['FLAT', 'HASHED', 'ODD'])('finds what a listing of %s gives', async (rse) => {
    const all = await listed({ rse_expression: rse });
    expect(all).toHaveLength(NAMES.length);
    const pfns = all.map(([pfn]) => pfn);
    expect(await found(pfns, rse)).toEqual(all);
    expect(await found(pfns)).toEqual(all);
  });

  it('finds them by every protocol, signed or not, with or without the usual port', async () => {
    const all = await listed({ rse_expression: 'HASHED', schemes: ['root', 'https'] });
    expect(all).toHaveLength(2 * NAMES.length);
    const written = all.map(([pfn, did]): [string, string] => [
      `${pfn.replace(':443/', '/')}?X-Amz-Signature=ab`,
      did,
    ]);
    expect(await found(written.map(([pfn]) => pfn))).toEqual(written);
  });

  it('leaves out what the catalogue has not, and refuses what is at no RSE', async () => {
    expect(
      (
        await ok(
          root('POST', '/replicas/dids', { pfns: ['https://flat.example:443/data/km3net/none'] }),
        )
      ).text,
    ).toBe('');
    const at = (body: object) => refused(root('POST', '/replicas/dids', body));
    expect(await at({ pfns: ['https://nowhere.example/a'] })).toBe('404 ReplicaNotFound');
    expect(await at({ pfns: ['nonsense'] })).toBe('400 InvalidPath');
    expect(await at({ pfns: [], rse: 'NONE' })).toBe('404 RSENotFound');
  });
});
