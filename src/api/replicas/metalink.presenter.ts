import { type ListedRow } from './listing.presenter.js';

/**
 * Metalink (RFC 5854) as Rucio's clients read it: what they take apart stands in this order. The
 * command line prints it without its last character, which has to be the end of the line.
 */
export const METALINK_HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<metalink xmlns="urn:ietf:params:xml:ns:metalink">\n';
export const METALINK_END = '</metalink>\n';

/** The schemes that metalinks speak of when the client names none. */
export const METALINK_SCHEMES = [
  'root',
  'davs',
  'http',
  'https',
  'file',
  'storm',
  'srm+https',
  'scp',
  'rsync',
  'rclone',
  'magnet',
] as const;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

/** One file. `url` elements stand in the order in which clients are to try them. */
export function presentMetalink(row: ListedRow): string {
  const did = escape(`${row.scope}:${row.name}`);
  const parents = row.parents?.map((parent) => `   <did>${escape(parent)}</did>\n`).join('');
  const hash = (type: string, value: string | null) =>
    value === null ? '' : `  <hash type="${type}">${value}</hash>\n`;
  const urls = row.pfns
    .slice(0, row.pfnsMax)
    .map(
      ({ pfn, place, domain, clientExtract }, at) =>
        `  <url location="${escape(place.rse.name)}" domain="${domain}" priority="${at + 1}"` +
        ` client_extract="${String(clientExtract)}">${escape(pfn)}</url>\n`,
    );
  return (
    ` <file name="${escape(row.name)}">\n` +
    (parents === undefined ? '' : `  <parents>\n${parents}  </parents>\n`) +
    `  <identity>${did}</identity>\n` +
    hash('adler32', row.adler32) +
    hash('md5', row.md5) +
    `  <size>${row.bytes}</size>\n` +
    `  <glfn name="/generic/rucio/${did}"></glfn>\n` +
    `${urls.join('')} </file>\n`
  );
}
