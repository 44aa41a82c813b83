import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority } from '../../src/demo/certificates.js';
import {
  type DemoStorage,
  startStorage,
  type StorageOptions,
} from '../../src/demo/storage/index.js';
import { type ProtocolEndpoint } from '../../src/protocols/index.js';

/** A memory storage's protocol, with the prefix /data/. */
export function memoryEndpoint(
  hostname: string,
  extendedAttributes: Record<string, unknown> = {},
): ProtocolEndpoint {
  return {
    rse: hostname.toUpperCase(),
    scheme: 'memory',
    hostname,
    port: 0,
    prefix: '/data/',
    impl: '',
    extendedAttributes,
  };
}

/** A storage on disk, with the protocol that leads to it. */
export interface DiskStorage extends DemoStorage {
  endpoint: ProtocolEndpoint;
  /** A protocol with these attributes instead of the CA alone. */
  endpointWith(extendedAttributes: Record<string, unknown>): ProtocolEndpoint;
}

let authority: Promise<Authority> | undefined;

/** The authority of all storages of one spec file. */
export function testAuthority(): Promise<Authority> {
  return (authority ??= makeAuthority('test authority'));
}

/** Starts a storage in a directory of its own, which goes with it. */
export async function startDisk(
  options: Partial<StorageOptions> = {},
  by?: Authority,
): Promise<DiskStorage> {
  const vouching = by ?? (await testAuthority());
  const credentials = await vouching.issue('127.0.0.1', 'localhost');
  const root = await mkdtemp(join(tmpdir(), 'sluice-storage-'));
  const ca = vouching.certificate;
  const storage = await startStorage({ root, ca, ...credentials, ...options });
  const endpointWith = (extendedAttributes: Record<string, unknown>): ProtocolEndpoint => ({
    rse: 'DISK',
    scheme: 'https',
    hostname: '127.0.0.1',
    port: storage.port,
    prefix: '/data/',
    impl: 'rucio.rse.protocols.webdav.Default',
    extendedAttributes,
  });
  return {
    ...storage,
    endpoint: endpointWith({ ca }),
    endpointWith,
    async close() {
      await storage.close();
      await rm(root, { recursive: true });
    },
  };
}
