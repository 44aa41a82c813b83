import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StorageServer } from './storage-server.js';
import { startWebServer, type WebServerOptions, type WebServerPlaces } from './web-server.js';

/** Starts Apache with mod_dav as Debian packages it (2.4). */
export function startApache(options: WebServerOptions): Promise<StorageServer> {
  return startWebServer(options, (places) => {
    const config = join(places.directory, 'apache.conf');
    writeFileSync(config, configuration(places));
    return { command: ['apache2', '-D', 'FOREGROUND', '-f', config] };
  });
}

const MODULES = ['mpm_event', 'authz_core', 'ssl', 'dav', 'dav_fs', 'autoindex'];

const configuration = ({ directory, port, lake, certificate, key }: WebServerPlaces): string => `
ServerRoot ${directory}
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${directory}/apache.pid
Mutex file:${directory}/tmp default
ErrorLog ${directory}/error.log
StartServers 1
ServerLimit 2
ThreadsPerChild 16
MaxRequestWorkers 32
TraceEnable off
SSLEngine on
SSLSessionCache none
SSLCertificateFile ${certificate}
SSLCertificateKeyFile ${key}
DavLockDB ${directory}/tmp/locks
DocumentRoot ${lake}
<Directory ${lake}/data>
  Dav On
  Options Indexes
  Require all granted
</Directory>
`;
