import { METALINK_SCHEMES } from '../replicas/metalink.presenter.js';
import { type Listing, parseListingQuery } from '../replicas/listing.request.js';
import { parseText } from '../wire/index.js';
import { type DidName } from '../../vocabulary/index.js';

/** What a browser or `curl` opens, and what it opens when it is called https. */
const HTTP_SCHEMES = ['davs', 'https', 's3'];

/** Where a file is wanted from. */
export interface Redirection {
  readonly listing: Listing;
  /** Only from this RSE. */
  readonly rse: string | undefined;
  /** What a metalink of the same question says in its own query. */
  readonly query: string;
}

/**
 * `usual` holds where the question says nothing. Throws TypeError, ValueError and
 * SortingAlgorithmNotSupported.
 */
export function parseRedirection(
  did: DidName,
  query: Readonly<Record<string, unknown>>,
  usual = { schemes: HTTP_SCHEMES, sort: 'random' },
): Redirection {
  const schemes = schemesOf(query['schemes']) ?? usual.schemes;
  const sort = parseText(query['sort'] ?? query['select'], 'sort') || usual.sort;
  const site = parseText(query['site'], 'site') || undefined;
  const more = site === undefined ? '' : `&site=${encodeURIComponent(site)}`;
  return {
    listing: {
      ...parseListingQuery(did, { sort, limit: query['limit'] }),
      schemes,
      site,
      ignoreAvailability: false,
    },
    rse: parseText(query['rse'], 'rse') || undefined,
    query: `schemes=${encodeURIComponent(schemes.join(','))}&select=${sort}${more}`,
  };
}

/** All schemes that metalinks speak of, best first. */
export const parseMetalink = (
  did: DidName,
  query: Readonly<Record<string, unknown>>,
): Redirection => parseRedirection(did, query, { schemes: [...METALINK_SCHEMES], sort: '' });

/** Given several times, or with commas, as the links that we give out ourselves have them. */
function schemesOf(given: unknown): readonly string[] | undefined {
  const texts = Array.isArray(given) ? given : [given];
  const schemes = texts
    .flatMap((text: unknown) => parseText(text, 'schemes')?.split(',') ?? [])
    .filter((scheme) => scheme !== '');
  return schemes.length > 0 ? schemes : undefined;
}
