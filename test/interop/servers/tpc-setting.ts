import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Authority } from '../../../src/demo/certificates.js';
import { type StorageServer } from '../site/storage-server.js';
import { startXrootd } from '../site/xrootd.js';
import { ServerSetting } from './setting.js';

/** Two XRootDs that trust each other's certificates, and the authority that vouches for both. */
export interface TwoXrootds {
  setting: ServerSetting;
  authority: Authority;
  shore: StorageServer;
  inland: StorageServer;
}

export async function openTwoXrootds(): Promise<TwoXrootds> {
  const setting = await ServerSetting.open();
  let authority: Authority | undefined;
  const shore = await setting.start('shore', (options) => {
    ({ authority } = options);
    return startXrootd(options);
  });
  const inland = await setting.start('inland', startXrootd);
  if (authority === undefined) throw new Error('the setting named no authority');
  return { setting, authority, shore, inland };
}

/** Writes a file behind the server's back, in a directory where it may write too. */
export function putOn(server: StorageServer, path: string, content: string | Buffer): void {
  const file = join(server.dataDir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  const { uid, gid } = statSync(server.dataDir);
  for (let at = file; at !== server.dataDir; at = dirname(at)) chownSync(at, uid, gid);
}

/** All files of a server, whatever their names. */
export function filesOn(server: StorageServer): string[] {
  return readdirSync(server.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(server.dataDir.length + 1))
    .sort();
}

export const readOn = (server: StorageServer, path: string): Buffer =>
  readFileSync(join(server.dataDir, path));

export const isOn = (server: StorageServer, path: string): boolean =>
  existsSync(join(server.dataDir, path));

export function clear(server: StorageServer): void {
  for (const name of readdirSync(server.dataDir)) {
    rmSync(join(server.dataDir, name), { recursive: true });
  }
}
