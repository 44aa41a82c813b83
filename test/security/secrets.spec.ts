import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { createLog, type Log } from '../../src/log/index.js';
import { type Service, serve } from '../../src/main.js';
import { type Call } from '../support/api.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';

const PASSWORD = 'correct-horse-battery-staple';
const OTHERS_PASSWORD = 'wonderland-of-alice';
const STORAGE_TOKEN = 'storage-token-of-the-protocol';

let base: TestDatabase;
let service: Service;
let log: Log;
const lines: string[] = [];
/** What must be nowhere in the log. */
const secrets = new Set([PASSWORD, OTHERS_PASSWORD, STORAGE_TOKEN]);

beforeAll(async () => {
  base = await testDatabase();
  log = createLog('trace', { write: (line) => void lines.push(line) });
  const config = loadConfig({
    file: bundledConfigFile('test'),
    environment: {},
    overrides: {
      server: { port: 0, host: '127.0.0.1' },
      state: { directory: mkdtempSync(join(tmpdir(), 'sluice-test-')) },
      database: { url: base.url },
      bootstrap: { password: PASSWORD },
    },
  });
  service = await serve(config, log);
});
afterAll(async () => {
  await service.stop();
  await base.close();
});

async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<{ status: number; text: string; headers: Record<string, string> }> {
  const { status, data, ...answer } = await axios.request<string>({
    method,
    url: `${service.url}${path}`,
    headers,
    data: body === undefined ? undefined : JSON.stringify(body),
    validateStatus: () => true,
    maxRedirects: 0,
    transformResponse: (text: string) => text,
  });
  return { status, text: data, headers: answer.headers as Record<string, string> };
}

async function login(username: string, password: string): Promise<string> {
  const { headers } = await ask('GET', '/auth/userpass', {
    'X-Rucio-Account': username,
    'X-Rucio-Username': username,
    'X-Rucio-Password': password,
  });
  const token = headers['x-rucio-auth-token'] ?? '';
  if (token !== '') secrets.add(token);
  return token;
}

/** Notes the signatures that an answer gives away: they are secrets from now on. */
function noteSignatures(text: string): void {
  for (const [, token = ''] of text.matchAll(/authz=Bearer(?:%20|\+)([\w.-]+)/g)) {
    secrets.add(token);
  }
}

describe('the log at level trace', () => {
  let root: (...request: [Parameters<Call>[0], string, unknown?]) => ReturnType<typeof ask>;

  beforeAll(async () => {
    const token = await login('root', PASSWORD);
    root = (method, path, body) => ask(method, path, { 'X-Rucio-Auth-Token': token }, body);
    await root('POST', '/accounts/root/scopes/km3net');
    await root('POST', '/rses/DISK', {});
    await root('POST', '/rses/EU-DISK', {});
    for (const rse of ['DISK', 'EU-DISK']) {
      await root('POST', `/rses/${rse}/attr/sign_url`, { value: 'gcs' });
      await root('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
      await root('POST', `/rses/${rse}/protocols/https`, {
        impl: 'x',
        // Nobody is at this port: every movement fails and is logged.
        hostname: '127.0.0.1',
        port: 1,
        prefix: `/${rse}/`,
        domains: {
          wan: {
            read: 1,
            write: 1,
            delete: 1,
            third_party_copy_read: 1,
            third_party_copy_write: 1,
          },
        },
        ...(rse === 'EU-DISK' && { extended_attributes: { token: STORAGE_TOKEN } }),
      });
    }
  });

  it('has lines, so that the others could fail', async () => {
    const logged = lines.length;
    await root('POST', '/replicas', {
      rse: 'DISK',
      files: [{ scope: 'km3net', name: 'f1', bytes: 1, adler32: '00000001' }],
    });
    await root('POST', '/rules', {
      dids: [{ scope: 'km3net', name: 'f1' }],
      copies: 1,
      rse_expression: 'EU-DISK',
    });
    await eventually('a transfer failed', () =>
      lines.some((line) => line.includes('transfer failed')),
    );
    expect(lines.length).toBeGreaterThan(logged);
  });

  it('shows no password and no token of whoever logs in or fails to', async () => {
    await root('POST', '/accounts/alice', { type: 'USER', email: null });
    const identity = {
      identity: 'alice',
      authtype: 'USERPASS',
      password: OTHERS_PASSWORD,
      email: null,
    };
    await root('POST', '/accounts/alice/identities', identity);
    await root('POST', '/accounts/alice/identities', identity);
    await root('POST', '/accounts/nobody/identities', { ...identity, email: 7 });
    await login('alice', OTHERS_PASSWORD);
    await login('alice', `${OTHERS_PASSWORD}x`);
    await login('alice', `\u00e9${OTHERS_PASSWORD}`);
    const { status } = await ask('GET', '/rses', { 'X-Rucio-Auth-Token': `sluice_${PASSWORD}` });
    expect(status).toBe(401);
  });

  it('shows no signature of a URL', async () => {
    const url = encodeURIComponent('https://127.0.0.1:1/DISK/km3net/ab/cd/f2');
    for (const op of ['read', 'write', 'delete']) {
      noteSignatures((await root('GET', `/credentials/signurl?rse=DISK&op=${op}&url=${url}`)).text);
    }
    const listing = await root('POST', '/replicas/list', {
      dids: [{ scope: 'km3net', name: 'f1' }],
    });
    noteSignatures(listing.text);
    expect([...secrets].filter((secret) => secret.split('.').length === 3).length).toBeGreaterThan(
      1,
    );
  });

  it('shows nothing of what clients put into URLs, traces and reasons', async () => {
    const signed =
      'https://127.0.0.1:1/DISK/x?authz=Bearer%20signature-of-a-client&X-Amz-Signature=deadbeef1';
    secrets.add('signature-of-a-client').add('deadbeef1');
    await ask('POST', '/traces/', {}, { eventType: 'put', stateReason: signed, pfn: signed });
    await root('POST', '/replicas/suspicious', { pfns: [signed], reason: signed });
    await root('POST', '/replicas/bad', { replicas: [signed], reason: signed });
    await root('GET', `/credentials/signurl?rse=DISK&op=read&url=${encodeURIComponent(signed)}`);
    await root('GET', `/nowhere?token=${OTHERS_PASSWORD}`);
    await root('PUT', `/config/section/password/${OTHERS_PASSWORD}`);
  });

  it('shows nothing when our own code fails', () => {
    const failure = Object.assign(new Error(`GET https://x/y?authz=Bearer%20${PASSWORD}x`), {
      config: {
        headers: { Authorization: `Bearer ${STORAGE_TOKEN}`, 'X-Rucio-Auth-Token': PASSWORD },
      },
      password: PASSWORD,
    });
    log.error(
      { err: failure, token: STORAGE_TOKEN, headers: { authorization: PASSWORD } },
      'failed',
    );
    log.error(failure);
    log.info({ extendedAttributes: { token: STORAGE_TOKEN, s3: { secretKey: PASSWORD } } }, 'odd');
    log.info(`connected to postgres://sluice:${PASSWORD}@/sluice?host=/x`);
    log.child({ url: `postgres://sluice:${PASSWORD}@host/sluice` }).info('odd');
    expect(lines.some((line) => line.includes('failed'))).toBe(true);
  });

  it('has none of them, after all that', () => {
    for (const secret of secrets) {
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    }
  });
});
