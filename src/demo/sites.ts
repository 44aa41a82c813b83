import { createRemoteJWKSet, jwtVerify } from 'jose';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from '../config/index.js';
import { makeAuthority } from './certificates.js';
import { sites } from './lake.js';
import { type DemoStorage, startStorage } from './storage/index.js';

/** The five storages of the story and the authority that vouches for them. */
export interface Sites {
  readonly storages: ReadonlyMap<string, DemoStorage>;
  readonly caPem: string;
  readonly caFile: string;
  close(): Promise<void>;
}

/** Starts one https storage a site. Each believes tokens of the Sluice at `issuer`, nobody else's. */
export async function startSites(issuer: string, config: Config): Promise<Sites> {
  const authority = await makeAuthority();
  const { certificate, key } = await authority.issue('127.0.0.1');
  const caFile = join(config.state.directory, 'demo-ca.pem');
  writeFileSync(caFile, authority.certificate);
  const keys = createRemoteJWKSet(new URL('/jwks', issuer));
  const storages = new Map<string, DemoStorage>();
  for (const { rse } of sites) {
    const root = join(config.state.directory, 'storages', rse);
    mkdirSync(root, { recursive: true });
    let audience = '';
    const verify = async (token: string, operation: string, path: string) => {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.server.publicUrl,
        audience,
      });
      return opens(payload['scope'], operation, path);
    };
    const storage = await startStorage({
      root,
      ca: authority.certificate,
      certificate,
      key,
      verify,
    });
    audience = storage.url;
    storages.set(rse, storage);
  }
  return {
    storages,
    caPem: authority.certificate,
    caFile,
    async close() {
      await Promise.all([...storages.values()].map((storage) => storage.close()));
    },
  };
}

/** Whether a WLCG scope claim names this operation on exactly this path. */
function opens(scope: unknown, operation: string, path: string): boolean {
  return typeof scope === 'string' && scope.split(' ').includes(`${operation}:${path}`);
}
