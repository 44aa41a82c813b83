import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { rows, sql } from '../../../src/db/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const send = (body: unknown) => api.root('POST', '/import', body);
const rse = async (name: string) =>
  (await api.root('GET', `/rses/${name}`)).body as Record<string, unknown>;

const PROTOCOL = { scheme: 'https', hostname: 'a.example', port: 443, prefix: '/', impl: 'x' };

describe('an import', () => {
  // Recorded by scripts/golden/record-export.mjs.
  it('of what a real Rucio exports is taken as it is', async () => {
    const recorded = new URL('../../golden/export/rucio.json', import.meta.url);
    const document = JSON.parse(readFileSync(recorded, 'utf8')) as {
      rses: Record<string, Record<string, unknown>>;
      distances: Record<string, Record<string, { distance: number }>>;
    };
    expect((await send(document)).status).toBe(201);
    // Rucio's number is not what its truth values say, which are those that count.
    for (const rse of Object.values(document.rses)) delete rse['availability'];
    const { body } = await api.root('GET', '/export');
    const ours = body as typeof document;
    expect(ours.rses).toMatchObject(document.rses);
    for (const [source, ways] of Object.entries(document.distances)) {
      expect(ours.distances[source]).toMatchObject(ways);
    }
  });

  it('changes what it names and takes nothing away', async () => {
    await send({
      rses: { DISK: { city: 'Bari', attributes: { tier: 1, site: 'X' }, protocols: [PROTOCOL] } },
    });
    await send({ rses: { DISK: { attributes: { tier: 2 }, availability_write: false } } });
    expect(await rse('DISK')).toMatchObject({ availability: 5, protocols: [PROTOCOL] });
    const attributes = (await api.root('GET', '/rses/DISK/attr')).body;
    expect(attributes).toEqual({ DISK: true, city: 'Bari', site: 'X', tier: '2' });
  });

  it('restores an RSE that was deleted', async () => {
    await send({ rses: { BACK: {} } });
    const { id } = await rse('BACK');
    await api.root('DELETE', '/rses/BACK');
    await send({ rses: { BACK: { volatile: true } } });
    expect(await rse('BACK')).toMatchObject({ id, volatile: true });
  });

  it('gives an RSE another id where its own is taken', async () => {
    const { id } = await rse('DISK');
    await send({ rses: { TWIN: { id } } });
    expect((await rse('TWIN'))['id']).not.toBe(id);
  });

  it('adds accounts with identities, and changes no password that is there', async () => {
    const account = (password: string) => ({
      accounts: [
        {
          account: 'alice',
          email: 'a@km3net.example',
          identities: [
            { type: 'USERPASS', identity: 'alice', password },
            { type: 'x509', identity: '/CN=Alice' },
          ],
        },
      ],
    });
    expect((await send(account('first word'))).status).toBe(201);
    expect((await send(account('second word'))).status).toBe(201);
    await api.as('alice', 'first word');
    await expect(api.as('alice', 'second word')).rejects.toThrow('401');
    const { body } = await api.root('GET', '/accounts/alice/identities');
    expect(body).toHaveLength(2);
    const noted = await api.db.read((tx) =>
      rows<{ change: object }>(tx, sql`SELECT change FROM audit WHERE action = 'import'`),
    );
    expect(JSON.stringify(noted)).toContain('alice');
    expect(JSON.stringify(noted)).not.toContain('word');
  });

  it.each([
    [{ rses: { 'lower-case': {} } }, 400, 'InvalidObject', 'lower-case'],
    [{ rses: { X: { rse_type: 'CLOUD' } } }, 400, 'InvalidObject', 'rse_type'],
    [{ rses: { X: { id: 'seven' } } }, 400, 'InvalidObject', 'id'],
    [{ rses: { X: { protocols: [{ scheme: 'https' }] } } }, 400, 'InvalidObject', 'impl'],
    [{ rses: { X: { protocols: [PROTOCOL, PROTOCOL] } } }, 400, 'InvalidObject', 'a.example'],
    [{ rses: { X: { MinFreeSpace: 'much' } } }, 400, 'InvalidObject', 'MinFreeSpace'],
    [{ rses: { X: 1 } }, 400, 'InvalidObject', 'rses.X'],
    [{ rses: { X: {} }, distances: { X: { Y: { distance: 1 } } } }, 404, 'RSENotFound', "'Y'"],
    [{ distances: { DISK: { TWIN: { distance: -1 } } } }, 400, 'InvalidObject', 'distance'],
    [{ accounts: [{ account: 'NO' }] }, 400, 'InvalidObject', 'NO'],
    [{ accounts: {} }, 400, 'TypeError', 'accounts'],
    [[], 400, 'TypeError', 'import'],
  ])('refuses %j whole and says why', async (body, status, fact, word) => {
    const answer = await send(body);
    expect([answer.status, answer.headers['exceptionclass']]).toEqual([status, fact]);
    expect(answer.text).toContain(word);
    expect((await api.root('GET', '/rses/X')).status).toBe(404);
  });
});
