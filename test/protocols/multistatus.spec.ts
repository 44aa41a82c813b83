import { describe, expect, it } from '@jest/globals';
import { parseDigest } from '../../src/protocols/webdav/digest-header.js';
import { parseMultistatus } from '../../src/protocols/webdav/multistatus.js';

const xml = (responses: string) =>
  `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${responses}</d:multistatus>`;

describe('a multi-status answer', () => {
  it('is read whatever its prefix, its order and its encoding', () => {
    const answer = xml(
      '<d:response><d:href>https://host:1094/data/a%20b/</d:href><d:propstat><d:prop>' +
        '<d:resourcetype><d:collection/></d:resourcetype></d:prop>' +
        '<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>' +
        '<d:response><d:href>/data/100%</d:href><d:propstat>' +
        '<d:status>HTTP/1.1 404 Not Found</d:status><d:prop><d:getcontentlength>1' +
        '</d:getcontentlength></d:prop></d:propstat><d:propstat><d:prop>' +
        '<d:getcontentlength>9007199254740993</d:getcontentlength><d:resourcetype/>' +
        '<d:getlastmodified>Sat, 21 Nov 2026 01:43:07 GMT</d:getlastmodified></d:prop>' +
        '<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>',
    );
    expect(parseMultistatus(answer)).toEqual([
      { path: '/data/a b/', directory: true, bytes: null, modifiedAt: null },
      {
        path: '/data/100%',
        directory: false,
        bytes: 9007199254740993n,
        modifiedAt: new Date('2026-11-21T01:43:07Z'),
      },
    ]);
  });

  it('may be empty', () => {
    expect(parseMultistatus(xml(''))).toEqual([]);
  });

  it('is not found in a page of text', () => {
    for (const text of ['', '<html><body>login</body></html>', 'oops', '<d:multistatus']) {
      expect(() => parseMultistatus(text)).toThrow('the storage answered');
    }
  });
});

describe('a Digest header', () => {
  it.each([
    ['adler32=1e720467', { adler32: '1e720467', md5: null }],
    ['ADLER32=45011A', { adler32: '0045011a', md5: null }],
    [
      'md5=1B2M2Y8AsgTpgAmY7PhCfg==,adler32=00000001',
      { adler32: '00000001', md5: 'd41d8cd98f00b204e9800998ecf8427e' },
    ],
    ['sha-256=abc, adler32=nonsense', { adler32: null, md5: null }],
    [undefined, { adler32: null, md5: null }],
  ])('%s', (header, found) => {
    expect(parseDigest(header)).toEqual(found);
  });
});
