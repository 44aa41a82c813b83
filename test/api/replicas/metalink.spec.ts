import { describe, expect, it } from '@jest/globals';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { type ListedPfn, type ListedRow } from '../../../src/api/replicas/listing.presenter.js';
import {
  METALINK_END,
  METALINK_HEAD,
  presentMetalink,
} from '../../../src/api/replicas/metalink.presenter.js';

const WEIRD = `<a&b>"c'd]]>&amp;`;
const place = { rse: { name: WEIRD } } as ListedPfn['place'];
const pfn = `https://disk/${WEIRD}?authz=Bearer%20a.b.c&xrdcl.unzip=x`;
const row: ListedRow = {
  scope: 'km3net',
  name: WEIRD,
  bytes: 1n,
  adler32: '00000001',
  md5: null,
  pfns: [{ pfn, place, domain: 'wan', clientExtract: false }],
  states: [],
  parents: [`km3net:${WEIRD}`, 'km3net:all'],
};

describe('a metalink', () => {
  const xml = METALINK_HEAD + presentMetalink(row) + METALINK_END;

  it('is valid XML that gives every sign back', () => {
    expect(XMLValidator.validate(xml)).toBe(true);
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
    const { metalink } = parser.parse(xml) as { metalink: { file: object } };
    expect(metalink.file).toMatchObject({
      name: WEIRD,
      identity: `km3net:${WEIRD}`,
      parents: { did: [`km3net:${WEIRD}`, 'km3net:all'] },
      url: { location: WEIRD, '#text': pfn },
    });
  });

  it('ends its last line: the command line prints it without the last character', () => {
    expect(xml.endsWith('</metalink>\n')).toBe(true);
    expect(XMLValidator.validate(METALINK_HEAD + METALINK_END)).toBe(true);
  });
});
