import { type KeyObject, randomUUID, sign } from 'node:crypto';
import { type Database } from '../db/index.js';
import { currentSigningKey, SIGNING_ALGORITHM, type SigningSettings } from './signing-keys.js';

/** `create` puts a new file and reads it back; `modify` may also replace and remove it. */
export const StorageRights = {
  read: ['storage.read'],
  create: ['storage.create', 'storage.read'],
  modify: ['storage.create', 'storage.modify', 'storage.read'],
  delete: ['storage.modify', 'storage.read'],
} as const;
export type StorageRight = keyof typeof StorageRights;

export interface StorageTokenSettings extends SigningSettings {
  /** Our public URL: storages find our keys below it. */
  readonly issuer: string;
}

/** One operation on one file (two, where it is renamed) at one storage. */
export interface StorageTokenSpec {
  readonly operation: StorageRight;
  /** The storage's origin: `https://host:port`. */
  readonly audience: string;
  /** Absolute paths at the storage, decoded, as the issuer's base path at the storage sees them. */
  readonly paths: readonly string[];
  readonly lifetimeSeconds: number;
  readonly now: Date;
}

/** No grid map names it, and no Unix account can have it: a storage must not map it to a person. */
const SUBJECT = 'sluice:storage-token';

/**
 * A JWT of the WLCG profile that opens exactly these files for one operation. Directories are never
 * named: XRootD matches bare prefixes, so that a scope for /a would open /ab too.
 */
export async function mintStorageToken(
  db: Database,
  settings: StorageTokenSettings,
  spec: StorageTokenSpec,
): Promise<string> {
  const { kid, privateKey } = await currentSigningKey(db, settings, spec.now);
  const seconds = Math.floor(spec.now.getTime() / 1000);
  const lifetime = Math.min(spec.lifetimeSeconds, settings.tokenSecondsMax);
  const claims = {
    'wlcg.ver': '1.0',
    scope: storageScope(spec),
    iss: settings.issuer,
    sub: SUBJECT,
    aud: spec.audience,
    jti: randomUUID(),
    iat: seconds,
    // Storages' clocks differ a little from ours.
    nbf: seconds - 60,
    exp: seconds + lifetime,
  };
  return signed({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid }, claims, privateKey);
}

/** A compact JWS (RFC 7515). By node:crypto at once: by Web Crypto a signature costs twice as much. */
function signed(header: object, claims: object, key: KeyObject): string {
  const encoded = [header, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = sign('sha256', Buffer.from(encoded.join('.')), {
    key,
    // R and S side by side, as RFC 7518, section 3.4, wants them.
    dsaEncoding: 'ieee-p1363',
  });
  return [...encoded, signature.toString('base64url')].join('.');
}

/** The scope claim: every right for every path. Throws for a path that is none of a single file. */
export function storageScope({
  operation,
  paths,
}: Pick<StorageTokenSpec, 'operation' | 'paths'>): string {
  for (const path of paths) {
    if (!/^(\/[^/\s]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path)) {
      throw new RangeError(`no storage token for the path ${JSON.stringify(path.slice(0, 200))}`);
    }
  }
  return StorageRights[operation]
    .flatMap((right) => paths.map((path) => `${right}:${path}`))
    .join(' ');
}
