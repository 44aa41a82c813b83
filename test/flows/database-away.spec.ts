import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded/index.js';
import { createLog } from '../../src/log/index.js';
import { type Service, serve } from '../../src/main.js';
import { listRoutes } from '../../src/routes.js';
import { eventually } from '../support/eventually.js';
import { someoneWaits } from '../support/sessions.js';
import { asRoot, stateDirectory } from '../support/service.js';
import { type MemoryLake, memoryLake } from './memory-lake.js';

const soon = { periodSeconds: 0.1 };
const run = { f1: 'events, '.repeat(1000), f2: 'more events', f3: '' };

/** The whole service over a server of its own, which is stopped and started under it. */
describe('while the database is away', () => {
  const state = stateDirectory();
  let cluster: EmbeddedDatabase;
  let service: Service;
  let root: Awaited<ReturnType<typeof asRoot>>;
  let lake: MemoryLake;
  let rule: string;
  const lines: string[] = [];

  beforeAll(async () => {
    cluster = await startEmbedded({ stateDir: state.path });
    const config = loadConfig({
      file: bundledConfigFile('test'),
      environment: {},
      overrides: {
        server: { port: 0, host: '127.0.0.1' },
        state: { directory: state.path },
        database: { url: cluster.url, connectTimeoutMs: 1000 },
        bootstrap: { password: 'known' },
        requests: { leaseSeconds: 3600 },
        daemons: { tuning: { rescuer: soon, abacus: soon, 'judge-repairer': soon } },
      },
    });
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    service = await serve(config, log);
    root = await asRoot(service.url ?? '', 'known');
    lake = await memoryLake(root.call, `away-${process.pid}`);
    await lake.rse('SHORE-DISK');
    await lake.rse('EU-DISK', { tier: '1' });
    await lake.upload('SHORE-DISK', 'run1', run);
    expect(await lake.ruleState(await lake.rule('run1', 1, 'SHORE-DISK'))).toBe('OK');
  });
  afterAll(async () => {
    await service.stop();
    await cluster.stop();
    await state.remove();
  });

  const away = () => cluster.stop();
  const back = async () => {
    cluster = await startEmbedded({ stateDir: state.path });
  };
  const ask = async <Row extends pg.QueryResultRow>(statement: string) => {
    const session = new pg.Client(cluster.url);
    await session.connect();
    const { rows } = await session.query<Row>(statement);
    await session.end();
    return rows;
  };
  const states = async () =>
    (await ask<{ state: string }>('SELECT state FROM requests')).map(({ state }) => state);
  const attempts = async () =>
    (await ask<{ attempt: number }>('SELECT attempt FROM requests_history')).map(
      (row) => row.attempt,
    );

  it('every endpoint that asks it answers 503 and says so', async () => {
    await away();
    // These ask nothing of it: some have nothing to look up, some are not offered, traces may be lost.
    const needless =
      /^GET \/(ping|auth\/(?!validate).*|\.well-known\/openid-configuration)$| \/(opendata|vos)|traces$/;
    for (const { method, path } of await listRoutes()) {
      const answer = await root.call(method, path.replace(/:\w+/g, 'x'));
      if (needless.test(`${method} ${path}`)) expect(answer.status).not.toBe(500);
      else {
        expect([method, path, answer.status]).toEqual([method, path, 503]);
        expect(answer.body).toMatchObject({ ExceptionClass: 'ResourceTemporaryUnavailable' });
      }
    }
    expect((await asRoot(service.url ?? '', 'known')).status).toBe(503);
  });

  it('everything is there again when it is', async () => {
    await back();
    await eventually('answers', async () => (await root.call('GET', '/rses/')).status === 200);
    expect((await asRoot(service.url ?? '', 'known')).status).toBe(200);
  });

  it('transfers go on, and are settled when it is back', async () => {
    const goOn = lake.storage('EU-DISK').hold('write');
    rule = await lake.rule('run1', 1, 'tier=1');
    await eventually('everything is under way', async () =>
      (await states()).every((state) => state === 'S'),
    );
    await away();
    goOn();
    await eventually('the bytes have arrived', () => lake.content('EU-DISK', 'f1') === run.f1);
    await eventually('a daemon noticed', () =>
      lines.some((line) => line.includes('next one repeats')),
    );
    await back();
    await eventually('the rule is OK', async () => (await lake.ruleState(rule)) === 'OK');
    for (const [file, content] of Object.entries(run)) {
      expect(lake.content('EU-DISK', file)).toBe(content);
      expect(await lake.copies(file)).toEqual({
        'SHORE-DISK': 'AVAILABLE',
        'EU-DISK': 'AVAILABLE',
      });
    }
    // One attempt each: nothing was begun anew, and no temporary file is left.
    expect(await attempts()).toEqual([0, 0, 0]);
    expect(lake.storage('EU-DISK').list()).toHaveLength(3);
  });

  it('a daemon only warns: it waits, and nothing is an error', () => {
    const levels = new Set(
      lines
        .map((line) => JSON.parse(line) as { level: string; daemon?: string })
        .map(({ level, daemon }) => (daemon ? level : '')),
    );
    expect([...levels].sort()).toEqual(['', 'warn']);
  });

  it('what was asked at the moment it went was done wholly or not at all', async () => {
    const asked = Array.from({ length: 40 }, (_, i) =>
      root
        .call('POST', `/dids/km3net/ds${i}`, { type: 'DATASET', meta: { own: i } })
        .then(({ status }) => ({ i, status })),
    );
    await Promise.race(asked);
    await away();
    const answers = await Promise.all(asked);
    await back();
    await eventually('answers', async () => (await root.call('GET', '/rses/')).status === 200);
    for (const { i, status } of answers) {
      expect([201, 503]).toContain(status);
      const meta = await root.call('GET', `/dids/km3net/ds${i}/meta?plugin=JSON`);
      // A commit whose answer was lost is there, and whole; a 201 is there for certain.
      if (status === 201 || meta.status === 200) expect(meta.body).toEqual({ own: i });
      else expect(meta.status).toBe(404);
    }
  });
});

describe('a database that answers to nobody', () => {
  const state = stateDirectory();
  let service: Service | undefined;
  afterAll(async () => {
    await service?.stop();
    await state.remove();
  });

  it('is 503 too, as soon as the time for a connection is over', async () => {
    const config = loadConfig({
      file: bundledConfigFile('test'),
      environment: {},
      overrides: {
        server: { port: 0, host: '127.0.0.1', roles: ['api'] },
        state: { directory: state.path },
        database: { connectTimeoutMs: 500, lockTimeoutMs: 3000, poolSize: 2 },
        bootstrap: { password: 'known' },
      },
    });
    service = await serve(config, createLog('silent'));
    const root = await asRoot(service.url ?? '', 'known');
    const blocker = new pg.Client(service.databaseUrl);
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE scopes');
    const stuck = [1, 2].map(() => root.call('GET', '/scopes/'));
    await someoneWaits(service.databaseUrl, 2);
    expect(await root.call('GET', '/rses/')).toMatchObject({ status: 503 });
    // Who waits for the lock for too long is told the same.
    for (const { status } of await Promise.all(stuck)) expect(status).toBe(503);
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect((await root.call('GET', '/scopes/')).status).toBe(200);
  });
});
