import { join } from 'node:path';
import {
  mintStorageToken,
  type StorageRight,
  type StorageTokenSettings,
} from './accounts/index.js';
import { type Config } from './config/index.js';
import { type Database } from './db/index.js';
import {
  endpointOrigin,
  pathSegments,
  type ProtocolEndpoint,
  Recent,
  type StorageRegistryOptions,
  urlServiceOf,
} from './protocols/index.js';

/** One operation on one file of a storage. */
export interface StorageGrant {
  readonly operation: StorageRight;
  readonly endpoint: ProtocolEndpoint;
  /** The absolute path at the storage, prefix included, decoded. */
  readonly path: string;
  /** Where a rename leads. */
  readonly target?: string | undefined;
  readonly lifetimeSeconds: number;
}

/** How this process signs for storages: the issuer is the public URL, the keys are shared. */
export const storageTokenSettings = (config: Config): StorageTokenSettings => ({
  issuer: config.server.publicUrl,
  keyFile: config.tokens.keyFile ?? join(config.state.directory, 'keys', 'storage-tokens.key'),
  publishSeconds: config.tokens.keyPublishSeconds,
  rotationDays: config.tokens.keyRotationDays,
  tokenSecondsMax: Math.max(
    config.tokens.uploadLifetimeSeconds,
    config.tokens.listingLifetimeSeconds,
    config.tokens.storageLifetimeSeconds,
  ),
});

/**
 * Whether a storage is given our tokens: over TLS only, and not where its protocol has a token of its
 * own, is signed otherwise (`s3`, `gcs`, `swift`), or says `storage_tokens: false`.
 */
export const takesTokens = ({ scheme, extendedAttributes }: ProtocolEndpoint): boolean =>
  (scheme === 'https' || scheme === 'davs') &&
  extendedAttributes['token'] === undefined &&
  urlServiceOf(extendedAttributes) === undefined &&
  extendedAttributes['storage_tokens'] !== false;

/**
 * A token for one file. The protocol's `token_audience` names the audience where it is not the
 * storage's origin, `token_base_path` what the storage leaves out of the paths (XRootD's base_path).
 */
export async function grantStorage(
  db: Database,
  config: Config,
  { operation, endpoint, path, target, lifetimeSeconds }: StorageGrant,
  now: Date,
): Promise<string> {
  const { token_audience: audience, token_base_path: base } = endpoint.extendedAttributes;
  const paths = target === undefined ? [path] : [path, target];
  return await mintStorageToken(db, storageTokenSettings(config), {
    operation,
    audience: typeof audience === 'string' ? audience : endpointOrigin(endpoint),
    paths: paths.map((each) => pathBelow(typeof base === 'string' ? base : '/', each)),
    lifetimeSeconds,
    now,
  });
}

function pathBelow(base: string, path: string): string {
  const above = pathSegments(base);
  const parts = pathSegments(path);
  const inside = above.every((part, at) => parts[at] === part);
  return `/${(inside ? parts.slice(above.length) : parts).join('/')}`;
}

/** A token is shown again for so long, or for a quarter of its life; so many are kept. */
const REUSE_SECONDS = 60;
const REUSED_MAX = 2000;

/**
 * What the conveyor and the reaper show to storages: a token an operation and file, for minutes. The
 * same operation on the same file at the same storage shows the same token again while it is young: a
 * copy looks at its source and then lets the other storage read it. What a copy does at its destination
 * it does with the one token that the renaming needs: a signature costs as much as the request.
 */
export function storageAuthorizer(
  db: Database,
  config: Config,
): NonNullable<StorageRegistryOptions['authorize']> {
  const lifetimeSeconds = config.tokens.storageLifetimeSeconds;
  const keepMs = Math.min(REUSE_SECONDS, lifetimeSeconds / 4) * 1000;
  const young = new Recent<string>(keepMs, REUSED_MAX);
  return async (endpoint, asked, file, renamed, arriving) => {
    if (!takesTokens(endpoint)) return undefined;
    const shares = (asked === 'read' || asked === 'create') && arriving?.includes(file) === true;
    const operation = shares ? 'create' : asked;
    const [path, target] = shares ? arriving : [file, renamed];
    const now = new Date();
    const { token_audience: audience, token_base_path: base } = endpoint.extendedAttributes;
    const origin = endpointOrigin(endpoint);
    const key = JSON.stringify([origin, audience, base, operation, path, target]);
    const known = young.get(key, now.getTime());
    if (known !== undefined) return known;
    const grant = { operation, endpoint, path, target, lifetimeSeconds };
    const token = await grantStorage(db, config, grant, now);
    young.set(key, token, now.getTime());
    return token;
  };
}
