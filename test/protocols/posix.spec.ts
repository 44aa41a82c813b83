import { conformsToProtocol } from './conformance.js';
import { startPosix } from './endpoints.js';

conformsToProtocol('the posix driver', async () => {
  const storage = await startPosix();
  return { driver: storage.registry.driver(storage.endpoint), close: () => storage.close() };
});
