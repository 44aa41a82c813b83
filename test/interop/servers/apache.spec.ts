import { conformsToProtocol } from '../../protocols/conformance.js';
import { startApache } from '../site/apache.js';
import { movesToAndFromXrootd } from './movements.js';
import { endpointTo, ServerSetting } from './setting.js';

conformsToProtocol(
  'the WebDAV driver against apache',
  async () => {
    const setting = await ServerSetting.open();
    const server = await setting.start('apache', startApache);
    return { driver: setting.registry.driver(endpointTo(server)), close: () => setting.close() };
  },
  { checksums: true },
);

movesToAndFromXrootd('apache', async (setting) => {
  const server = await setting.start('apache', startApache);
  return { dataDir: server.dataDir, endpoint: endpointTo(server) };
});
