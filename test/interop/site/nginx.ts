import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StorageServer } from './storage-server.js';
import { startWebServer, type WebServerOptions, type WebServerPlaces } from './web-server.js';

/** Starts nginx with its dav and dav-ext modules as Debian packages them (1.22). */
export function startNginx(options: WebServerOptions): Promise<StorageServer> {
  return startWebServer(options, (places) => {
    const { directory } = places;
    const config = join(directory, 'nginx.conf');
    writeFileSync(config, configuration(places));
    return {
      command: ['nginx', '-p', directory, '-c', config, '-e', join(directory, 'error.log')],
    };
  });
}

const configuration = ({ directory, port, lake, certificate, key }: WebServerPlaces): string => `
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 256; }
http {
  access_log ${directory}/access.log;
  client_body_temp_path ${directory}/tmp/body;
  proxy_temp_path ${directory}/tmp/proxy;
  fastcgi_temp_path ${directory}/tmp/fastcgi;
  uwsgi_temp_path ${directory}/tmp/uwsgi;
  scgi_temp_path ${directory}/tmp/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    client_max_body_size 0;
    root ${lake};
    location /data/ {
      dav_methods PUT DELETE MKCOL MOVE;
      dav_ext_methods PROPFIND OPTIONS;
      create_full_put_path on;
      dav_access user:rw group:r all:r;
      autoindex on;
    }
  }
}
`;
