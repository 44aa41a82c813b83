import { type StorageServer } from './storage-server.js';
import { startWebServer, type WebServerOptions } from './web-server.js';

/** Starts `rclone serve webdav` as Debian packages it (1.60): no checksums, no third-party copy. */
export function startRclone(options: WebServerOptions): Promise<StorageServer> {
  return startWebServer(options, ({ port, lake, certificate, key }) => ({
    command: [
      ...(['rclone', 'serve', 'webdav', lake] as const),
      ...['--config', '', '--addr', `127.0.0.1:${port}`, '--cert', certificate, '--key', key],
      // What stands on the disk is what is told, also where somebody else put it there.
      ...['--dir-cache-time', '0s'],
    ],
  }));
}
