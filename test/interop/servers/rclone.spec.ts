import { conformsToProtocol } from '../../protocols/conformance.js';
import { startRclone } from '../site/rclone.js';
import { movesToAndFromXrootd } from './movements.js';
import { endpointTo, ServerSetting } from './setting.js';

conformsToProtocol(
  'the WebDAV driver against rclone',
  async () => {
    const setting = await ServerSetting.open();
    const server = await setting.start('rclone', startRclone);
    return { driver: setting.registry.driver(endpointTo(server)), close: () => setting.close() };
  },
  { checksums: true, wholeWrites: true },
);

movesToAndFromXrootd('rclone', async (setting) => {
  const server = await setting.start('rclone', startRclone);
  return { dataDir: server.dataDir, endpoint: endpointTo(server) };
});
