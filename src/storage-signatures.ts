import { type Config } from './config/index.js';
import { ConfigurationError } from './errors/index.js';
import {
  presign,
  PRESIGNED_SECONDS_MAX,
  type PresignSpec,
  regionOf,
  type UrlKey,
  type UrlService,
} from './protocols/index.js';

/** A URL of an RSE whose storage signs its own way. */
export interface StorageUrl extends Pick<PresignSpec, 'url' | 'method' | 'lifetimeSeconds'> {
  readonly rse: string;
  readonly service: UrlService;
  /** Of the protocol. */
  readonly extendedAttributes: Readonly<Record<string, unknown>> | null;
}

/** The key of an RSE, or undefined where none is configured that would do for the service. */
export function urlKeyOf(config: Config, rse: string, service: UrlService): UrlKey | undefined {
  const { keys = {} } = config.storage;
  const key = Object.hasOwn(keys, rse) ? keys[rse] : undefined;
  return service !== 'swift' && key?.accessKey === undefined ? undefined : key;
}

/** Signs a URL with the key of its RSE. Throws ConfigurationError where none is configured. */
export async function signStorageUrl(
  config: Config,
  { rse, service, extendedAttributes, ...spec }: StorageUrl,
  now: Date,
): Promise<string> {
  const key = urlKeyOf(config, rse, service);
  if (!key) {
    const parts = service === 'swift' ? 'a secretKey' : 'an accessKey and a secretKey';
    throw new ConfigurationError(
      `URLs of RSE ${rse} are signed for ${service}, and this service has no key for them:` +
        ` storage.keys.${rse} in its configuration takes ${parts}`,
      { rse, service },
    );
  }
  return await presign(service, {
    ...spec,
    lifetimeSeconds: Math.min(spec.lifetimeSeconds, PRESIGNED_SECONDS_MAX),
    key,
    region: regionOf(extendedAttributes, service),
    now,
  });
}
