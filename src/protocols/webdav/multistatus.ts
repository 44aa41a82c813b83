import { XMLParser } from 'fast-xml-parser';
import { StorageCause } from '../../vocabulary/index.js';
import { StorageError } from '../storage-error.js';

/** One entry of a WebDAV multi-status answer; `path` is absolute on the server, decoded. */
export interface DavEntry {
  path: string;
  directory: boolean;
  bytes: bigint | null;
  modifiedAt: Date | null;
}

export const PROPFIND_BODY =
  '<?xml version="1.0" encoding="utf-8"?>' +
  '<D:propfind xmlns:D="DAV:"><D:prop>' +
  '<D:resourcetype/><D:getcontentlength/><D:getlastmodified/>' +
  '</D:prop></D:propfind>';

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: true,
  // Sizes may exceed 2^53 and names may look like numbers: values stay text.
  parseTagValue: false,
  isArray: (name) => name === 'response' || name === 'propstat',
});

type Node = Record<string, unknown>;

/** The entries of a 207 answer (RFC 4918, section 13). Throws STORAGE_ERROR for anything else. */
export function parseMultistatus(xml: string): DavEntry[] {
  const multistatus = child(parse(xml), 'multistatus');
  if (multistatus === undefined) {
    throw new StorageError(StorageCause.STORAGE_ERROR, 'the storage answered no multistatus');
  }
  if (multistatus === '') return [];
  return asList(child(multistatus, 'response')).flatMap((response) => {
    const href = child(response, 'href');
    return typeof href === 'string' ? [entryOf(href, response)] : [];
  });
}

function parse(xml: string): unknown {
  try {
    return parser.parse(xml) as unknown;
  } catch (error) {
    throw new StorageError(StorageCause.STORAGE_ERROR, 'the storage answered broken XML', {
      cause: error,
    });
  }
}

function entryOf(href: string, response: unknown): DavEntry {
  const props = asList(child(response, 'propstat')).filter(isFound).map(propOf);
  const value = (name: string) => props.map((prop) => child(prop, name)).find((v) => v != null);
  const length = value('getcontentlength');
  const modified = value('getlastmodified');
  const kind = value('resourcetype');
  const when = typeof modified === 'string' ? new Date(modified) : null;
  return {
    path: pathOf(href),
    directory: kind !== undefined && typeof kind === 'object' && 'collection' in (kind as Node),
    bytes: typeof length === 'string' && /^\d+$/.test(length) ? BigInt(length) : null,
    modifiedAt: when !== null && !Number.isNaN(when.getTime()) ? when : null,
  };
}

/** The decoded path of an href, which may be a full URL and may not be encoded at all. */
function pathOf(href: string): string {
  const path = href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '') || '/';
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function isFound(propstat: unknown): boolean {
  const status = child(propstat, 'status');
  return typeof status !== 'string' || / 2\d\d/.test(status);
}

function propOf(propstat: unknown): unknown {
  return child(propstat, 'prop');
}

function child(node: unknown, name: string): unknown {
  return typeof node === 'object' && node !== null ? (node as Node)[name] : undefined;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
