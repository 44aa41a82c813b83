import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathOf } from '../../../src/rses/index.js';
import { type DiskStorage, startDisk } from '../../protocols/endpoints.js';
import { adler32Of } from '../../support/adler32.js';
import { type Answer, type TestApi } from '../../support/api.js';
import { type Traffic } from './crew.js';

export const SCOPE = 'km3net';
export const RSES = ['A-DISK', 'B-DISK', 'C-DISK', 'D-DISK'] as const;

const EVERYTHING = {
  ...{ read: 1, write: 1, delete: 1 },
  ...{ third_party_copy_read: 1, third_party_copy_write: 1 },
};

/** Four storages on disk, behind https, that count what they are asked to write and to delete. */
export interface KilledLake {
  readonly traffic: Traffic;
  readonly storages: ReadonlyMap<string, DiskStorage>;
  readonly post: (path: string, body?: unknown) => Promise<unknown>;
  readonly remove: (path: string, body?: unknown) => Promise<unknown>;
  /** Files of a dataset with their bytes at A-DISK. */
  upload(dataset: string, files: number): Promise<void>;
  close(): Promise<void>;
}

/** Every file has other bytes. */
export const contentOf = (file: string): string => `${file}: `.repeat(2000);

export const placeOf = (file: string): string => `/data/${pathOf('hash', SCOPE, file)}`;

export async function killedLake({ root }: TestApi): Promise<KilledLake> {
  const traffic: Traffic = { movements: 0, deletions: 0, heard: () => undefined };
  const storages = new Map<string, DiskStorage>();
  const post = async (path: string, body?: unknown) => made(path, await root('POST', path, body));
  await post(`/accounts/root/scopes/${SCOPE}`);
  for (const rse of RSES) {
    const storage = await startDisk({
      onRequest({ method }) {
        if (method === 'PUT' || method === 'COPY' || method === 'MOVE') traffic.movements += 1;
        if (method === 'DELETE') traffic.deletions += 1;
        traffic.heard();
      },
    });
    storages.set(rse, storage);
    const { hostname, port, prefix, impl, extendedAttributes } = storage.endpoint;
    await post(`/rses/${rse}`, {});
    await post(`/rses/${rse}/protocols/https`, {
      ...{ hostname, port, prefix, impl },
      domains: { lan: EVERYTHING, wan: EVERYTHING },
      extended_attributes: extendedAttributes,
    });
    await post(`/rses/${rse}/attr/site`, { value: rse.slice(0, 1) });
    await post(`/rses/${rse}/attr/greedyDeletion`, { value: 'true' });
    await post(`/accounts/root/limits/local/${rse}`, { bytes: -1 });
  }
  return {
    traffic,
    storages,
    post,
    remove: async (path, body) => made(path, await root('DELETE', path, body)),
    async upload(dataset, count) {
      const names = Array.from({ length: count }, (_, i) => `${dataset}.f${i}`);
      for (const name of names) {
        const file = join(storages.get('A-DISK')?.root ?? '', placeOf(name));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, contentOf(name));
      }
      const files = names.map((name) => ({
        ...{ scope: SCOPE, name, bytes: contentOf(name).length },
        adler32: adler32Of(contentOf(name)),
      }));
      await post('/replicas', { rse: 'A-DISK', files });
      await post(`/dids/${SCOPE}/${dataset}/dids`, { dids: files });
    },
    async close() {
      for (const storage of storages.values()) await storage.close();
    },
  };
}

function made(path: string, { status, text, body }: Answer): unknown {
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  return body;
}
