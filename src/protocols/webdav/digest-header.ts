import { normaliseAdler32 } from '../../vocabulary/index.js';

/**
 * The checksums of a `Digest` header (RFC 3230): adler32 in hex, md5 in base64. Only for an answer
 * to a request that asked with `Want-Digest`: some servers send a stale one otherwise.
 */
export function parseDigest(header: string | undefined): {
  adler32: string | null;
  md5: string | null;
} {
  const found = { adler32: null as string | null, md5: null as string | null };
  for (const instance of header?.split(',') ?? []) {
    const at = instance.indexOf('=');
    const algorithm = instance.slice(0, at).trim().toLowerCase();
    const value = instance.slice(at + 1).trim();
    if (algorithm === 'adler32') found.adler32 = normaliseAdler32(value);
    if (algorithm === 'md5') found.md5 = md5FromBase64(value);
  }
  return found;
}

function md5FromBase64(text: string): string | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 16 ? bytes.toString('hex') : null;
}
