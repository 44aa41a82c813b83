import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { clientSettings } from '../../src/config/index.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-client-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
/** No state directory, and so no password of root. */
const NOBODY = { SLUICE_STATE: join(directory, 'nothing') };
const rucioCfg = file(
  'rucio.cfg',
  `[common]
username = not this one
[client]
# where it is
rucio_host = https://lake.example.org/
auth_host: https://auth.example.org
account = shift
auth_type = userpass
username = ops
password = a;b#c = 100%%
ca_cert = ${file('ca.pem', 'PEM')}
`,
);

describe('the settings of the command line as a client', () => {
  it('are this machine and nobody where nothing is said', () => {
    expect(clientSettings({}, { environment: NOBODY })).toEqual({
      url: 'http://127.0.0.1:8080',
      authUrl: 'http://127.0.0.1:8080',
      account: undefined,
      login: undefined,
      ca: undefined,
    });
  });

  it('are root for the user whose state directory it is, and only for this machine', () => {
    const state = join(directory, 'state');
    mkdirSync(state);
    writeFileSync(join(state, 'root-password'), 'generated\n');
    const environment = { SLUICE_STATE: state, SLUICE_SERVER__PORT: '9000' };
    expect(clientSettings({}, { environment })).toMatchObject({
      url: 'http://127.0.0.1:9000',
      account: 'root',
      login: { username: 'root', password: 'generated' },
    });
    const elsewhere = clientSettings({ url: 'https://evil.example.org' }, { environment });
    expect(elsewhere.login).toBeUndefined();
  });

  it('come from the environment, and flags win', () => {
    const environment = {
      ...NOBODY,
      SLUICE_CLIENT__URL: 'https://one.example.org/',
      SLUICE_CLIENT__USERNAME: 'ann',
      SLUICE_CLIENT__PASSWORD_FILE: file('password', 'secret\n'),
      SLUICE_CLIENT__ACCOUNT: 'ann',
    };
    expect(clientSettings({}, { environment })).toMatchObject({
      url: 'https://one.example.org',
      account: 'ann',
      login: { username: 'ann', password: 'secret' },
    });
    const flags = { url: 'https://two.example.org', account: 'shift', username: 'bob' };
    expect(clientSettings(flags, { environment })).toMatchObject({
      url: 'https://two.example.org',
      account: 'shift',
      login: { username: 'bob', password: 'secret' },
    });
    const token = { ...environment, SLUICE_CLIENT__TOKEN: 't' };
    expect(clientSettings({}, { environment: token }).login).toEqual({ token: 't' });
    expect(clientSettings({ username: 'bob' }, { environment: token }).login).toMatchObject({
      username: 'bob',
    });
  });

  it("are the official client's where Sluice's own say nothing", () => {
    const environment = { ...NOBODY, RUCIO_CONFIG: rucioCfg };
    expect(clientSettings({}, { environment })).toEqual({
      url: 'https://lake.example.org',
      authUrl: 'https://auth.example.org',
      account: 'shift',
      login: { username: 'ops', password: 'a;b#c = 100%' },
      ca: 'PEM',
    });
    const home = join(directory, 'home');
    mkdirSync(join(home, 'etc'), { recursive: true });
    writeFileSync(join(home, 'etc', 'rucio.cfg'), '[client]\nrucio_host = http://home.example\n');
    const atHome = { ...NOBODY, RUCIO_HOME: home, RUCIO_ACCOUNT: 'me' };
    expect(clientSettings({}, { environment: atHome })).toMatchObject({
      url: 'http://home.example',
      account: 'me',
      login: undefined,
    });
  });

  it('never send a password to a service that it was not written down for', () => {
    const environment = { ...NOBODY, RUCIO_CONFIG: rucioCfg };
    const elsewhere = clientSettings({ url: 'https://other.example.org' }, { environment });
    expect(elsewhere).toMatchObject({ login: undefined, account: undefined, ca: undefined });
  });

  it('name what cannot be read', () => {
    const environment = { ...NOBODY, RUCIO_CONFIG: join(directory, 'missing.cfg') };
    expect(() => clientSettings({}, { environment })).toThrow(/RUCIO_CONFIG.*missing\.cfg/);
    expect(() => clientSettings({ url: 'lake' }, { environment: NOBODY })).toThrow(
      /client\.url in the command line: "lake" is not an http\(s\) URL/,
    );
  });
});
