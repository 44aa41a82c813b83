import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { type Call, startApi, type TestApi } from '../../support/api.js';

const WAN = {
  read: 1,
  write: 1,
  delete: 1,
  third_party_copy_read: null,
  third_party_copy_write: null,
};

let api: TestApi;
let alice: Call;
beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  await api.root('POST', '/rses/DISK', {});
  await api.root('POST', '/rses/DISK/protocols/https', {
    hostname: 'a.example',
    port: 443,
    prefix: '/d/',
    impl: 'webdav',
    domains: { wan: WAN },
    extended_attributes: {
      ca: 'PEM',
      token: 'hidden-1',
      s3: { region: 'eu', secret_key: 'hidden-2' },
    },
  });
});
afterAll(() => api.close());

describe('the secrets of a protocol', () => {
  const paths = ['/rses/DISK', '/rses/DISK/protocols', '/rses/DISK/protocols/https'];

  it.each(paths)('are shown by %s to admins only', async (path) => {
    const shown = (await alice('GET', path)).text;
    expect(shown).toContain('"extended_attributes":{"ca":"PEM","s3":{"region":"eu"}}');
    expect(shown).not.toContain('hidden');
    expect((await api.root('GET', path)).text).toContain('hidden-1');
  });

  it('do not stand in the record of changes', async () => {
    await api.root('PUT', '/rses/DISK/protocols/https', {
      extended_attributes: { password: 'hidden-3', s3: { secret_key: 'hidden-2' }, token: 'x' },
    });
    const noted = await api.db.read((tx) =>
      rows<{ change: object }>(tx, sql`SELECT change FROM audit WHERE action ~ 'protocol'`),
    );
    expect(noted.length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(noted)).not.toMatch(/hidden/);
  });
});

describe('a protocol', () => {
  it('shows all operations of both domains, those it has not as null', async () => {
    const { body } = await api.root('GET', '/rses/DISK/protocols');
    expect(body).toMatchObject([
      { domains: { lan: { read: null, write: null, delete: null }, wan: WAN } },
    ]);
  });

  it.each([
    [{ impl: 'x', hostname: 'a b' }, 'InvalidObject'],
    [{ impl: 'x', port: 70000 }, 'InvalidObject'],
    [{ impl: 'x', port: 'high' }, 'InvalidObject'],
    [{ impl: 'x', domains: { wan: { read: 'first' } } }, 'InvalidObject'],
    [{ impl: 'x', domains: { wan: { read: -1 } } }, 'RSEProtocolPriorityError'],
    [{ impl: 'x', domains: { wan: { fly: 1 } } }, 'RSEOperationNotSupported'],
    [{ impl: 'x', domains: { moon: { read: 1 } } }, 'RSEProtocolDomainNotSupported'],
    [{ impl: 'x', extended_attributes: [1] }, 'InvalidObject'],
    [{ impl: 'x', extended_attributes: 'not JSON' }, 'InvalidObject'],
    [{}, 'InvalidObject'],
    [[], 'TypeError'],
  ])('%j is refused as %s', async (body, exceptionClass) => {
    const answer = await api.root('POST', '/rses/DISK/protocols/davs', body);
    expect(answer.headers.exceptionclass).toBe(exceptionClass);
    expect((await api.root('GET', '/rses/DISK/protocols')).text).not.toContain('davs');
  });

  it('of srm needs its web service', async () => {
    const srm = { impl: 'x', hostname: 's.example', extended_attributes: {} };
    const answer = await api.root('POST', '/rses/DISK/protocols/srm', srm);
    expect(answer.headers.exceptionclass).toBe('InvalidObject');
  });

  it('takes its attributes also as the text of an object', async () => {
    const body = { impl: 'x', hostname: 't.example', extended_attributes: '{"a": 1}' };
    expect((await api.root('POST', '/rses/DISK/protocols/s3', body)).status).toBe(201);
    const { text } = await alice('GET', '/rses/DISK/protocols');
    expect(text).toContain('"extended_attributes":{"a":1}');
  });
});
