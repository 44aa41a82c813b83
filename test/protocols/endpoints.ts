import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority } from '../../src/demo/certificates.js';
import {
  type DemoStorage,
  startStorage,
  type StorageOptions,
} from '../../src/demo/storage/index.js';
import { type ProtocolEndpoint, StorageRegistry } from '../../src/protocols/index.js';

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

/** A directory as a mounted file system, and a registry that may use it. */
export interface PosixStorage {
  /** What `storage.posixRoots` allows. The prefix is `data` below it. */
  root: string;
  endpoint: ProtocolEndpoint;
  registry: StorageRegistry;
  close(): Promise<void>;
}

/** Makes an empty one in a directory of its own, which goes with it. */
export async function startPosix(): Promise<PosixStorage> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'sluice-posix-')));
  await mkdir(join(root, 'data'));
  const registry = new StorageRegistry({ allowPrivate: true, posixRoots: [root], attemptsMax: 1 });
  return {
    root,
    registry,
    endpoint: {
      ...{ rse: 'MOUNTED', scheme: 'file', hostname: 'localhost', port: 0 },
      prefix: join(root, 'data/'),
      impl: 'rucio.rse.protocols.posix.Default',
      extendedAttributes: {},
    },
    async close() {
      registry.close();
      await rm(root, { recursive: true });
    },
  };
}
