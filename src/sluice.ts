import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SchedulerRegistry } from '@nestjs/schedule';
import { createApp } from './app.module.js';
import { type Clock, SystemClock } from './clock.js';
import { type Config } from './config/index.js';
import { type Database } from './db/index.js';
import { parseRoles, reconcilersOf, Runtime } from './daemons/index.js';
import { type Log } from './log/index.js';
import { type StorageRegistry } from './protocols/index.js';

/** Everything that one process is made of; tests give their own clock, storages and log. */
export interface SluiceParts {
  readonly config: Config;
  readonly db: Database;
  readonly log: Log;
  readonly storages: StorageRegistry;
  readonly clock?: Clock;
}

/** A running Sluice: the door, if this process serves one, and its daemons. */
export interface Sluice {
  /** Where the door listens, or undefined for a process of daemons only. */
  readonly url: string | undefined;
  readonly app: NestFastifyApplication;
  readonly daemons: readonly string[];
  /** Closes the door, drains the daemons. The database stays open: it is the caller's. */
  stop(): Promise<void>;
}

/** Starts the roles of the configuration over an open, migrated database. */
export async function startSluice(parts: SluiceParts): Promise<Sluice> {
  const { config, db, log, storages } = parts;
  const clock = parts.clock ?? new SystemClock();
  const roles = parseRoles(config.server.roles);
  const app = await createApp({ config, db, log, clock, storages });
  const runtime = new Runtime({
    db,
    clock,
    log,
    config: config.daemons,
    registry: app.get(SchedulerRegistry),
    reconcilers: reconcilersOf(roles.daemons, { config, storages }),
  });
  if (roles.api) await app.listen(config.server.port, config.server.host);
  await runtime.start();
  return {
    url: roles.api ? await listeningUrl(app, config) : undefined,
    app,
    daemons: runtime.names,
    async stop() {
      await runtime.stop();
      await app.close();
    },
  };
}

/** The real address: port 0 in the configuration is any free one. */
async function listeningUrl(app: NestFastifyApplication, config: Config): Promise<string> {
  const url = new URL(await app.getUrl());
  return `${config.server.tls ? 'https' : 'http'}://${config.server.host}:${url.port}`;
}
