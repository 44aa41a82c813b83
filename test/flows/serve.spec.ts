import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { createLog } from '../../src/log/index.js';
import { serve } from '../../src/main.js';
import { eventually } from '../support/eventually.js';
import {
  asRoot,
  isAlive,
  type ServiceProcess,
  startService,
  stateDirectory,
} from '../support/service.js';

describe('serve() over an empty state directory', () => {
  const state = stateDirectory();
  const config = loadConfig({
    file: bundledConfigFile('default'),
    environment: { SLUICE_STATE: state.path },
    overrides: { server: { port: 0 } },
  });
  afterAll(() => state.remove());

  it('serves, lets root in with the password it made, and keeps everything for the next start', async () => {
    const first = await serve(config, createLog('silent'));
    expect(first.rootPasswordFile).toBe(join(state.path, 'root-password'));
    expect(statSync(first.rootPasswordFile ?? '').mode & 0o777).toBe(0o600);
    const password = state.rootPassword();
    const root = await asRoot(first.url ?? '', password);
    expect((await root.call('POST', '/accounts/root/scopes/km3net')).status).toBe(201);
    await first.stop();
    expect(await state.postgres()).toBeUndefined();

    const second = await serve(config, createLog('silent'));
    expect(state.rootPassword()).toBe(password);
    const again = await asRoot(second.url ?? '', password);
    expect((await again.call('GET', '/scopes/')).body).toEqual(['km3net']);
    // The token was given by a process that is gone.
    const whoami = await axios.get<{ account: string }>(`${second.url}/accounts/whoami`, {
      headers: { 'X-Rucio-Auth-Token': root.token },
    });
    expect(whoami.data.account).toBe('root');
    await second.stop();
  });
});

describe('the service as a process', () => {
  const state = stateDirectory();
  const running: ServiceProcess[] = [];
  const start = async () => {
    const service = await startService(state.path);
    running.push(service);
    return service;
  };
  beforeAll(async () => {
    const service = await start();
    const root = await asRoot(service.url, state.rootPassword());
    await root.call('POST', '/accounts/root/scopes/km3net');
    await service.end('SIGTERM');
  });
  afterEach(() => running.splice(0).forEach(({ child }) => child.kill('SIGKILL')));
  afterAll(() => state.remove());

  const scopes = async ({ url }: ServiceProcess) =>
    (await (await asRoot(url, state.rootPassword())).call('GET', '/scopes/')).body;

  it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly at %s, PostgreSQL too', async (signal) => {
    const service = await start();
    const postgres = (await state.postgres()) ?? 0;
    expect(isAlive(postgres)).toBe(true);
    expect(await service.end(signal)).toBe(0);
    expect(isAlive(postgres)).toBe(false);
  });

  it('is there again after a kill -9, with the server that runs on', async () => {
    const killed = await start();
    const postgres = await state.postgres();
    await killed.end('SIGKILL');
    const next = await start();
    expect(await state.postgres()).toBe(postgres);
    expect(await scopes(next)).toEqual(['km3net']);
    expect(await next.end('SIGTERM')).toBe(0);
  });

  it('is there again after a kill -9 of everything', async () => {
    const killed = await start();
    const postgres = (await state.postgres()) ?? 0;
    process.kill(postgres, 'SIGKILL');
    await killed.end('SIGKILL');
    const next = await start();
    expect(await state.postgres()).not.toBe(postgres);
    expect(await scopes(next)).toEqual(['km3net']);
    expect(await next.end('SIGTERM')).toBe(0);
  });

  it('goes on after a kill -9 of PostgreSQL alone', async () => {
    const service = await start();
    const root = await asRoot(service.url, state.rootPassword());
    const killed = (await state.postgres()) ?? 0;
    process.kill(killed, 'SIGKILL');
    await eventually(
      'the service answers again',
      async () => (await root.call('GET', '/scopes/')).status === 200,
    );
    expect(await state.postgres()).not.toBe(killed);
    expect(await scopes(service)).toEqual(['km3net']);
    expect(await service.end('SIGTERM')).toBe(0);
  });

  it('says what to do where the directory is in use', async () => {
    const first = await start();
    await expect(startService(state.path)).rejects.toThrow('SLUICE_STATE');
    expect(await scopes(first)).toEqual(['km3net']);
    expect(await first.end('SIGTERM')).toBe(0);
  });
});
