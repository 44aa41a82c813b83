import { migrations } from '../migrations/index.js';
import { loadConfig } from './config/index.js';
import { dataSource } from './db/index.js';
import { findEmbedded } from './db/embedded/index.js';
import { entities } from './entities.js';

/*
 * For TypeORM's own command line, on the built project:
 *   npx typeorm migration:show -d dist/src/data-source.js
 */
const config = loadConfig();

/** The configured database, or the embedded one of the state directory while it runs. */
async function databaseUrl(): Promise<string> {
  const url = config.database.url ?? (await findEmbedded(config.state.directory))?.url;
  if (url === undefined) {
    throw new Error(
      `No database: set database.url, or start Sluice, whose own is in ${config.state.directory}`,
    );
  }
  return url;
}

/** The catalogue as TypeORM sees it. */
export const catalogue = dataSource({
  url: await databaseUrl(),
  entities,
  migrations: [...migrations],
  applicationName: 'sluice-typeorm',
});
