import { type Config } from '../../config/index.js';
import { type Database } from '../../db/index.js';
import { endpointOf, parsePfn } from '../../rses/index.js';
import { grantStorage } from '../../storage-tokens.js';
import { type ListedPfn } from './listing.presenter.js';
import { type Listing } from './listing.request.js';

/** What listings and signatures are made with. */
export interface ListingContext {
  readonly db: Database;
  readonly config: Config;
  readonly now: Date;
  /** Default true. */
  readonly sign?: boolean;
}

/** A URL that opens by our token: the client's own, byte for byte, and this form of the token only. */
export const withToken = (url: string, token: string): string =>
  `${url}${url.includes('?') ? '&' : '?'}authz=Bearer%20${token}`;

/** The same physical names, signed for reading where their RSE opens with our tokens. */
export async function signPfns(
  { db, config, now, sign = true }: ListingContext,
  listing: Pick<Listing, 'signatureSeconds'>,
  pfns: readonly ListedPfn[],
): Promise<ListedPfn[]> {
  const lifetimeSeconds = listing.signatureSeconds ?? config.tokens.listingLifetimeSeconds;
  const signed: ListedPfn[] = [];
  for (const each of pfns) {
    if (!each.place.signed || !sign) {
      signed.push(each);
      continue;
    }
    const endpoint = endpointOf(each.place.rse, each.place.protocol);
    const { path } = parsePfn(each.pfn);
    const grant = { operation: 'read', endpoint, path, lifetimeSeconds } as const;
    signed.push({ ...each, pfn: withToken(each.pfn, await grantStorage(db, config, grant, now)) });
  }
  return signed;
}
