import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority } from '../../../src/demo/certificates.js';
import { freePort, startStorageServer, type StorageServer } from './storage-server.js';

/** How a WebDAV server that is no grid storage is asked for. */
export interface WebServerOptions {
  /** An existing directory; the server's own lies below it, under its name. */
  readonly root: string;
  readonly name: string;
  /** Issues its certificate. */
  readonly authority: Authority;
  readonly port?: number;
}

/** Everything a server's configuration speaks of. */
export interface WebServerPlaces {
  readonly directory: string;
  readonly port: number;
  /** What is served; the files are in `data` below it. */
  readonly lake: string;
  readonly certificate: string;
  readonly key: string;
}

export interface WebServerProgram {
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
}

const PREFIX = '/data/';
/** Debian's user of web servers. */
const USER = 'www-data';

/**
 * Starts a web server on https in a directory of its own; `configure` writes its configuration and
 * gives the command that runs it in the foreground. It is no root's process, whoever starts it.
 */
export async function startWebServer(
  { root, name, authority, ...given }: WebServerOptions,
  configure: (places: WebServerPlaces) => WebServerProgram,
): Promise<StorageServer> {
  const directory = join(root, name);
  const port = given.port ?? (await freePort());
  const lake = join(directory, 'lake');
  const dataDir = join(lake, PREFIX);
  const places = {
    ...{ directory, port, lake },
    certificate: join(directory, 'host.pem'),
    key: join(directory, 'host.key'),
  };
  mkdirSync(dataDir, { recursive: true });
  mkdirSync(join(directory, 'tmp'));
  const issued = await authority.issue('localhost', '127.0.0.1');
  writeFileSync(places.certificate, issued.certificate);
  writeFileSync(places.key, issued.key, { mode: 0o600 });
  const program = configure(places);
  chmodSync(root, 0o755);
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${USER}:`, directory]);
  return await startStorageServer({
    ...{ name, port, dataDir, directory, prefix: PREFIX, caPem: authority.certificate },
    url: `https://localhost:${port}`,
    logFile: join(directory, 'server.log'),
    user: USER,
    ...program,
  });
}
