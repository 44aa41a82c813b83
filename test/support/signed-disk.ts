import axios from 'axios';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Agent } from 'node:https';
import { type DiskStorage, startDisk, testAuthority } from '../protocols/endpoints.js';
import { type TestApi } from './api.js';

const WAN = { read: 1, write: 1, delete: 1 };

/** A storage that believes nobody but the tokens of the API under test. */
export interface SignedDisk extends DiskStorage {
  /** Where a path below the prefix is, as clients write it. */
  urlOf(path: string): string;
  /** One request without a header that would open anything; its status. */
  request(method: string, url: string, body?: string): Promise<number>;
}

/** Starts the storage and defines it as an RSE of that name with signed URLs. */
export async function signedDisk(
  api: TestApi,
  rse: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<SignedDisk> {
  const keys = createRemoteJWKSet(new URL('/jwks', api.url));
  const disk = await startDisk({
    verify: async (token, operation, path) => {
      const { payload } = await jwtVerify(token, keys, { audience: disk.url });
      return String(payload['scope']).split(' ').includes(`${operation}:${path}`);
    },
  });
  await api.root('POST', `/rses/${rse}`, {});
  for (const [key, value] of Object.entries({ sign_url: 's3', ...attributes })) {
    await api.root('POST', `/rses/${rse}/attr/${key}`, { value });
  }
  const { certificate: ca } = await testAuthority();
  await api.root('POST', `/rses/${rse}/protocols/https`, {
    hostname: '127.0.0.1',
    port: disk.port,
    prefix: '/data/',
    impl: 'rucio.rse.protocols.webdav.NoRename',
    domains: { wan: WAN, lan: WAN },
    extended_attributes: { ca },
  });
  return {
    ...disk,
    urlOf: (path) => `${disk.url}/data/${path}`,
    async request(method, url, body) {
      // A connection of its own: a storage may remember who was on it before.
      const httpsAgent = new Agent({ ca, keepAlive: false });
      const answer = await axios.request({
        method,
        url,
        data: body,
        httpsAgent,
        validateStatus: () => true,
        responseType: 'text',
      });
      return answer.status;
    },
  };
}
