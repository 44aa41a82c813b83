import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { type PresignSpec } from './spec.js';

/** SHA-256 by Node itself. */
const Sha256 = Hash.bind(null, 'sha256');

/**
 * AWS Signature Version 4 in the query of a URL, for an object of S3 or of what speaks like it: any
 * body, no header but `host`.
 */
export async function presignS3(spec: PresignSpec & { readonly region: string }): Promise<string> {
  const { protocol, hostname, host, port, pathname } = new URL(spec.url);
  const signer = new SignatureV4({
    service: 's3',
    region: spec.region,
    credentials: { accessKeyId: spec.key.accessKey ?? '', secretAccessKey: spec.key.secretKey },
    sha256: Sha256,
    // S3 signs the path once encoded, other services twice.
    uriEscapePath: false,
  });
  const signed = await signer.presign(
    {
      method: spec.method,
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path: canonicalPath(pathname),
      query: {},
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    { expiresIn: spec.lifetimeSeconds, signingDate: spec.now },
  );
  const query = Object.entries(signed.query ?? {}).map(
    ([key, value]) => `${encode(key)}=${encode(String(value))}`,
  );
  return `${spec.url}?${query.join('&')}`;
}

/** As S3 writes it, whichever letters the client has encoded. */
const canonicalPath = (path: string): string =>
  path
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');

/** Everything but unreserved characters (RFC 3986). */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
