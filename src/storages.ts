import { type Config } from './config/index.js';
import { type Database } from './db/index.js';
import { StorageRegistry } from './protocols/index.js';

/** The storage drivers of this process. */
export function openStorages(_db: Database, config: Config): Promise<StorageRegistry> {
  return Promise.resolve(new StorageRegistry({ allowPrivate: config.storage.allowPrivate }));
}
