import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority } from '../../../src/demo/certificates.js';
import { type ProtocolEndpoint, StorageRegistry } from '../../../src/protocols/index.js';
import { type StorageServer } from '../site/storage-server.js';

export type StartServer = (options: {
  root: string;
  name: string;
  authority: Authority;
}) => Promise<StorageServer>;

/** Real storage servers in a directory of their own, vouched for by one authority. */
export class ServerSetting {
  readonly registry: StorageRegistry;
  private readonly servers: StorageServer[] = [];

  private constructor(
    readonly root: string,
    private readonly authority: Authority,
  ) {
    this.registry = new StorageRegistry({ allowPrivate: true, attemptsMax: 1, posixRoots: [root] });
  }

  static async open(): Promise<ServerSetting> {
    const root = await mkdtemp(join(tmpdir(), 'sluice-servers-'));
    return new ServerSetting(root, await makeAuthority());
  }

  async start(name: string, start: StartServer): Promise<StorageServer> {
    const server = await start({ root: this.root, name, authority: this.authority });
    this.servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    this.registry.close();
    await Promise.all(this.servers.map((server) => server.remove()));
    await rm(this.root, { recursive: true });
  }
}

/** The protocol that leads to a server, as an admin would define it. */
export function endpointTo(
  server: StorageServer,
  extendedAttributes: Record<string, unknown> = {},
): ProtocolEndpoint {
  const { port, prefix, name, caPem } = server;
  return {
    ...{ rse: name.toUpperCase(), scheme: 'https', hostname: 'localhost', port, prefix },
    impl: 'rucio.rse.protocols.webdav.Default',
    extendedAttributes: { ca: caPem, ...extendedAttributes },
  };
}
