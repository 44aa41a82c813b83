import { loadConfig, prepareStateDirectory } from '../config/index.js';
import { startEmbedded } from '../db/embedded/index.js';
import { migrateDatabase } from '../db/index.js';

/** `sluice migrate`: applies what is missing and says what it was. */
export async function runMigrate(): Promise<void> {
  const config = loadConfig();
  if (config.database.url) return tell(await migrateDatabase(config.database.url));
  prepareStateDirectory(config.state.directory);
  const embedded = await startEmbedded({ stateDir: config.state.directory });
  try {
    tell(await migrateDatabase(embedded.url));
  } finally {
    await embedded.stop();
  }
}

function tell(names: readonly string[]): void {
  console.log(names.length > 0 ? `Applied: ${names.join(', ')}` : 'The schema is up to date.');
}
