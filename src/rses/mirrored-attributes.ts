import { type RseTraits } from './rse.sql.js';

const MIRRORED = {
  city: 'city',
  regionCode: 'region_code',
  countryName: 'country_name',
  continent: 'continent',
  timeZone: 'time_zone',
  isp: 'ISP',
  asn: 'ASN',
} as const satisfies Partial<Record<keyof RseTraits, string>>;

/** The attributes that repeat what is given of place and network, and those to be removed with it. */
export function mirroredAttributes(traits: RseTraits): {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
} {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [trait, key] of Object.entries(MIRRORED)) {
    const value = traits[trait as keyof typeof MIRRORED];
    if (value === null) unset.push(key);
    else if (value !== undefined) set[key] = value;
  }
  return { set, unset };
}
