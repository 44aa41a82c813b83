import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority } from '../../../src/demo/certificates.js';
import { type SluiceProcess, startSluice } from './sluice.js';
import { type StorageServer } from './storage-server.js';
import { startXrootd } from './xrootd.js';

describe('the site of the interop tests', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-site-'));
  let authority: Authority;
  let storage: StorageServer;
  let sluice: SluiceProcess;

  beforeAll(async () => {
    authority = await makeAuthority();
    storage = await startXrootd({ root, name: 'shore', authority });
    sluice = await startSluice({ state: join(root, 's'), authority });
  });
  afterAll(async () => {
    await Promise.allSettled([storage?.remove(), sluice?.remove()]);
    rmSync(root, { recursive: true, force: true });
  });

  /** A connection each: one that is kept would outlive the server. */
  const ask = (method: string, path: string, data?: string) =>
    axios.request<string>({
      ...{ method, url: `${storage.url}${storage.prefix}${path}`, data, timeout: 500 },
      httpsAgent: new Agent({ ca: storage.caPem ?? '', keepAlive: false }),
      headers: data === undefined ? {} : { 'Content-Length': String(data.length) },
      validateStatus: () => true,
    });

  it('has an XRootD whose files are seen on disk', async () => {
    expect((await ask('PUT', 'run/1.root', 'events')).status).toBe(200);
    expect(readFileSync(join(storage.dataDir, 'run/1.root'), 'utf8')).toBe('events');
    expect((await ask('GET', 'run/1.root')).data).toBe('events');
  });

  it('stops, kills, pauses and starts it again on its port', async () => {
    await storage.stop();
    await expect(ask('GET', 'run/1.root')).rejects.toThrow(/ECONNREFUSED/);
    await storage.start();
    storage.pause();
    await expect(ask('GET', 'run/1.root')).rejects.toThrow(/timeout/);
    storage.resume();
    expect((await ask('GET', 'run/1.root')).data).toBe('events');
    await storage.kill();
    await storage.start();
    expect((await ask('GET', 'run/1.root')).data).toBe('events');
  });

  it('has a Sluice on https that outlives its processes', async () => {
    expect((await sluice.call('GET', '/accounts/whoami')).body).toMatchObject({ account: 'root' });
    await sluice.restart('kill');
    expect((await sluice.call('GET', '/accounts/whoami')).status).toBe(200);
    await sluice.restart();
    expect((await sluice.call('GET', '/accounts/whoami')).status).toBe(200);
  });
});
