import axios from 'axios';
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';

/** An object store that opens by presigned URLs only, checked as AWS Signature Version 4 says. */
export interface S3Door {
  readonly url: string;
  readonly objects: Map<string, string>;
  /** One request with no header of its own; its status and body. */
  request(method: string, url: string, body?: string): Promise<{ status: number; text: string }>;
  close(): Promise<void>;
}

export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

/** What a server of S3 knows of a request. */
export interface PresignedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly host: string;
  readonly now: Date;
}

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * Whether a presigned request is to be let in. Written from the specification ("Authenticating
 * Requests: Using Query Parameters", Amazon S3 API Reference), without any library.
 */
export function opens(request: PresignedRequest, keys: S3Keys): boolean {
  const [path = '', query = ''] = request.target.split('?', 2);
  const given = new Map(
    query
      .split('&')
      .map(
        (pair) => pair.split('=', 2).map((part) => decodeURIComponent(part)) as [string, string],
      ),
  );
  const signature = given.get('X-Amz-Signature') ?? '';
  given.delete('X-Amz-Signature');
  const [accessKey, ...scope] = (given.get('X-Amz-Credential') ?? '').split('/');
  const date = given.get('X-Amz-Date') ?? '';
  const wanted = [date.slice(0, 8), keys.region, 's3', 'aws4_request'];
  if (accessKey !== keys.accessKey || scope.join('/') !== wanted.join('/')) return false;
  if (given.get('X-Amz-SignedHeaders') !== 'host') return false;
  const begun = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..)Z$/, '$1-$2-$3:$4:$5Z'));
  const seconds = Number(given.get('X-Amz-Expires'));
  if (!(seconds <= 604_800) || request.now.getTime() > begun + seconds * 1000) return false;
  const canonical = [
    request.method,
    path
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    [...given]
      .map(([key, value]) => `${encode(key)}=${encode(value)}`)
      .sort()
      .join('&'),
    `host:${request.host}\n`,
    'host',
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', date, wanted.join('/'), digest].join('\n');
  const key = wanted.reduce<string | Buffer>(hmac, `AWS4${keys.secretKey}`);
  return hmac(key, text).toString('hex') === signature;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

/** Starts the store on this machine, for http: what signs does not mind. */
export async function s3Door(keys: S3Keys, now: () => Date = () => new Date()): Promise<S3Door> {
  const objects = new Map<string, string>();
  const server = createServer((request, response) => {
    const { method = '', url: target = '', headers } = request;
    void bodyOf(request).then((body) => {
      if (!opens({ method, target, host: headers.host ?? '', now: now() }, keys)) {
        return response.writeHead(403).end();
      }
      const key = decodeURIComponent(target.split('?')[0] ?? '');
      if (method === 'PUT') objects.set(key, body);
      if (method === 'DELETE') objects.delete(key);
      const found = objects.get(key);
      if (method === 'GET' && found === undefined) return response.writeHead(404).end();
      return response.writeHead(method === 'DELETE' ? 204 : 200).end(found);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    objects,
    async request(method, url, data) {
      const answer = await axios.request<string>({
        method,
        url,
        data,
        headers: { 'Content-Type': null },
        responseType: 'text',
        transformResponse: (text: string) => text,
        validateStatus: () => true,
      });
      return { status: answer.status, text: answer.data };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
