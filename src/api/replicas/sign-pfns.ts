import { type Config } from '../../config/index.js';
import { type Database } from '../../db/index.js';
import { urlServiceOf } from '../../protocols/index.js';
import { endpointOf, parsePfn } from '../../rses/index.js';
import { signStorageUrl, urlKeyOf } from '../../storage-signatures.js';
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

/**
 * The same physical names, signed for reading where their RSE opens by signed URLs: with our tokens,
 * or with the key of a storage that signs its own way. Without that key they stay as they are: a
 * listing still says where files are.
 */
export async function signPfns(
  { db, config, now, sign = true }: ListingContext,
  listing: Pick<Listing, 'signatureSeconds'>,
  pfns: readonly ListedPfn[],
): Promise<ListedPfn[]> {
  const lifetimeSeconds = listing.signatureSeconds ?? config.tokens.listingLifetimeSeconds;
  const signOne = async ({ pfn, place: { rse, protocol } }: ListedPfn): Promise<string> => {
    const { extendedAttributes } = protocol;
    const service = urlServiceOf(extendedAttributes);
    if (service === undefined) {
      const endpoint = endpointOf(rse, protocol);
      const { path } = parsePfn(pfn);
      const grant = { operation: 'read', endpoint, path, lifetimeSeconds } as const;
      return withToken(pfn, await grantStorage(db, config, grant, now));
    }
    if (!urlKeyOf(config, rse.name, service)) return pfn;
    const asked = { rse: rse.name, service, extendedAttributes, url: pfn, lifetimeSeconds };
    return await signStorageUrl(config, { ...asked, method: 'GET' }, now);
  };
  const signed: ListedPfn[] = [];
  for (const each of pfns) {
    signed.push(each.place.signed && sign ? { ...each, pfn: await signOne(each) } : each);
  }
  return signed;
}
