import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

const DOMAINS = {
  lan: { read: 1, write: 1, delete: 1 },
  wan: {
    read: 2,
    write: 1,
    delete: 1,
    third_party_copy_read: 1,
    third_party_copy_write: null,
  },
};

type Document = { rses: Record<string, Record<string, unknown>>; distances?: unknown };

let full: TestApi;
let empty: TestApi;
beforeAll(async () => {
  full = await startApi();
  empty = await startApi();
  await tellLake(full);
});
afterAll(async () => {
  await full.close();
  await empty.close();
});

/** Two RSEs with everything that an RSE can have, one with nothing, and one that is deleted. */
async function tellLake({ root }: TestApi): Promise<void> {
  await root('POST', '/rses/TAPE', {
    rse_type: 'TAPE',
    deterministic: false,
    staging_area: true,
    availability: 5,
    continent: 'EU',
    ISP: 'GEANT',
    ASN: '1',
    city: 'Toulon',
    latitude: 43.1,
    longitude: 5.9,
    qos_class: 'SAFE',
  });
  await root('POST', '/rses/DISK', { country_name: 'France', volatile: true });
  await root('POST', '/rses/BARE', {});
  await root('POST', '/rses/GONE', {});
  await root('DELETE', '/rses/GONE');
  const attributes = { tier: 1, lfn2pfn_algorithm: 'identity', verify_checksum: false, site: 'S' };
  for (const [key, value] of Object.entries(attributes)) {
    await root('POST', `/rses/DISK/attr/${key}`, { value });
  }
  for (const port of [443, 8443]) {
    await root('POST', '/rses/DISK/protocols/https', {
      hostname: 'disk.example',
      port,
      prefix: '/data/',
      impl: 'rucio.rse.protocols.webdav.Default',
      domains: DOMAINS,
      extended_attributes: { token: 'a secret that an import needs', ca: 'PEM' },
    });
  }
  await root('PUT', '/rses/DISK/limits', { name: 'MinFreeSpace', value: 1000 });
  await root('PUT', '/rses/DISK/limits', { name: 'MaxSpaceAvailable', value: 9000 });
  await root('POST', '/rses/TAPE/qos_policy/CHEAP');
  await root('POST', '/rses/TAPE/distances/DISK', { distance: 3, bidirectional: true });
  await root('POST', '/rses/BARE/distances/DISK', { distance: 0 });
}

const exported = async ({ root }: TestApi, query = ''): Promise<Document> =>
  (await root('GET', `/export${query}`)).body as Document;

describe('an export', () => {
  it('names every RSE that is not deleted, with what it has', async () => {
    const { rses, distances } = await exported(full, '?distance=True');
    expect(Object.keys(rses)).toEqual(['BARE', 'DISK', 'TAPE']);
    expect(rses['DISK']).toMatchObject({
      rse: 'DISK',
      rse_type: 'DISK',
      attributes: { DISK: true, tier: '1', site: 'S', country_name: 'France' },
      lfn2pfn_algorithm: 'identity',
      verify_checksum: false,
      credentials: null,
      MinFreeSpace: 1000,
      availability_write: true,
    });
    expect(rses['DISK']?.['protocols']).toHaveLength(2);
    for (const key of ['continent', 'ASN', 'ISP', 'deleted']) {
      expect(rses['TAPE']).not.toHaveProperty(key);
    }
    expect(distances).toMatchObject({
      BARE: { DISK: { distance: 0 } },
      DISK: { TAPE: { distance: 3 } },
      TAPE: { DISK: { distance: 3 } },
    });
  });

  it('leaves distances out where they are not wanted', async () => {
    expect(await exported(full, '?distance=False')).not.toHaveProperty('distances');
  });

  it('imports into an empty Sluice, which then gives the same export', async () => {
    const { text } = await full.root('GET', '/export');
    const answer = await empty.root('POST', '/import', text);
    expect([answer.status, answer.text]).toEqual([201, 'Created']);
    expect((await empty.root('GET', '/export')).text).toBe(text);
  });

  it('brings along what exports tell by attributes alone, and expressions work', async () => {
    const rows = (await empty.root('GET', '/rses/')).body as Record<string, unknown>[];
    expect(rows.find(({ rse }) => rse === 'TAPE')).toMatchObject({
      continent: 'EU',
      ISP: 'GEANT',
      ASN: '1',
    });
    const named = await empty.root('GET', '/rses?expression=continent=EU|DISK');
    expect(named.body).toEqual([{ rse: 'DISK' }, { rse: 'TAPE' }]);
    const limits = await empty.root('GET', '/rses/DISK/limits');
    expect(limits.body).toEqual({ MaxSpaceAvailable: 9000, MinFreeSpace: 1000 });
    expect((await empty.root('GET', '/rses/TAPE/qos_policy')).body).toEqual(['CHEAP']);
  });
});
