import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Config, loadConfig, prepareStateDirectory } from '../src/config/index.js';
import { type Database, execute, openDatabase, type Sql } from '../src/db/index.js';
import { startEmbedded } from '../src/db/embedded/index.js';
import { RestClient } from '../src/demo/rest-client.js';
import { entities } from '../src/entities.js';
import { migrateDatabase } from '../src/db/index.js';
import { BUILT, type ServiceProcess, startService } from '../test/support/service.js';
import { type Meters } from './measure.js';

export const PASSWORD = 'bench';

/** Daemons at work in a process of their own, with a door. */
export interface Workers {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** What the paths are measured on: a database, a service in a process of its own, and a client. */
export interface Lab {
  readonly db: Database;
  readonly config: Config;
  readonly databaseUrl: string;
  readonly url: string;
  readonly root: RestClient;
  readonly api: ServiceProcess;
  readonly meters: Meters;
  /** Upon a loaded catalogue nobody asks for statistics by hand: autovacuum keeps them. */
  readonly loaded?: boolean;
  /** Runs a bare statement in a transaction of its own: what floors are made of. */
  bare(statement: Sql): Promise<void>;
  /** Starts daemons in a process of their own, counted from now on; ends with `stop`. */
  daemons(roles: string, environment?: Record<string, string>): Promise<Workers>;
  close(): Promise<void>;
}

export interface LabOptions {
  /** Is called when the server runs and nobody has connected to it. */
  prepare?(server: { readonly directory: string; readonly pid: number }): Promise<void>;
  /** Options of Node for the service's processes. */
  readonly node?: readonly string[];
}

/** An embedded PostgreSQL with the defaults of the product (fsync and autovacuum on), and the door. */
export async function openLab(special: LabOptions = {}): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  prepareStateDirectory(directory);
  const server = await startEmbedded({ stateDir: directory });
  await special.prepare?.({ directory, pid: server.pid });
  await migrateDatabase(server.url);
  const config = loadConfig({ environment: {}, overrides: { state: { directory } } });
  const db = await openDatabase({ ...config.database, url: server.url, entities });
  const running = new Set<ServiceProcess>();
  const start = async (roles: string, environment: Record<string, string> = {}) => {
    const settings = {
      SLUICE_DATABASE__URL: server.url,
      SLUICE_SERVER__ROLES: roles,
      SLUICE_BOOTSTRAP__PASSWORD: PASSWORD,
      SLUICE_LOG__LEVEL: 'error',
      ...environment,
    };
    const service = await startService(directory, settings, [...(special.node ?? []), ...BUILT]);
    running.add(service);
    return service;
  };
  const api = await start('api');
  const watcher = new pg.Client(server.url);
  await watcher.connect();
  return {
    db,
    config,
    databaseUrl: server.url,
    url: api.url,
    api,
    root: await new RestClient(api.url, 'root', PASSWORD).login(),
    meters: {
      services: () => [...running].flatMap(({ child }) => child.pid ?? []),
      postgres: server.pid,
      watcher,
    },
    async bare(statement) {
      await db.tx((tx) => execute(tx, statement));
    },
    async daemons(roles, environment) {
      const service = await start(`api,${roles}`, environment);
      return {
        pid: service.child.pid ?? 0,
        url: service.url,
        async stop() {
          running.delete(service);
          await service.end('SIGTERM');
        },
      };
    },
    async close() {
      await watcher.end();
      await Promise.all([...running].map((service) => service.end('SIGTERM')));
      await db.close();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Megabytes of memory this machine has. */
export const memoryOfMachine = (): string =>
  /MemTotal:\s+(\d+ kB)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 'unknown';
