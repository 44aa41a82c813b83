/** The lake of the story: one shore station and four sites around the world. */
export interface SiteSpec {
  readonly rse: string;
  readonly type: 'DISK' | 'TAPE';
  readonly continent: string;
  readonly country: string;
  readonly institute: string;
  readonly tier: number;
  /** Nominal space, bytes. */
  readonly spaceBytes: number;
}

const GIB = 1024 ** 3;

export const SHORE = 'SHORE-DISK';

export const sites: readonly SiteSpec[] = [
  {
    rse: SHORE,
    type: 'DISK',
    continent: 'EU',
    country: 'FR',
    institute: 'SHORE',
    tier: 0,
    spaceBytes: 2 * GIB,
  },
  {
    rse: 'EU-DISK',
    type: 'DISK',
    continent: 'EU',
    country: 'IT',
    institute: 'CNAF',
    tier: 1,
    spaceBytes: 10 * GIB,
  },
  {
    rse: 'NA-DISK',
    type: 'DISK',
    continent: 'NA',
    country: 'US',
    institute: 'UCHICAGO',
    tier: 1,
    spaceBytes: 10 * GIB,
  },
  {
    rse: 'AF-DISK',
    type: 'DISK',
    continent: 'AF',
    country: 'ZA',
    institute: 'NWU',
    tier: 1,
    spaceBytes: 10 * GIB,
  },
  {
    rse: 'AS-TAPE',
    type: 'TAPE',
    continent: 'AS',
    country: 'JP',
    institute: 'KEK',
    tier: 1,
    spaceBytes: 100 * GIB,
  },
];

/** How far apart two sites are: the shore is nearest to everybody, as its links are made for export. */
export function distanceBetween(source: SiteSpec, destination: SiteSpec): number {
  if (source.tier === 0) return 1;
  return source.continent === destination.continent ? 2 : 5;
}

/** The part of every storage that belongs to the lake. */
export const PREFIX = '/rucio/';

/** The protocol entry that the official client understands, signed URLs and all. */
export const protocolOf = (port: number, caPem: string) => ({
  scheme: 'https',
  hostname: '127.0.0.1',
  port,
  prefix: PREFIX,
  impl: 'rucio.rse.protocols.webdav.NoRename',
  domains: {
    lan: { read: 1, write: 1, delete: 1 },
    wan: { read: 1, write: 1, delete: 1, third_party_copy_read: 1, third_party_copy_write: 1 },
  },
  extended_attributes: { ca: caPem },
});
