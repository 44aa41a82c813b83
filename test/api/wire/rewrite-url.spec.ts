import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rewriteUrl } from '../../../src/api/wire/rewrite-url.js';

/** Python's quote_plus, with which the client encodes scope and name. */
const quotePlus = (text: string) =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const strict = encodeURIComponent;
/** Routes below dids that look like scope and name but are not. */
const reserved = new Set(['rse', 'bad', 'history', 'list']);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
const scope = text.filter((s) => !s.includes('/') && !reserved.has(s));
const prefixes: readonly [string, readonly string[]][] = [
  [
    'dids',
    [
      '',
      '/meta',
      '/meta/k',
      '/meta/files',
      '/dids',
      '/dids/history',
      '/files',
      '/rules',
      '/status',
      '/follow',
      '/derived',
      '/ancestors',
      '/descendants',
    ],
  ],
  ['replicas', ['', '/datasets', '/datasets_vp']],
  ['rules', ['/history']],
  ['locks', ['']],
  ['requests', ['/CNAF-DISK']],
  ['requests/history', ['/CNAF-DISK']],
  ['archives', ['/files']],
  ['redirect', ['', '/metalink']],
];
const routes = prefixes.flatMap(([prefix, suffixes]) => suffixes.map((s) => [prefix, s] as const));
const route = fc.constantFrom(...routes);
const end = fc.constantFrom('', '/', '?plugin=ALL', '/?long=True&x=/a//b/');

describe('rewriteUrl', () => {
  it.each([
    ['/dids/s/%2Fa%2Fb', '/dids/s/%2Fa%2Fb'],
    ['/dids/s//a/b', '/dids/s/%2Fa%2Fb'],
    ['/dids/s//a/b/meta/run_number', '/dids/s/%2Fa%2Fb/meta/run_number'],
    ['/dids/s/a/b/dids/history/', '/dids/s/a%2Fb/dids/history'],
    ['/dids/s/a%2Fmeta', '/dids/s/a%2Fmeta'],
    ['/dids/s/a/meta', '/dids/s/a/meta'],
    ['/dids/s/meta', '/dids/s/meta'],
    ['/dids/s//meta', '/dids/s/%2Fmeta'],
    ['/dids/s/', '/dids/s'],
    ['/dids/s/dids/search?type=all&filters=[{}]', '/dids/s/dids/search?type=all&filters=[{}]'],
    ['/dids', '/dids'],
    ['/dids/bulkmeta', '/dids/bulkmeta'],
    ['/dids/my+scope/a+b%2Bc', '/dids/my%20scope/a%20b%2Bc'],
    ['/replicas/list', '/replicas/list'],
    ['/replicas/rse/CNAF', '/replicas/rse/CNAF'],
    ['/replicas/bad/states/?state=B', '/replicas/bad/states?state=B'],
    ['/replicas/s/a/b/datasets', '/replicas/s/a%2Fb/datasets'],
    ['/rules/', '/rules'],
    ['/rules/0123456789abcdef/history', '/rules/0123456789abcdef/history'],
    ['/rules/s//a/history', '/rules/s/%2Fa/history'],
    ['/rules/0123456789abcdef/locks/', '/rules/0123456789abcdef/locks'],
    ['/locks/CNAF?did_type=dataset', '/locks/CNAF?did_type=dataset'],
    ['/locks/s/a/b', '/locks/s/a%2Fb'],
    ['/requests/list?request_states=Q,S', '/requests/list?request_states=Q,S'],
    ['/requests/history/list', '/requests/history/list'],
    ['/requests/s//a/CNAF', '/requests/s/%2Fa/CNAF'],
    ['/requests/history/s//a/CNAF', '/requests/history/s/%2Fa/CNAF'],
    ['/archives/s//a.zip/files', '/archives/s/%2Fa.zip/files'],
    ['/redirect/s/a/metalink', '/redirect/s/a/metalink'],
    ['/rses/?expression=tier%3D1', '/rses?expression=tier%3D1'],
    ['//rses//CNAF//attr/', '/rses/CNAF/attr'],
    ['/scopes/owner', '/scopes/owner'],
    ['/meta_conventions/', '/meta_conventions'],
    ['/meta_conventions/datatype', '/meta_conventions/datatype'],
    ['/meta_conventions/datatype/', '/meta_conventions/datatype/values'],
    ['/', '/'],
    ['*', '*'],
    ['/dids/s/%E9', '/dids/s/%E9'],
    ['/dids/s/%zz', '/dids/s/%zz'],
  ])('%s becomes %s', (raw, canonical) => {
    expect(rewriteUrl(raw)).toBe(canonical);
  });

  it('takes any scope and name as the client encodes them', () => {
    fc.assert(
      fc.property(scope, text, route, end, (s, n, [prefix, suffix], tail) => {
        const query = tail.startsWith('/') ? tail.slice(1) : tail;
        const canonical = `/${prefix}/${strict(s)}/${strict(n)}${suffix}${query}`;
        expect(rewriteUrl(`/${prefix}/${quotePlus(s)}/${quotePlus(n)}${suffix}${tail}`)).toBe(
          canonical,
        );
        expect(rewriteUrl(canonical)).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes names whose slashes a proxy has decoded', () => {
    const part = fc.string({ unit: fc.constantFrom(...'abXY019._-'), minLength: 1, maxLength: 6 });
    const known = /^(meta|dids|files|rules|parents|follow|status|history|datasets|datasets_vp)$/;
    const path = fc
      .tuple(
        fc.boolean(),
        fc.array(
          part.filter((p) => !known.test(p)),
          { minLength: 1, maxLength: 4 },
        ),
      )
      .map(([leading, parts]) => (leading ? '/' : '') + parts.join('/'));
    fc.assert(
      fc.property(
        part.filter((p) => !reserved.has(p)),
        path,
        route,
        (s, n, [prefix, suffix]) => {
          const canonical = `/${prefix}/${s}/${strict(n)}${suffix}`;
          expect(rewriteUrl(`/${prefix}/${s}/${n}${suffix}`)).toBe(canonical);
        },
      ),
    );
  });

  it('never throws and never loses the query', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.string(), (path, query) => {
        expect(rewriteUrl(`/${path}?${query}`).endsWith(`?${query}`)).toBe(true);
      }),
    );
  });
});
