import {
  DEFAULT_ALGORITHM,
  type Distance,
  type Rse,
  type RseProtocol,
  type RseUsage,
} from '../../rses/index.js';
import { RseTypeCodec, wireId } from '../../vocabulary/index.js';
import { presentBytes, presentLocalUsage } from '../accounts/limits.presenter.js';

/** Availability as one number: 4 reading, 2 writing, 1 deleting. */
const availability = (rse: Rse): number =>
  4 * Number(rse.availabilityRead) +
  2 * Number(rse.availabilityWrite) +
  Number(rse.availabilityDelete);

/** An RSE as lists show it. */
export const presentRseRow = (rse: Rse) => ({
  id: wireId(rse.uid),
  rse: rse.name,
  vo: 'def',
  rse_type: RseTypeCodec.name(rse.type),
  deterministic: rse.deterministic,
  volatile: rse.volatile,
  staging_area: rse.stagingArea,
  city: rse.city,
  region_code: rse.regionCode,
  country_name: rse.countryName,
  continent: rse.continent,
  time_zone: rse.timeZone,
  ISP: rse.isp,
  ASN: rse.asn,
  longitude: rse.longitude,
  latitude: rse.latitude,
  availability: availability(rse),
  availability_read: rse.availabilityRead,
  availability_write: rse.availabilityWrite,
  availability_delete: rse.availabilityDelete,
  qos_class: rse.qosClass,
  created_at: rse.createdAt,
  updated_at: rse.updatedAt,
  deleted: rse.deletedAt !== null,
  deleted_at: rse.deletedAt,
});

/** What uploads and downloads need to know of an RSE, its protocols included. */
export const presentRseSettings = (
  rse: Rse,
  protocols: readonly RseProtocol[],
  withSecrets: boolean,
) => ({
  id: wireId(rse.uid),
  rse: rse.name,
  rse_type: RseTypeCodec.name(rse.type),
  deterministic: rse.deterministic,
  volatile: rse.volatile,
  staging_area: rse.stagingArea,
  availability_read: rse.availabilityRead,
  availability_write: rse.availabilityWrite,
  availability_delete: rse.availabilityDelete,
  credentials: null,
  domain: ['lan', 'wan'],
  lfn2pfn_algorithm: rse.attributes.lfn2pfn_algorithm ?? DEFAULT_ALGORITHM,
  qos_class: rse.qosClass,
  sign_url: rse.attributes.sign_url ?? null,
  verify_checksum: rse.attributes.verify_checksum !== 'false',
  protocols: protocols.map((protocol) => presentProtocol(protocol, withSecrets)),
});

/** The same with the availability as one number, as `GET rses/{rse}` has it. */
export const presentRse = (...args: Parameters<typeof presentRseSettings>) => ({
  ...presentRseSettings(...args),
  availability: availability(args[0]),
});

/** A protocol. In the domain lan there is no third-party copy. */
export const presentProtocol = (protocol: RseProtocol, withSecrets: boolean) => {
  const { read, write, delete: erase } = protocol.domains.lan;
  return {
    scheme: protocol.scheme,
    hostname: protocol.hostname,
    port: protocol.port,
    prefix: protocol.prefix,
    impl: protocol.impl,
    domains: { lan: { read, write, delete: erase }, wan: protocol.domains.wan },
    extended_attributes: withSecrets
      ? protocol.extendedAttributes
      : withoutSecrets(protocol.extendedAttributes),
  };
};

/** Settings such as `token_audience` and `storage_tokens` are none. */
const SECRET = /secret|passw|private_?key|credential|(^|_)token$/i;

/** A value without what only admins may see, however deep it stands. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !SECRET.test(key))
      .map(([key, item]) => [key, withoutSecrets(item)]),
  );
}

/** Truth values leave as such, everything else as text. */
export const presentAttributes = (rse: Rse): Record<string, string | boolean> =>
  Object.fromEntries(
    Object.entries(rse.attributes).map(([key, value]) => [
      key,
      value === 'true' ? true : value === 'false' ? false : value,
    ]),
  );

/** One source's view of an RSE. */
export const presentUsage = (rse: Rse, usage: RseUsage) => ({
  rse_id: wireId(rse.uid),
  rse: rse.name,
  source: usage.source,
  used: usage.used,
  free: usage.free,
  total: usage.used + (usage.free ?? 0n),
  files: usage.files,
  updated_at: usage.updatedAt,
});

/** One source's view of an RSE at an earlier time; without the number of files. */
export const presentPastUsage = (rse: Rse, usage: RseUsage) => {
  const { files: _files, ...past } = presentUsage(rse, usage);
  return past;
};

/** What one account holds of an RSE, with its share in percent. */
export const presentAccountShare = (account: string, used: bigint, total: bigint) => ({
  account,
  used,
  percentage: total > 0n ? Number((used * 10_000n) / total) / 100 : 0,
});

/** What one account has and may have here: by Rucio's names, and as its own usage shows it. */
export const presentAccountUsage = (
  rse: Rse,
  account: string,
  { used, limit }: { readonly used?: Held | undefined; readonly limit?: bigint | undefined },
) => ({
  account,
  used_files: used?.files ?? 0n,
  used_bytes: used?.bytes ?? 0n,
  quota_bytes: limit === undefined ? null : presentBytes(limit),
  ...presentLocalUsage(rse, used, limit),
});

interface Held {
  readonly bytes: bigint;
  readonly files: bigint;
}

export const presentDistance = (source: Rse, destination: Rse, found: Distance) => ({
  src_rse_id: wireId(source.uid),
  dest_rse_id: wireId(destination.uid),
  src_rse: source.name,
  dest_rse: destination.name,
  distance: found.distance,
  ranking: found.distance,
  created_at: found.createdAt,
  updated_at: found.updatedAt,
});
