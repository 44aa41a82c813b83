/** Storage drivers behind one interface: webdav (https, http, davs), posix (file) and memory. */

export { type Digest, DigestStream, digestOf } from './digest.js';
export { type MemoryOperation, MemoryStorage, memoryStorage } from './memory/memory-storage.js';
export {
  encodePath,
  endpointOrigin,
  fileUrl,
  parentOf,
  pathBelowPrefix,
  pathSegments,
  serverFilePath,
  serverPath,
} from './paths.js';
export {
  presign,
  PRESIGNED_SECONDS_MAX,
  type PresignSpec,
  regionOf,
  type UrlKey,
  type UrlService,
  urlServiceOf,
  UrlServices,
} from './presign/index.js';
export * from './protocol.js';
export { DRIVERS, StorageRegistry, type StorageRegistryOptions } from './registry.js';
export { thirdPartyAbilities } from './third-party-abilities.js';
export { StorageError, storageErrorOf } from './storage-error.js';
export { Recent } from './recent.js';
