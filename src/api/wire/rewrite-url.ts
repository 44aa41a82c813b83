/** A part of the path behind a DID: literal segments, and ANY for one segment of any text. */
type Suffix = readonly string[];
const ANY = ':';

interface DidResource {
  /** What may follow scope and name, longest first. */
  readonly suffixes: readonly Suffix[];
  /** Whether the resource has DIDs only in front of one of the suffixes. */
  readonly suffixed?: boolean;
  /** Paths behind the resource that are not scope and name. */
  readonly others?: readonly Suffix[];
}

const RESOURCES: Readonly<Record<string, DidResource>> = {
  dids: {
    suffixes: [
      ['meta', ANY],
      ['dids', 'history'],
      ['dids'],
      ['files'],
      ['rules'],
      ['parents'],
      ['associated_rules'],
      ['follow'],
      ['status'],
      ['meta'],
      ['explain'],
      ['derived'],
      ['ancestors'],
      ['descendants'],
    ],
    others: [
      [ANY, 'dids', 'search'],
      [ANY, ANY, ANY, ANY, ANY, 'sample'],
    ],
  },
  replicas: {
    suffixes: [[ANY, 'explain'], ['datasets'], ['datasets_vp']],
    others: [
      ['rse', ANY],
      ['bad', 'states'],
      ['bad', 'summary'],
      ['bad', 'dids'],
      ['bad', 'pfns'],
    ],
  },
  rules: { suffixes: [['history']], suffixed: true },
  locks: { suffixes: [] },
  requests: { suffixes: [[ANY]], suffixed: true, others: [['history', 'list']] },
  'requests/history': { suffixes: [[ANY]], suffixed: true },
  archives: { suffixes: [['files']], suffixed: true },
  redirect: { suffixes: [['metalink']] },
};

const fits = (segments: readonly string[], pattern: Suffix): boolean =>
  segments.length === pattern.length &&
  pattern.every((part, i) => (part === ANY ? segments[i] !== '' : part === segments[i]));

/** Undoes the client's form encoding of one segment (`+` is a blank) and encodes it strictly. */
const encodeStrictly = (segment: string): string =>
  encodeURIComponent(decodeURIComponent(segment.replaceAll('+', ' ')));

/** Splits what follows the scope into a name of at least one character and the longest suffix. */
function splitName(resource: DidResource, tail: readonly string[]): [string[], Suffix] | undefined {
  const candidates = resource.suffixed ? resource.suffixes : [...resource.suffixes, []];
  for (const suffix of candidates) {
    const name = tail.slice(0, tail.length - suffix.length);
    const found = tail.slice(name.length);
    if (fits(found, suffix) && name.join('/') !== '') return [name, found];
  }
  return undefined;
}

/** The canonical path of a DID below a resource, or undefined where the path names no DID. */
function didPath(resource: string, rest: readonly string[]): string | undefined {
  const rules = RESOURCES[resource];
  const [scope, ...tail] = rest;
  if (!rules || scope === undefined || tail.length === 0) return undefined;
  if (rules.others?.some((other) => fits(rest, other))) return undefined;
  const split = splitName(rules, tail);
  if (!split) return undefined;
  const name = split[0].map(encodeStrictly).join('%2F');
  return `/${[resource, encodeStrictly(scope), name, ...split[1]].join('/')}`;
}

function trimEmpty(segments: readonly string[]): string[] {
  const first = segments.findIndex((segment) => segment !== '');
  const last = segments.findLastIndex((segment) => segment !== '');
  return first < 0 ? [] : segments.slice(first, last + 1);
}

function rewritePath(path: string): string {
  const segments = trimEmpty(path.split('/'));
  const [resource = '', ...rest] = segments;
  if (resource === 'meta_conventions' && rest.length > 0 && path.endsWith('/')) {
    return `/${[resource, ...rest.filter((segment) => segment !== ''), 'values'].join('/')}`;
  }
  const below = trimEmpty(rest);
  const history = resource === 'requests' && below[0] === 'history' && below.length >= 4;
  const did = history
    ? didPath('requests/history', trimEmpty(below.slice(1)))
    : didPath(resource, below);
  return did ?? `/${segments.filter((segment) => segment !== '').join('/')}`;
}

/**
 * Turns every spelling of a URL that clients and proxies send into one canonical spelling, before
 * the router sees it, so that controllers stay ordinary routes. For Fastify's `rewriteUrl` option.
 *
 * - No canonical path has a trailing slash or an empty segment: `/rses/` becomes `/rses`.
 * - The one place where the slash means something: `/meta_conventions/{key}/` (the values of a key)
 *   becomes `/meta_conventions/{key}/values`; `/meta_conventions/{key}` (the key) stays.
 * - Behind dids, replicas, rules, locks, requests, requests/history, archives and redirect stand a
 *   scope and a DID name, each strictly encoded in a segment of its own, then a known suffix:
 *   `/dids/s//a/b/meta/k` (decoded by a proxy) and `/dids/s/%2Fa%2Fb/meta/k` (as the client sends
 *   it) both become `/dids/s/%2Fa%2Fb/meta/k`. `+` in scope and name is a blank.
 * - The path is split before it is decoded, so an encoded name is never mistaken for a suffix. In a
 *   decoded one the scope ends at the first slash and the longest known suffix wins, as in Rucio;
 *   a trailing slash of such a name is lost.
 * - `/dids/{guid}/guid`, `/replicas/rse/{rse}`, `/replicas/bad/…`, `/dids/{scope}/dids/search`,
 *   `/dids/{scope}/{name}/{scope}/{name}/{number}/sample` and `/requests/history/list` are routes, not DIDs, as on the reference server.
 *
 * The query stays as it is. What is no UTF-8 or badly escaped is passed on untouched: the router
 * answers 400. The function is idempotent.
 */
export function rewriteUrl(rawUrl: string): string {
  if (!rawUrl.startsWith('/')) return rawUrl;
  const at = rawUrl.indexOf('?');
  const path = at < 0 ? rawUrl : rawUrl.slice(0, at);
  try {
    return rewritePath(path) + rawUrl.slice(path.length);
  } catch {
    return rawUrl;
  }
}
