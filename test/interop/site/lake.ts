import axios, { type AxiosResponse } from 'axios';
import { Agent } from 'node:https';
import { type SluiceProcess } from './sluice.js';
import { type StorageServer } from './storage-server.js';

/** How an RSE differs from a disk that opens by signed URLs. */
export interface RseOptions {
  readonly type?: 'DISK' | 'TAPE';
  readonly attributes?: Readonly<Record<string, string>>;
  /** More of the protocol's extended attributes. */
  readonly extended?: Readonly<Record<string, unknown>>;
}

const ATTRIBUTES = { sign_url: 's3', greedyDeletion: 'true' };

/** Declares a storage server as an RSE, as docs/storage.md tells an administrator. */
export async function declareRse(
  sluice: SluiceProcess,
  rse: string,
  storage: StorageServer,
  { type = 'DISK', attributes = {}, extended = {} }: RseOptions = {},
): Promise<void> {
  const url = new URL(storage.url);
  await made(sluice, `/rses/${rse}`, { rse_type: type, deterministic: true });
  for (const [key, value] of Object.entries({ ...ATTRIBUTES, ...attributes })) {
    await made(sluice, `/rses/${rse}/attr/${key}`, { value });
  }
  const everything = { read: 1, write: 1, delete: 1 };
  await made(sluice, `/rses/${rse}/protocols/https`, {
    ...{ scheme: 'https', hostname: url.hostname, port: storage.port, prefix: storage.prefix },
    impl: 'rucio.rse.protocols.webdav.NoRename',
    domains: {
      lan: everything,
      wan: { ...everything, third_party_copy_read: 1, third_party_copy_write: 1 },
    },
    extended_attributes: { ca: storage.caPem, ...extended },
  });
}

/** POST as root; throws what was answered if it is not made. */
export async function made(sluice: SluiceProcess, path: string, body: unknown): Promise<unknown> {
  const { status, text, body: answer } = await sluice.call('POST', path, body);
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
  return answer;
}

/** A URL that opens one file for one operation. */
export async function signUrl(
  sluice: SluiceProcess,
  rse: string,
  operation: 'read' | 'write' | 'delete',
  url: string,
): Promise<string> {
  const query = new URLSearchParams({ rse, svc: 's3', op: operation, lifetime: '600', url });
  const { status, text } = await sluice.call('GET', `/credentials/signurl?${query.toString()}`);
  if (status !== 200) throw new Error(`signurl of ${url}: ${status} ${text}`);
  return text;
}

/** One request to a storage on a connection of its own: XRootD remembers people on one that is kept. */
export async function ask(
  storage: StorageServer,
  method: string,
  url: string,
  data?: string,
): Promise<AxiosResponse<string>> {
  return await axios.request<string>({
    ...{ method, url, data, validateStatus: () => true },
    httpsAgent: new Agent({ ca: storage.caPem ?? '', keepAlive: false }),
    headers: data === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(data)) },
  });
}
