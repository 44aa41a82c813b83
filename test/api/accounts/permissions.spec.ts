import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { type Call, ROOT_PASSWORD, startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
let alice: Call;
let admin: Call;
beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  admin = await api.person('anna');
  await api.root('POST', '/accounts/anna/attr/admin', { key: 'admin', value: 'True' });
  await api.root('POST', '/rses/DISK', {});
});
afterAll(() => api.close());

const identityOf = (identity: string) => ({
  identity,
  authtype: 'USERPASS',
  email: null,
  default: true,
  password: ROOT_PASSWORD,
});

type Try = [method: 'POST' | 'PUT' | 'DELETE' | 'GET', path: string, body?: unknown];
const attempts: Try[] = [
  ['POST', '/accounts/mallory', { type: 'USER', email: null }],
  ['PUT', '/accounts/alice', { status: 'SUSPENDED' }],
  ['DELETE', '/accounts/anna'],
  ['POST', '/accounts/alice/identities', identityOf('other')],
  ['DELETE', '/accounts/alice/identities', { identity: 'alice', authtype: 'USERPASS' }],
  ['POST', '/accounts/alice/attr/admin', { key: 'admin', value: 'true' }],
  ['DELETE', '/accounts/anna/attr/admin'],
  ['POST', '/accounts/alice/limits/local/DISK', { bytes: -1 }],
  ['DELETE', '/accounts/alice/limits/local/DISK'],
  ['POST', '/accounts/alice/limits/global/DISK', { bytes: -1 }],
  ['DELETE', '/accounts/alice/limits/global/DISK'],
  ['GET', '/accounts/anna/limits/local'],
  ['GET', '/accounts/anna/limits/global'],
  ['GET', '/accounts/anna/usage/local'],
  ['GET', '/accounts/anna/usage/global'],
  ['GET', '/accounts/anna/usage/history/DISK'],
  ['POST', '/accounts/alice/scopes/user.alice'],
  ['PUT', '/scopes/alice/mock'],
  ['POST', '/rses/OTHER', {}],
  ['PUT', '/rses/DISK', { volatile: true }],
  ['DELETE', '/rses/DISK'],
  ['POST', '/rses/DISK/attr/tier', { value: 1 }],
  ['DELETE', '/rses/DISK/attr/DISK'],
  ['POST', '/rses/DISK/protocols/https', { impl: 'x' }],
  ['PUT', '/rses/DISK/protocols/https', { prefix: '/' }],
  ['DELETE', '/rses/DISK/protocols/https'],
  ['PUT', '/rses/DISK/limits', { name: 'MinFreeSpace', value: 1 }],
  ['DELETE', '/rses/DISK/limits', { name: 'MinFreeSpace' }],
  ['PUT', '/rses/DISK/usage', { source: 'storage', used: 1 }],
  ['GET', '/rses/DISK/accounts/usage'],
  ['POST', '/rses/DISK/distances/DISK', { distance: 1 }],
  ['PUT', '/rses/DISK/distances/DISK', { distance: 1 }],
  ['DELETE', '/rses/DISK/distances/DISK'],
  ['POST', '/rses/DISK/restore'],
  ['POST', '/rses/DISK/qos_policy/FAST'],
  ['DELETE', '/rses/DISK/qos_policy/FAST'],
  ['GET', '/export'],
  ['POST', '/import', {}],
  ['GET', '/requests/transfer_limits'],
  ['PUT', '/requests/transfer_limits', { rse_expression: 'DISK', max_transfers: 1 }],
  ['DELETE', '/requests/transfer_limits', { rse_expression: 'DISK' }],
  ['GET', '/config'],
  ['GET', '/config/a'],
  ['GET', '/config/a/b'],
  ['POST', '/config', { a: { b: 1 } }],
  ['PUT', '/config/a/b/c'],
  ['DELETE', '/config/a'],
];

describe('an account that is no admin', () => {
  it.each(attempts)('may not %s %s', async (...[method, path, body]: Try) => {
    const answer = await alice(method, path, body);
    expect([answer.status, answer.headers.exceptionclass]).toEqual([403, 'AccessDenied']);
  });

  it('may see itself: its limits, its usage, its attributes', async () => {
    const paths = ['limits/local', 'limits/global', 'usage/local', 'usage/global', 'attr'];
    for (const path of paths) {
      expect((await alice('GET', `/accounts/alice/${path}`)).status).toBe(200);
    }
  });
});

describe('nobody without a token', () => {
  it.each(attempts)('may %s %s', async (...[method, path, body]: Try) => {
    const answer = await api.anonymous(method, path, body);
    expect([answer.status, answer.headers.exceptionclass]).toEqual([400, 'ValueError']);
  });
});

describe('an admin', () => {
  it('may do what root may, but not become root', async () => {
    expect((await admin('POST', '/accounts/made', { type: 'USER', email: null })).status).toBe(201);
    expect((await admin('GET', '/accounts/alice/usage/local')).status).toBe(200);
    const becoming = await admin('POST', '/accounts/root/identities', identityOf('anna'));
    expect([becoming.status, becoming.headers.exceptionclass]).toEqual([403, 'AccessDenied']);
  });

  it('leaves a record of every change', async () => {
    await admin('POST', '/accounts/noted', { type: 'GROUP', email: null });
    const noted = await api.db.read((tx) =>
      rows(
        tx,
        sql`SELECT a.name, action, change FROM audit JOIN accounts a ON a.id = account_id
            WHERE subject = 'noted'`,
      ),
    );
    const change = { type: 'GROUP', email: null };
    expect(noted).toEqual([{ name: 'anna', action: 'account.add', change }]);
  });
});
