import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { findRse } from '../../../src/rses/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/rses/DISK', { city: 'Marseille', availability: 6 });
});
afterAll(() => api.close());

const get = async (rse: string) =>
  (await api.root('GET', `/rses/${rse}`)).body as Record<string, unknown>;

describe('an RSE', () => {
  it('has its availability as one number and as three truth values', async () => {
    expect(await get('DISK')).toMatchObject({
      availability: 6,
      availability_read: true,
      availability_write: true,
      availability_delete: false,
    });
    await api.root('PUT', '/rses/DISK', { availability: 1 });
    expect(await get('DISK')).toMatchObject({ availability: 1, availability_write: false });
    await api.root('PUT', '/rses/DISK', { availability_write: 'True' });
    expect(await get('DISK')).toMatchObject({ availability: 3 });
  });

  it('tells clients what its attributes say about checksums, signing and names', async () => {
    for (const [key, value] of Object.entries({
      verify_checksum: 'False',
      sign_url: 's3',
      lfn2pfn_algorithm: 'identity',
    })) {
      await api.root('POST', `/rses/DISK/attr/${key}`, { value });
    }
    expect(await get('DISK')).toMatchObject({
      verify_checksum: false,
      sign_url: 's3',
      lfn2pfn_algorithm: 'identity',
    });
  });

  it('is renamed with the attribute that names it', async () => {
    await api.root('POST', '/rses/OLD', {});
    expect((await api.root('PUT', '/rses/OLD', { name: 'NEW' })).status).toBe(201);
    const { body } = await api.root('GET', '/rses/?expression=NEW');
    expect(body).toEqual([{ rse: 'NEW' }]);
    expect((await api.root('GET', '/rses/OLD')).headers.exceptionclass).toBe('RSENotFound');
  });

  it('that holds copies is not deleted', async () => {
    await api.root('POST', '/rses/FULL', {});
    await api.db.tx(async (tx) => {
      const { id } = await findRse(tx, 'FULL');
      await execute(
        tx,
        sql`INSERT INTO replicas (did_id, rse_id, bytes, state) VALUES (1, ${id}, 1, 'A')`,
      );
    });
    const answer = await api.root('DELETE', '/rses/FULL');
    expect([answer.status, answer.headers.exceptionclass]).toEqual([
      404,
      'RSEOperationNotSupported',
    ]);
  });

  it.each([
    [{ rse_type: 'CLOUD' }],
    [{ deterministic: 'maybe' }],
    [{ availability: 8 }],
    [{ availability: 'all' }],
    [{ latitude: 91 }],
    [{ longitude: 'east' }],
    [{ city: ['Marseille'] }],
    [{ city: 'x'.repeat(300) }],
  ])('%j is refused, by name', async (body) => {
    const [key = ''] = Object.keys(body);
    for (const [method, path] of [
      ['POST', '/rses/ODD'],
      ['PUT', '/rses/DISK'],
    ] as const) {
      const answer = await api.root(method, path, body);
      expect([answer.status, answer.headers.exceptionclass]).toEqual([400, 'InvalidObject']);
      expect(answer.headers.exceptionmessage).toContain(key);
    }
  });
});

describe('paths at an RSE that is not deterministic', () => {
  it('are those that were registered', async () => {
    await api.root('POST', '/rses/TAPE', { deterministic: false, rse_type: 'TAPE' });
    await api.root('POST', '/rses/TAPE/protocols/https', {
      hostname: 't.example',
      port: 443,
      prefix: '/t',
      impl: 'webdav',
      domains: { wan: { write: 1 } },
    });
    await api.root('POST', '/accounts/root/scopes/data');
    await api.db.tx(async (tx) => {
      const { id } = await findRse(tx, 'TAPE');
      await execute(
        tx,
        sql`WITH file AS (
              INSERT INTO dids (scope, name, type, account_id, bytes)
              SELECT 'data', 'f1', 'F', id, 1 FROM accounts WHERE name = 'root' RETURNING id)
            INSERT INTO replica_paths (did_id, rse_id, path) SELECT id, ${id}, '/x/y' FROM file`,
      );
    });
    const known = await api.root('GET', '/rses/TAPE/lfns2pfns?lfn=data:f1&lfn=data:f2');
    expect(known.body).toEqual({ 'data:f1': 'https://t.example:443/t/x/y' });
    const unknown = await api.root('GET', '/rses/TAPE/lfns2pfns?lfn=data:f2');
    expect([unknown.status, unknown.headers.exceptionclass]).toEqual([404, 'ReplicaNotFound']);
    const wrong = await api.root('GET', '/rses/TAPE/lfns2pfns?lfn=f2');
    expect([wrong.status, wrong.headers.exceptionclass]).toEqual([400, 'InvalidPath']);
  });
});
