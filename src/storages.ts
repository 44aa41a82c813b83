import { type Config } from './config/index.js';
import { type Database } from './db/index.js';
import { StorageRegistry } from './protocols/index.js';
import { storageAuthorizer } from './storage-tokens.js';

/**
 * The storage drivers of this process. A storage that trusts our tokens gets one for exactly the
 * file and operation of each call.
 */
export function openStorages(db: Database, config: Config): StorageRegistry {
  return new StorageRegistry({
    ...config.storage,
    authorize: storageAuthorizer(db, config),
  });
}
