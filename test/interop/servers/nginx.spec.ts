import { conformsToProtocol } from '../../protocols/conformance.js';
import { startNginx } from '../site/nginx.js';
import { movesToAndFromXrootd } from './movements.js';
import { endpointTo, ServerSetting } from './setting.js';

conformsToProtocol(
  'the WebDAV driver against nginx',
  async () => {
    const setting = await ServerSetting.open();
    const server = await setting.start('nginx', startNginx);
    return { driver: setting.registry.driver(endpointTo(server)), close: () => setting.close() };
  },
  { checksums: true },
);

movesToAndFromXrootd('nginx', async (setting) => {
  const server = await setting.start('nginx', startNginx);
  return { dataDir: server.dataDir, endpoint: endpointTo(server) };
});
