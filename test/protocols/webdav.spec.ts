import { StorageRegistry } from '../../src/protocols/index.js';
import { conformsToProtocol } from './conformance.js';
import { startDisk } from './endpoints.js';

conformsToProtocol('the WebDAV driver', async () => {
  const storage = await startDisk();
  const registry = new StorageRegistry({ allowPrivate: true });
  const driver = registry.driver(storage.endpoint);
  const close = () => Promise.resolve(registry.close()).then(() => storage.close());
  return { driver, close };
});
