import { memoryStorage, StorageRegistry } from '../../src/protocols/index.js';
import { conformsToProtocol } from './conformance.js';
import { memoryEndpoint } from './endpoints.js';

conformsToProtocol('the memory driver', () => {
  const registry = new StorageRegistry({ allowPrivate: true });
  memoryStorage('conformance').clear();
  const driver = registry.driver(memoryEndpoint('conformance'));
  return Promise.resolve({ driver, close: () => Promise.resolve(registry.close()) });
});
