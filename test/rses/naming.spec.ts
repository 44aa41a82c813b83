import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidPath } from '../../src/errors/index.js';
import {
  ALGORITHMS,
  type Endpoint,
  isComputed,
  normalisePath,
  parsePfn,
  pathOf,
  pathUnder,
  pfnOf,
} from '../../src/rses/naming/index.js';

const https: Endpoint = {
  scheme: 'https',
  hostname: 'Storage.example',
  port: 8443,
  prefix: '/data',
};
const file: Endpoint = { scheme: 'file', hostname: 'localhost', port: 0, prefix: 'mnt/' };
const srm: Endpoint = {
  scheme: 'srm',
  hostname: 'se.example',
  port: 8443,
  prefix: '/pnfs/',
  extendedAttributes: { web_service_path: '/srm/managerv2?SFN=' },
};
const root: Endpoint = {
  scheme: 'root',
  hostname: 'eos.example',
  port: 1094,
  prefix: '//eos/lake',
};

describe('pathOf', () => {
  it.each([
    ['hash', 'user.alice', 'f1.txt', 'user/alice/ff/c1/f1.txt'],
    ['hash', 'data.raw', 'f1.txt', 'data.raw/9c/76/f1.txt'],
    ['identity', 'group.km3.sea', 'a/b', 'group/km3/sea/a/b'],
    ['identity', 'data.raw', '/a/b', 'data.raw//a/b'],
    ['dirac', 'raw', '/vo/raw/run1/f1', 'vo/raw/run1/f1'],
    ['dirac', 'vo', '/vo', 'vo'],
    ['dirac', 'mc', '/vo/raw/run1/f1', 'mc//vo/raw/run1/f1'],
    ['dirac', 'user.alice', 'f1', 'user/alice/f1'],
  ])('%s of %s:%s is %s', (algorithm, scope, name, path) => {
    expect(pathOf(algorithm, scope, name)).toBe(path);
  });

  it('is known to statements too, whatever the algorithm', () => {
    expect([...ALGORITHMS.keys()].filter((algorithm) => !isComputed(algorithm))).toEqual([]);
    expect(isComputed('xenon')).toBe(false);
  });

  it('names the algorithms there are', () => {
    expect(() => pathOf('xenon', 's', 'n')).toThrow(/'xenon'; there are hash, identity/);
  });

  it.each([
    ['data', '../x'],
    ['data', 'a/../../x'],
    ['..', 'x'],
    ['user...', 'x/./y'],
    ['data', 'a\0b'],
    ['data', 'a\\..\\b'],
    ['data', '%2E%2e/x'],
    ['data', 'a%2f..'],
  ])('refuses %s:%s, which would leave the directory', (scope, name) => {
    for (const algorithm of ALGORITHMS.keys()) {
      expect(() => pathOf(algorithm, scope, name)).toThrow(InvalidPath);
    }
  });
});

describe('physical names', () => {
  it.each([
    [https, 's/ab/cd/f', 'https://Storage.example:8443/data/s/ab/cd/f'],
    [https, '/s/f', 'https://Storage.example:8443/data/s/f'],
    [{ ...https, port: 443, prefix: '' }, 's//f', 'https://Storage.example:443/s//f'],
    [file, 's/f', 'file://localhost/mnt/s/f'],
    [srm, 's/f', 'srm://se.example:8443/srm/managerv2?SFN=/pnfs/s/f'],
    [root, 's/f', 'root://eos.example:1094//eos/lake/s/f'],
  ])('are made of an endpoint and a path: %j %s', (endpoint, path, pfn) => {
    expect(pfnOf(endpoint, path)).toBe(pfn);
    expect(pathUnder(endpoint, parsePfn(pfn))).toBe(normalisePath(path));
  });

  it('are taken apart', () => {
    expect(parsePfn('davs://[::1]:8443//a//b/c?X-Amz-Signature=1?2')).toEqual({
      scheme: 'davs',
      hostname: '[::1]',
      port: 8443,
      path: '/a/b/c',
      query: 'X-Amz-Signature=1?2',
    });
    expect(parsePfn('file:///a/b')).toMatchObject({ hostname: '', port: null, path: '/a/b' });
  });

  it.each([
    '',
    'f1.txt',
    '/a/b',
    'https:/host/a',
    'https://user@host/a',
    'https://h:port/a',
    'https://h/../a',
  ])('are not %p', (text) => {
    expect(() => parsePfn(text)).toThrow(InvalidPath);
  });

  it.each([
    ['http://storage.example:8443/data/s/f', 'another scheme'],
    ['https://other.example:8443/data/s/f', 'another host'],
    ['https://storage.example/data/s/f', 'another port'],
    ['https://storage.example:8443/database/f', 'another directory'],
    ['https://storage.example:8443/data/', 'the prefix itself'],
  ])('of elsewhere are told apart: %s is %s', (pfn) => {
    expect(pathUnder(https, parsePfn(pfn))).toBeUndefined();
  });

  it('may leave out the standard port', () => {
    const standard = { ...https, port: 0 };
    expect(pathUnder(standard, parsePfn('https://storage.example/data/s/f'))).toBe('/s/f');
    expect(pathUnder(standard, parsePfn('https://storage.example:443/data/s/f'))).toBe('/s/f');
  });

  it('lead back to the path they were made of, for every algorithm, scope and name', () => {
    const scope = fc.stringMatching(/^(user\.|group\.)?[a-zA-Z0-9_-]{1,15}$/);
    const name = fc.stringMatching(/^[/A-Za-z0-9][/A-Za-z0-9_-]{0,60}[a-z]$/);
    const algorithm = fc.constantFrom(...ALGORITHMS.keys());
    const endpoint = fc.constantFrom(https, file, srm, root);
    fc.assert(
      fc.property(algorithm, scope, name, endpoint, (a, s, n, e) => {
        const path = pathOf(a, s, n);
        expect(pathUnder(e, parsePfn(pfnOf(e, path)))).toBe(normalisePath(path));
      }),
    );
  });
});
