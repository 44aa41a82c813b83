import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureRoot } from './accounts/index.js';
import { type Config, prepareStateDirectory } from './config/index.js';
import { type Database, migrateDatabase, openDatabase } from './db/index.js';
import { startEmbedded } from './db/embedded/index.js';
import { entities } from './entities.js';
import { createLog, type Log } from './log/index.js';
import { openStorages } from './storages.js';
import { type Sluice, startSluice } from './sluice.js';

/** A whole service: its database server too, when it is the embedded one. */
export interface Service extends Sluice {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly rootPasswordFile: string | undefined;
}

/** From nothing to serving: state directory, database, schema, root's account, door and daemons. */
export async function serve(
  config: Config,
  log: Log = createLog(config.log.level),
): Promise<Service> {
  prepareStateDirectory(config.state.directory);
  mkdirSync(join(config.state.directory, 'keys'), { recursive: true, mode: 0o700 });
  const database = await openDatabaseServer(config, log);
  try {
    await migrateDatabase(database.url);
    const db = await openDatabase({ ...config.database, url: database.url, entities });
    const rootPasswordFile = await ensureRoot(db, config);
    const storages = openStorages(db, config);
    const sluice = await startSluice({ config, db, log, storages });
    return {
      ...sluice,
      db,
      databaseUrl: database.url,
      rootPasswordFile,
      async stop() {
        await sluice.stop();
        await db.close();
        await database.stop();
      },
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** The configured server, or the embedded one of the state directory. */
async function openDatabaseServer(
  config: Config,
  log: Log,
): Promise<{ url: string; stop(): Promise<void> }> {
  if (config.database.url) return { url: config.database.url, stop: () => Promise.resolve() };
  const { embedded: tuning } = config.database;
  return startEmbedded({ stateDir: config.state.directory, log, tuning });
}
