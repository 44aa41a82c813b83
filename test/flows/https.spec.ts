import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { readCertificate } from '../../src/certificate.js';
import { bundledConfigFile, ConfigurationError, loadConfig } from '../../src/config/index.js';
import { type Authority, type Credentials, makeAuthority } from '../../src/demo/certificates.js';
import { createLog } from '../../src/log/index.js';
import { startSluice, type Sluice } from '../../src/sluice.js';
import { openStorages } from '../../src/storages.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';

describe('the door on https', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-https-'));
  const tls = { certFile: join(directory, 'host.pem'), keyFile: join(directory, 'host.key') };
  const lines: string[] = [];
  let authority: Authority;
  let database: TestDatabase;
  let sluice: Sluice;
  let port: number;

  const writeHalf = (half: 'certFile' | 'keyFile', { certificate, key }: Credentials) =>
    writeFileSync(tls[half], half === 'certFile' ? certificate : key);
  const write = (credentials: Credentials) => {
    writeHalf('certFile', credentials);
    writeHalf('keyFile', credentials);
  };

  beforeAll(async () => {
    authority = await makeAuthority();
    write(await authority.issue('127.0.0.1'));
    database = await testDatabase();
    const config = loadConfig({
      file: bundledConfigFile('test'),
      environment: {},
      overrides: {
        server: { port: 0, host: '127.0.0.1', roles: ['api'], tls },
        state: { directory },
      },
    });
    const { db } = database;
    const log = createLog('info', { write: (line) => void lines.push(line) });
    sluice = await startSluice({ config, db, log, storages: openStorages(db, config) });
    port = Number(new URL(sluice.url ?? '').port);
  });
  afterAll(async () => {
    await sluice?.stop();
    await database?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The fingerprint of what a new connection is shown; it rejects what nobody vouches for. */
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.once('error', reject);
    });
  const fingerprint = ({ certificate }: Credentials) =>
    new X509Certificate(certificate).fingerprint256;

  it('answers under the name that its certificate vouches for', async () => {
    expect(sluice.url).toBe(`https://127.0.0.1:${port}`);
    const httpsAgent = new Agent({ ca: authority.certificate });
    expect((await axios.get(`${sluice.url}/ping`, { httpsAgent })).status).toBe(200);
    await expect(axios.get(`${sluice.url}/ping`)).rejects.toThrow(/certificate/);
  });

  it('shows a renewed certificate without a restart, and open connections go on', async () => {
    const kept = new Agent({ ca: authority.certificate, keepAlive: true, maxSockets: 1 });
    const ask = async () => {
      const answer = await axios.get(`${sluice.url}/ping`, { httpsAgent: kept });
      return (answer.request as { reusedSocket: boolean }).reusedSocket;
    };
    expect(await ask()).toBe(false);
    const renewed = await authority.issue('127.0.0.1');
    write(renewed);
    await eventually('it is shown', async () => (await shown()) === fingerprint(renewed));
    expect(await ask()).toBe(true);
    kept.destroy();
  });

  it('shows the old one until a renewal is complete, and tells why', async () => {
    const before = await shown();
    const renewed = await authority.issue('127.0.0.1');
    writeHalf('certFile', renewed);
    await eventually('it is told', () =>
      lines.some((line) => line.includes('key values mismatch')),
    );
    expect(await shown()).toBe(before);
    writeHalf('keyFile', renewed);
    await eventually('it is shown', async () => (await shown()) === fingerprint(renewed));
  });
});

describe('a certificate that cannot be used', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-https-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const pem = join(directory, 'x.pem');

  it.each([
    ['is not there', '/nowhere/host.pem', /server\.tls\.certFile: .*\/nowhere\/host\.pem/],
    ['is none', pem, /server\.tls: .*x\.pem .* are no certificate and its key/],
  ])('because it %s is named by its setting', (_, certFile, message) => {
    writeFileSync(pem, 'no certificate');
    const read = () => readCertificate({ certFile, keyFile: pem });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(message);
  });
});
