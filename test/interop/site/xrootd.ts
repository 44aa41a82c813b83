import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority } from '../../../src/demo/certificates.js';
import { freePort, letPass, startStorageServer, type StorageServer } from './storage-server.js';

export interface XrootdOptions {
  /** An existing directory; the server's own lies below it, under its name. */
  readonly root: string;
  readonly name: string;
  /** Issues its certificate, and vouches for the storages that it copies from and to. */
  readonly authority: Authority;
  readonly port?: number;
  /** Believes tokens of this issuer and lets nobody else in; without it everybody may do everything. */
  readonly tokens?: XrootdTokens;
  /** More lines of configuration. */
  readonly extra?: string;
  /** An existing directory for the files, such as a small file system; default: one of its own. */
  readonly dataDir?: string;
}

export interface XrootdTokens {
  /** Whose keys it fetches over https: its certificate has to be in the system's bundle. */
  readonly issuer: string;
  /** Default: the server's origin. */
  readonly audience?: string;
  /** What a token's paths stand below; default: nothing, they are the server's. */
  readonly basePath?: string;
}

const PREFIX = '/data/';
const USER = 'xrootd';

/**
 * Starts an XRootD as Debian packages it (5.5.3): https and plain http on one port, checksums,
 * third-party copy. Its home is its own too: libscitokens keeps the issuer's keys there.
 */
export async function startXrootd(options: XrootdOptions): Promise<StorageServer> {
  const { root, name, authority, tokens } = options;
  const directory = join(root, name);
  const port = options.port ?? (await freePort());
  const url = `https://localhost:${port}`;
  const dataDir = options.dataDir ?? join(directory, 'lake', 'data');
  prepareDirectories(directory, options.dataDir);
  await writeCertificates(directory, authority);
  const lines = configuration({ directory, port, xrootPort: await freePort() });
  if (tokens) lines.push(...tokenLines(directory, tokens, url));
  if (options.extra !== undefined) lines.push(options.extra);
  const config = join(directory, 'xrootd.cfg');
  writeFileSync(config, `${lines.join('\n')}\n`);
  giveAway(root, directory, dataDir);
  return await startStorageServer({
    ...{ name, url, port, dataDir, prefix: PREFIX, caPem: authority.certificate, directory },
    logFile: join(directory, 'xrootd.log'),
    command: ['xrootd', '-n', name, '-c', config],
    environment: { XDG_CACHE_HOME: join(directory, 'cache') },
    user: USER,
  });
}

function prepareDirectories(directory: string, dataDir: string | undefined): void {
  for (const own of ['lake', 'admin', 'run', 'cache', 'certificates/ca']) {
    mkdirSync(join(directory, own), { recursive: true });
  }
  if (dataDir === undefined) mkdirSync(join(directory, 'lake', 'data'), { recursive: true });
  else symlinkSync(dataDir, join(directory, 'lake', 'data'));
}

/** Its own certificate, and the authority's under the hashed name that OpenSSL looks for. */
async function writeCertificates(directory: string, authority: Authority): Promise<void> {
  const certificates = join(directory, 'certificates');
  const { certificate, key } = await authority.issue('localhost', '127.0.0.1');
  writeFileSync(join(certificates, 'host.pem'), certificate);
  writeFileSync(join(certificates, 'host.key'), key, { mode: 0o600 });
  writeFileSync(join(certificates, 'ca', 'authority.pem'), authority.certificate);
  execFileSync('openssl', ['rehash', join(certificates, 'ca')]);
}

/** XRootD refuses to be root; the way to its directory has to be open to whom it is instead. */
function giveAway(root: string, directory: string, dataDir: string): void {
  letPass(root);
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${USER}:`, directory, dataDir]);
}

interface Places {
  readonly directory: string;
  readonly port: number;
  /** Its own protocol needs a port too; nobody uses it. */
  readonly xrootPort: number;
}

const configuration = ({ directory, port, xrootPort }: Places): string[] => [
  `xrd.port ${xrootPort}`,
  `all.adminpath ${join(directory, 'admin')}`,
  `all.pidpath ${join(directory, 'run')}`,
  `oss.localroot ${join(directory, 'lake')}`,
  'all.export /data',
  'xrd.network nodnr',
  'xrootd.chksum max 2 adler32 md5',
  `xrd.tls ${join(directory, 'certificates/host.pem')} ${join(directory, 'certificates/host.key')}`,
  `xrd.tlsca certdir ${join(directory, 'certificates/ca')}`,
  `xrd.protocol http:${port} libXrdHttp.so`,
  'http.header2cgi Authorization authz',
  'http.exthandler xrdtpc libXrdHttpTPC.so',
  'http.selfhttps2http no',
];

/**
 * Believes nobody but the issuer: no person is made of a token's subject (its connection would keep
 * that person's rights), and nothing else lets a request without a token in.
 */
function tokenLines(directory: string, tokens: XrootdTokens, url: string): string[] {
  const config = join(directory, 'scitokens.cfg');
  const lines = [
    '[Global]',
    `audience = ${tokens.audience ?? url}`,
    'onmissing = deny',
    '',
    '[Issuer sluice]',
    `issuer = ${tokens.issuer}`,
    `base_path = ${tokens.basePath ?? '/'}`,
    'map_subject = false',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return [
    'ofs.authorize 1',
    `ofs.authlib libXrdAccSciTokens.so config=${config}`,
    'scitokens.trace all',
  ];
}
