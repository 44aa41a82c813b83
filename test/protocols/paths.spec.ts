import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  endpointOrigin,
  fileUrl,
  parentOf,
  pathBelowPrefix,
  serverFilePath,
  serverPath,
} from '../../src/protocols/index.js';
import { memoryEndpoint } from './endpoints.js';

const endpoint = { ...memoryEndpoint('storage.example.org'), scheme: 'https', port: 8443 };

describe('paths', () => {
  it.each([
    ['a/b', '/data/a/b'],
    ['/a//b/', '/data/a/b'],
    ['a b/c+d', '/data/a b/c+d'],
    ['..a/b..', '/data/..a/b..'],
    ['...', '/data/...'],
  ])('%j stands at %s', (path, absolute) => {
    expect(serverFilePath(endpoint, path)).toBe(absolute);
  });

  it.each(['..', 'a/..', '../data/a', 'a/./b', 'a\nb', 'a\u007f', 'a\ud800b', '', '//'])(
    'refuses %j as a file',
    (path) => {
      expect(() => serverFilePath(endpoint, path)).toThrow(/path .* (has|is|names)/);
    },
  );

  it('takes the empty path for the prefix itself', () => {
    expect(serverPath(endpoint, '')).toBe('/data');
    expect(serverPath({ ...endpoint, prefix: '/' }, '')).toBe('/');
    expect(parentOf('a/b/c')).toBe('a/b');
    expect(parentOf('a')).toBe('');
  });

  it('encodes everything that means something in a URL', () => {
    expect(fileUrl(endpoint, 'a b/c?d#e%2e/ü').href).toBe(
      'https://storage.example.org:8443/data/a%20b/c%3Fd%23e%252e/%C3%BC',
    );
  });

  it('speaks https for davs, and brackets an IPv6 address', () => {
    expect(endpointOrigin({ ...endpoint, scheme: 'davs', port: 0 })).toBe(
      'https://storage.example.org',
    );
    expect(endpointOrigin({ ...endpoint, hostname: '2001:db8::1' })).toBe(
      'https://[2001:db8::1]:8443',
    );
  });

  it('refuses a host that would be another one', () => {
    for (const hostname of ['a/b', 'user@evil', 'a b', 'a?b', 'a#b', 'a\\b', '']) {
      expect(() => fileUrl({ ...endpoint, hostname }, 'x')).toThrow('no such host');
    }
  });

  it('keeps any path under the prefix, or refuses it', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('..', '.', '', 'a', '%2e%2e', '..%2f', '/', '\\', '\r\n', '?', '#'))
        .map((parts) => parts.join('/')),
    );
    fc.assert(
      fc.property(anything, (path) => {
        let url: URL;
        try {
          url = fileUrl(endpoint, path);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PATH_REFUSED' });
          return;
        }
        expect(url.origin).toBe('https://storage.example.org:8443');
        expect(url.search + url.hash).toBe('');
        expect(url.pathname.startsWith('/data/')).toBe(true);
        // What a server decodes is what was meant, and is still below the prefix.
        const decoded = decodeURIComponent(url.pathname);
        expect(decoded).toBe(serverFilePath(endpoint, path));
        expect(decoded.split('/')).not.toContain('..');
        expect(pathBelowPrefix(endpoint, decoded)).toBe(
          path
            .split('/')
            .filter((segment) => segment !== '')
            .join('/'),
        );
      }),
      { numRuns: 500 },
    );
  });
});
